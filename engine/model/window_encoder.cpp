// SPDX-License-Identifier: GPL-3.0-or-later
// Blocks: x2 = x + attention(conv(norm(x))); y = x2 + ffn(norm(x2)); the same mathematics as PathModel's window blocks.
#include "engine/model/window_encoder.h"

#include "engine/model/kernels/activations.h"

#include <algorithm>
#include <stdexcept>

namespace pathloom {

namespace {

void grow(std::vector<float>& buffer, std::size_t n)
{
    if (buffer.size() < n) buffer.resize(n);
}

}  // namespace

WindowEncoder::WindowEncoder(const ReaderSpec& spec)
    : m_spec(spec)
    , m_embedding(0)
{
    const ReaderLayout layout(spec);
    m_embedding = layout.at("embedding");
    for (int b = 0; b < spec.window_blocks; ++b) {
        const std::string name = fmt::format("block{}.", b);
        m_blocks.push_back({layout.at(name + "norm1"), layout.at(name + "conv"), layout.at(name + "attn.qkv"),
            layout.at(name + "attn.o"), layout.at(name + "attn.q_norm"), layout.at(name + "attn.k_norm"),
            layout.at(name + "norm2"), layout.at(name + "ffn.gate_up"), layout.at(name + "ffn.down")});
    }
}

void WindowEncoder::forward(const ReaderParameters& parameters, ReaderProducts& gemm, int rows, int sequence,
    std::span<const std::int32_t> inputs, bool keep, WindowTape& tape)
{
    const auto d = std::size_t(m_spec.d_model), tokens = std::size_t(rows) * std::size_t(sequence);
    if (inputs.size() != tokens) throw std::logic_error("an encoder batch of the wrong size");
    if (m_rope.sequence < sequence) m_rope = RopeTable::make(sequence, m_spec.head_dim, m_spec.rope_base);
    tape.rows = rows;
    tape.sequence = sequence;
    tape.inputs.assign(inputs.begin(), inputs.end());
    tape.blocks.resize(keep ? m_blocks.size() : 1);
    grow(tape.out, tokens * d);
    for (std::size_t t = 0; t < tokens; ++t)
        std::copy_n(parameters.at(m_embedding) + std::size_t(inputs[t]) * d, d, tape.out.data() + t * d);
    for (std::size_t b = 0; b < m_blocks.size(); ++b) {
        WindowBlockTape& block = tape.blocks[keep ? b : 0];
        std::swap(block.x, tape.out);
        block_forward(parameters, gemm, m_blocks[b], rows, sequence, block, tape.out);
    }
}

void WindowEncoder::block_forward(const ReaderParameters& p, ReaderProducts& gemm, const Offsets& at, int rows, int sequence,
    WindowBlockTape& c, std::vector<float>& y)
{
    const int tokens = rows * sequence, d = m_spec.d_model, a = m_spec.heads * m_spec.head_dim, f = m_spec.hidden;
    const auto n = std::size_t(tokens);
    grow(c.rstd1, n), grow(c.rstd2, n), grow(c.xn1, n * d), grow(c.xc, n * d), grow(c.xn2, n * d), grow(c.x2, n * d);
    grow(y, n * d), grow(c.qkv, n * 3 * a), grow(c.o, n * a), grow(c.up, n * 2 * f), grow(m_act, n * f);
    const AttentionShape shape{rows, sequence, m_spec.heads, m_spec.head_dim, m_spec.window};
    grow(c.rstd_q, n * m_spec.heads), grow(c.rstd_k, n * m_spec.heads), grow(c.lse, shape.lse_size());
    // Packed buffers belong to one shape: what pads a head must be zeros.
    for (std::vector<float>* packed : {&c.q, &c.k, &c.v}) packed->assign(shape.packed_size(), 0.0f);

    rms_norm_forward(
        c.x.data(), static_cast<const float*>(nullptr), p.at(at.norm1), tokens, d, nullptr, c.xn1.data(), c.rstd1.data());
    conv_forward(c.xn1.data(), p.at(at.conv), rows, sequence, d, m_spec.conv, c.xc.data());
    gemm.nt(tokens, 3 * a, d, c.xc.data(), p.at(at.qkv), c.qkv.data());
    qk_norm_rope_forward(shape, c.qkv.data(), 3 * a, p.at(at.q_norm), m_rope, c.q.data(), c.rstd_q.data());
    qk_norm_rope_forward(shape, c.qkv.data() + a, 3 * a, p.at(at.k_norm), m_rope, c.k.data(), c.rstd_k.data());
    pack_heads(shape, c.qkv.data() + 2 * a, 3 * a, c.v.data());
    m_attention.forward(shape, c.q.data(), c.k.data(), c.v.data(), c.o.data(), c.lse.data());
    std::copy_n(c.x.data(), n * d, c.x2.data());
    gemm.nt(tokens, d, a, c.o.data(), p.at(at.o), c.x2.data(), true);

    rms_norm_forward(
        c.x2.data(), static_cast<const float*>(nullptr), p.at(at.norm2), tokens, d, nullptr, c.xn2.data(), c.rstd2.data());
    gemm.nt(tokens, 2 * f, d, c.xn2.data(), p.at(at.up), c.up.data());
    swiglu_forward(c.up.data(), tokens, f, m_act.data());
    std::copy_n(c.x2.data(), n * d, y.data());
    gemm.nt(tokens, d, f, m_act.data(), p.at(at.down), y.data(), true);
}

void WindowEncoder::backward(
    const ReaderParameters& parameters, ReaderProducts& gemm, WindowTape& tape, std::vector<float>& dx, float* grads)
{
    const auto d = std::size_t(m_spec.d_model);
    if (tape.blocks.size() != m_blocks.size()) throw std::logic_error("this tape was not kept");
    for (std::size_t b = m_blocks.size(); b-- > 0;)
        block_backward(parameters, gemm, m_blocks[b], tape.rows, tape.sequence, tape.blocks[b], dx, grads);
    for (std::size_t t = 0; t < tape.inputs.size(); ++t) {
        float* row = grads + m_embedding + std::size_t(tape.inputs[t]) * d;
        for (std::size_t i = 0; i < d; ++i) row[i] += dx[t * d + i];
    }
}

void WindowEncoder::block_backward(const ReaderParameters& p, ReaderProducts& gemm, const Offsets& at, int rows, int sequence,
    WindowBlockTape& c, std::vector<float>& dx, float* grads)
{
    const int tokens = rows * sequence, d = m_spec.d_model, a = m_spec.heads * m_spec.head_dim, f = m_spec.hidden;
    const auto n = std::size_t(tokens);
    const AttentionShape shape{rows, sequence, m_spec.heads, m_spec.head_dim, m_spec.window};
    grow(m_dqkv, n * 3 * a), grow(m_wide, n * std::size_t(std::max(a, d))), grow(m_act, n * f);

    gemm.nn(tokens, f, d, dx.data(), p.at(at.down), m_act.data());
    swiglu_backward(c.up.data(), tokens, f, m_act.data());
    gemm.tn(d, f, tokens, dx.data(), m_act.data(), grads + at.down, true);
    gemm.tn(2 * f, d, tokens, c.up.data(), c.xn2.data(), grads + at.up, true);
    gemm.nn(tokens, d, 2 * f, c.up.data(), p.at(at.up), m_wide.data());
    rms_norm_backward(c.x2.data(), p.at(at.norm2), c.rstd2.data(), m_wide.data(), tokens, d, dx.data(),
        static_cast<float*>(nullptr), grads + at.norm2);

    gemm.tn(d, a, tokens, dx.data(), c.o.data(), grads + at.o, true);
    gemm.nn(tokens, a, d, dx.data(), p.at(at.o), m_wide.data());
    for (std::vector<float>* packed : {&m_dq, &m_dk, &m_dv}) packed->assign(shape.packed_size(), 0.0f);
    m_attention.backward(shape, c.q.data(), c.k.data(), c.v.data(), c.o.data(), c.lse.data(), m_wide.data(), m_dq.data(),
        m_dk.data(), m_dv.data());
    qk_norm_rope_backward(shape, c.qkv.data(), 3 * a, p.at(at.q_norm), m_rope, c.rstd_q.data(), m_dq.data(), m_dqkv.data(), 3 * a,
        grads + at.q_norm);
    qk_norm_rope_backward(shape, c.qkv.data() + a, 3 * a, p.at(at.k_norm), m_rope, c.rstd_k.data(), m_dk.data(),
        m_dqkv.data() + a, 3 * a, grads + at.k_norm);
    unpack_heads(shape, m_dv.data(), m_dqkv.data() + 2 * a, 3 * a);
    gemm.tn(3 * a, d, tokens, m_dqkv.data(), c.xc.data(), grads + at.qkv, true);
    gemm.nn(tokens, d, 3 * a, m_dqkv.data(), p.at(at.qkv), m_wide.data());
    conv_backward(c.xn1.data(), p.at(at.conv), m_wide.data(), rows, sequence, d, m_spec.conv, c.xc.data(), grads + at.conv);
    rms_norm_backward(c.x.data(), p.at(at.norm1), c.rstd1.data(), c.xc.data(), tokens, d, dx.data(), static_cast<float*>(nullptr),
        grads + at.norm1);
}

}  // namespace pathloom
