// SPDX-License-Identifier: GPL-3.0-or-later
// Forward and backward passes of a path's blocks. x2 = x + attention(norm(x)); the block's output is x2 + ffn(norm(x2)).
#pragma once

#include "engine/model/kernels/attention.h"
#include "engine/model/kernels/buffer.h"
#include "engine/model/kernels/norms.h"
#include "engine/model/kernels/products.h"
#include "engine/model/mixture.h"
#include "engine/model/parameters.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace pathloom {

/// Tokens that go through a chain of kernels together: what one writes the next then reads from the second-level cache.
inline constexpr int ChainTokens = 256;
/// Tokens a weight gradient sums over at once: fewer would read and write the gradient more often, more would not stay cached.
inline constexpr int GradientTokens = 512;

/// Rows (sequences) and tokens a row of one pass.
struct PassShape {
    int rows = 0;
    int sequence = 0;
    [[nodiscard]] int tokens() const { return rows * sequence; }
};

/// Activations of E (float or Bf16) with an fp32 residual stream. The output of a block is handed on in two parts, x2 and the
/// feed-forward's `delta`; whoever reads it adds them.
template <class E>
class Blocks {
public:
    /// With `recompute` a training pass keeps only each block's input and runs the block again on the way back: the same numbers
    /// for less memory.
    Blocks(const ModelSpec& spec, const ParameterLayout& layout, bool recompute);

    [[nodiscard]] int count() const { return int(m_blocks.size()); }
    /// Before a pass: the parameters it reads.
    void use(const float* values);
    /// Before the forward passes of some sequences: whether backward passes follow.
    void begin(const PassShape& shape, bool training);
    /// Before backward passes: 1 / tokens of the batch, what a token counts in a mixture's balance loss.
    void weigh(float per_token)
    {
        if (m_mixture) m_mixture->weigh(per_token);
    }
    /// Where the embedding goes: input of the first block, [tokens, d].
    float* input() { return m_inputs.front().data(); }
    void forward(int block);
    /// After the last forward: its two parts.
    [[nodiscard]] const float* x2() const { return cache(count() - 1).x2.data(); }
    [[nodiscard]] const E* delta() const { return m_delta.data(); }

    /// dx [tokens, d] holds d loss / d output and becomes d loss / d input. `copy` holds the same as E, before and after; null
    /// for fp32. Weight gradients are overwritten in grads unless `add`, gains and convolutions added to.
    void backward(int block, float* dx, E* copy, float* grads, bool add);
    /// Sets to 0 what backward() adds to.
    void clear(float* grads) const;

private:
    struct Offsets {
        std::size_t norm1, conv, qkv, o, q_norm, k_norm, norm2, up, down;
        bool window;
    };
    struct Weights {
        int qkv, o, up, down;
    };
    struct Cache {
        Buffer<float> rstd1, x2, rstd2, rstd_q, rstd_k, lse;
        Buffer<E> xn1, xc, qkv, q, k, v, o, xn2, up;
    };
    /// Sequences that are taken through a block together.
    struct Group {
        int first_row, rows, first, tokens;
        AttentionShape attention;
    };

    [[nodiscard]] Offsets offsets_of(const ParameterLayout& layout, int block) const;
    [[nodiscard]] std::size_t cache_index(int block) const { return m_caches.size() == 1 ? 0 : std::size_t(block); }
    [[nodiscard]] const Cache& cache(int block) const { return m_caches[cache_index(block)]; }
    [[nodiscard]] Cache& cache(int block) { return m_caches[cache_index(block)]; }
    [[nodiscard]] float* input_of(int block) { return m_inputs[m_inputs.size() == 1 ? 0 : std::size_t(block)].data(); }
    [[nodiscard]] std::size_t packed(const Group& group) const;
    [[nodiscard]] int group_rows() const;
    [[nodiscard]] TokenGroup experts_of(const Group& group) const;
    template <class Work>
    void for_groups(int block, Work&& work) const;
    template <class Work>
    static void for_tiles(const Group& group, int size, Work&& work);
    void reserve(Cache& cache, bool window);
    void run(int block, const float* x2, const E* delta, bool last_product);
    void attend(const Offsets& at, Cache& c, const Group& group);
    void feed_forward(int block, const Group& group, bool last_product);
    void feed_back(int block, const Group& group, float* dx, E* copy, float* grads, bool add);
    void dense_back(int block, const Group& group, const E* dy, E* dnorm, float* grads, bool add);
    void attend_back(int block, const Group& group, float* dx, E* copy, float* grads, bool add);

    ModelSpec m_spec;
    std::vector<Offsets> m_blocks;
    std::vector<Weights> m_weights;
    int m_d, m_a, m_f, m_up;  ///< widths: model, attention, feed-forward, and its first product (2 F for swiglu, gate first)
    bool m_swiglu, m_recompute;

    PassShape m_shape;
    const float* m_values = nullptr;
    Products<E> m_products;
    std::optional<Mixture<E>> m_mixture;  ///< in place of the feed-forward of every block
    Attention<E> m_attention;
    RopeTable m_rope;
    std::vector<Buffer<float>> m_inputs;
    std::vector<Cache> m_caches;
    Buffer<E> m_delta, m_act, m_dnorm, m_dconv, m_dout, m_dqkv, m_dq, m_dk, m_dv;
};

}  // namespace pathloom
