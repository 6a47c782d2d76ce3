// SPDX-License-Identifier: GPL-3.0-or-later
// The encoder half of a reader: window blocks over rows of tokens, with a tape for the backward pass. Cost linear in length.
#pragma once

#include "engine/model/kernels/attention.h"
#include "engine/model/kernels/norms.h"
#include "engine/model/reader_products.h"
#include "engine/model/reader_spec.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

/// Where parameters are read.
struct ReaderParameters {
    const float* values = nullptr;
    [[nodiscard]] const float* at(std::size_t offset) const { return values + offset; }
};

/// What the backward pass needs of one block's forward pass.
struct WindowBlockTape {
    std::vector<float> x, rstd1, xn1, xc, qkv, rstd_q, rstd_k, lse, o, x2, rstd2, xn2, up;
    std::vector<float> q, k, v;  ///< packed by head
};

struct WindowTape {
    int rows = 0, sequence = 0;
    std::vector<std::int32_t> inputs;
    std::vector<WindowBlockTape> blocks;
    std::vector<float> out;  ///< [rows * sequence, d_model], before any norm
};

class WindowEncoder {
public:
    explicit WindowEncoder(const ReaderSpec& spec);
    /// Fills `tape`; `inputs` is [rows, sequence]. With keep = false one block's memory serves all and backward() is not
    /// possible.
    void forward(const ReaderParameters& parameters, ReaderProducts& gemm, int rows, int sequence,
        std::span<const std::int32_t> inputs, bool keep, WindowTape& tape);
    /// dx = d loss / d out, destroyed; adds to `grads`. The tape is spent.
    void backward(
        const ReaderParameters& parameters, ReaderProducts& gemm, WindowTape& tape, std::vector<float>& dx, float* grads);

private:
    struct Offsets {
        std::size_t norm1, conv, qkv, o, q_norm, k_norm, norm2, up, down;
    };
    void block_forward(const ReaderParameters& p, ReaderProducts& gemm, const Offsets& at, int rows, int sequence,
        WindowBlockTape& tape, std::vector<float>& out);
    void block_backward(const ReaderParameters& p, ReaderProducts& gemm, const Offsets& at, int rows, int sequence,
        WindowBlockTape& tape, std::vector<float>& dx, float* grads);
    ReaderSpec m_spec;
    std::size_t m_embedding;
    std::vector<Offsets> m_blocks;
    RopeTable m_rope;
    Attention<float> m_attention;
    std::vector<float> m_act, m_dqkv, m_wide, m_dq, m_dk, m_dv;
};

}  // namespace pathloom
