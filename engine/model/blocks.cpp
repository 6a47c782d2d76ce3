// SPDX-License-Identifier: GPL-3.0-or-later
// A group of sequences goes through a block in tiles of tokens: what one kernel writes the next reads from the cache.
#include "engine/model/blocks.h"

#include "engine/model/kernels/activations.h"
#include "engine/model/kernels/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <type_traits>

namespace pathloom {
namespace {

/// What products read as the gradient of the residual stream.
template <class E>
const E* gradient_rows(const float* dx, const E* copy)
{
    if constexpr (std::is_same_v<E, float>)
        return dx;
    else
        return copy;
}

}  // namespace

template <class E>
Blocks<E>::Blocks(const ModelSpec& spec, const ParameterLayout& layout, bool recompute)
    : m_spec(spec)
    , m_d(spec.d_model)
    , m_a(spec.heads * spec.head_dim)
    , m_f(spec.hidden())
    , m_up(spec.ffn == "swiglu" ? 2 * m_f : m_f)
    , m_swiglu(spec.ffn == "swiglu")
    , m_recompute(recompute)
{
    for (int b = 0; b < int(spec.blocks.size()); ++b) {
        m_blocks.push_back(offsets_of(layout, b));
        m_weights.push_back({m_products.add_weight(3 * m_a, m_d), m_products.add_weight(m_d, m_a), -1, -1});
        if (spec.experts > 0) continue;
        m_weights.back().up = m_products.add_weight(m_up, m_d);
        m_weights.back().down = m_products.add_weight(m_d, m_f);
    }
    if (spec.experts > 0) m_mixture.emplace(spec, layout, m_products);
}

template <class E>
typename Blocks<E>::Offsets Blocks<E>::offsets_of(const ParameterLayout& layout, int block) const
{
    const std::string name = fmt::format("block{}.", block);
    const auto offset = [&](const char* tensor) { return layout.at(name + tensor).offset; };
    // Neighbours in the buffer are multiplied as one matrix.
    const auto adjacent = [&](const char* first, const char* second) {
        const ParameterView& view = layout.at(name + first);
        if (view.offset + view.size != offset(second)) throw std::logic_error(name + second + " must follow " + first);
    };
    adjacent("attn.q", "attn.k");
    adjacent("attn.k", "attn.v");
    const bool window = m_spec.blocks[std::size_t(block)] == "window", dense = m_spec.experts == 0;
    if (m_swiglu && dense) adjacent("ffn.gate", "ffn.up");
    return {offset("norm1"), window ? offset("conv") : 0, offset("attn.q"), offset("attn.o"), offset("attn.q_norm"),
        offset("attn.k_norm"), offset("norm2"), dense ? offset(m_swiglu ? "ffn.gate" : "ffn.up") : 0,
        dense ? offset("ffn.down") : 0, window};
}

template <class E>
void Blocks<E>::use(const float* values)
{
    m_values = values;
    for (std::size_t b = 0; b < m_blocks.size(); ++b) {
        m_products.set_weight(m_weights[b].qkv, values + m_blocks[b].qkv);
        m_products.set_weight(m_weights[b].o, values + m_blocks[b].o);
        if (m_mixture) continue;
        m_products.set_weight(m_weights[b].up, values + m_blocks[b].up);
        m_products.set_weight(m_weights[b].down, values + m_blocks[b].down);
    }
    if (m_mixture) m_mixture->use(m_products, values);
}

template <class E>
void Blocks<E>::begin(const PassShape& shape, bool training)
{
    m_shape = shape;
    if (m_rope.sequence < shape.sequence) m_rope = RopeTable::make(shape.sequence, m_spec.head_dim, m_spec.rope_base);
    const auto tokens = std::size_t(shape.tokens());
    const std::size_t blocks = std::max<std::size_t>(1, m_blocks.size());
    // A cache of its own for each block, or one that the blocks share in turn.
    if (training || m_inputs.empty()) m_inputs.resize(std::max(m_inputs.size(), training ? blocks : 1));
    if (m_caches.empty() || (training && !m_recompute)) m_caches.resize(training && !m_recompute ? blocks : 1);
    for (Buffer<float>& input : m_inputs) input.grow(tokens * std::size_t(m_d));
    bool any_window = false;
    for (const Offsets& block : m_blocks) any_window = any_window || block.window;
    for (std::size_t c = 0; c < m_caches.size() && !m_blocks.empty(); ++c)
        reserve(m_caches[c], m_caches.size() == 1 ? any_window : m_blocks[c].window);
    m_delta.grow(tokens * std::size_t(m_d));
    if (m_mixture) m_mixture->begin(m_caches.size(), shape.tokens(), (shape.rows + group_rows() - 1) / group_rows());
}

template <class E>
int Blocks<E>::group_rows() const
{
    return std::max(1, GradientTokens / m_shape.sequence);
}

template <class E>
TokenGroup Blocks<E>::experts_of(const Group& group) const
{
    return {group.first_row / group_rows(), group.first, group.tokens};
}

template <class E>
void Blocks<E>::reserve(Cache& c, bool window)
{
    const auto n = std::size_t(m_shape.tokens()), d = std::size_t(m_d), a = std::size_t(m_a), heads = std::size_t(m_spec.heads);
    const AttentionShape all{m_shape.rows, m_shape.sequence, m_spec.heads, m_spec.head_dim, 0};
    c.rstd1.grow(n), c.rstd2.grow(n), c.x2.grow(n * d), c.rstd_q.grow(n * heads), c.rstd_k.grow(n * heads);
    c.lse.grow_cleared(all.lse_size());
    c.xn1.grow(n * d), c.xn2.grow(n * d), c.qkv.grow(n * 3 * a), c.o.grow(n * a);
    if (!m_mixture) c.up.grow(n * std::size_t(m_up));
    if (window) c.xc.grow(n * d);
    for (Buffer<E>* packed : {&c.q, &c.k, &c.v}) packed->grow_cleared(all.packed_size());
}

template <class E>
std::size_t Blocks<E>::packed(const Group& group) const
{
    return std::size_t(group.first_row) * std::size_t(m_a) * std::size_t(group.attention.padded());
}

template <class E>
template <class Work>
void Blocks<E>::for_groups(int block, Work&& work) const
{
    const int step = group_rows();
    const int window = m_blocks[std::size_t(block)].window ? m_spec.window : 0;
    for (int row = 0; row < m_shape.rows; row += step) {
        const int rows = std::min(step, m_shape.rows - row);
        work(Group{row, rows, row * m_shape.sequence, rows * m_shape.sequence,
            {rows, m_shape.sequence, m_spec.heads, m_spec.head_dim, window}});
    }
}

template <class E>
template <class Work>
void Blocks<E>::for_tiles(const Group& group, int size, Work&& work)
{
    for (int t = group.first; t < group.first + group.tokens; t += size)
        work(std::size_t(t), std::min(size, group.first + group.tokens - t));
}

template <class E>
void Blocks<E>::forward(int block)
{
    const bool first = block == 0;
    run(block, first ? nullptr : cache(block - 1).x2.data(), first ? nullptr : m_delta.data(), true);
}

// With `x2` the block's input is the sum of the two parts and is kept; without, it is there already.
template <class E>
void Blocks<E>::run(int block, const float* x2, const E* delta, bool last_product)
{
    const Offsets& at = m_blocks[std::size_t(block)];
    Cache& c = cache(block);
    const auto d = std::size_t(m_d);
    float* x = input_of(block);
    for_groups(block, [&](const Group& group) {
        for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
            {
                const ProfileScope scope(Kernel::Norm);
                rms_norm_forward((x2 ? x2 : x) + t * d, delta ? delta + t * d : nullptr, m_values + at.norm1, m, m_d, x + t * d,
                    c.xn1.data() + t * d, c.rstd1.data() + t);
            }
            if (at.window) return;
            const ProfileScope scope(Kernel::ForwardProducts);
            m_products.forward(
                m_weights[std::size_t(block)].qkv, m, c.xn1.data() + t * d, c.qkv.data() + t * 3 * std::size_t(m_a));
        });
        if (at.window) {
            {
                const ProfileScope scope(Kernel::Convolution);
                conv_forward(c.xn1.data() + std::size_t(group.first) * d, m_values + at.conv, group.rows, m_shape.sequence, m_d,
                    m_spec.conv, c.xc.data() + std::size_t(group.first) * d);
            }
            const ProfileScope scope(Kernel::ForwardProducts);
            for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
                m_products.forward(
                    m_weights[std::size_t(block)].qkv, m, c.xc.data() + t * d, c.qkv.data() + t * 3 * std::size_t(m_a));
            });
        }
        attend(at, c, group);
        feed_forward(block, group, last_product);
    });
}

template <class E>
void Blocks<E>::attend(const Offsets& at, Cache& c, const Group& group)
{
    const auto a = std::size_t(m_a), first = std::size_t(group.first), begin = packed(group);
    const int ld = 3 * m_a;
    const E* qkv = c.qkv.data() + first * 3 * a;
    {
        const ProfileScope scope(Kernel::QkRope);
        const std::size_t scales = first * std::size_t(m_spec.heads);
        qk_norm_rope_forward(
            group.attention, qkv, ld, m_values + at.q_norm, m_rope, c.q.data() + begin, c.rstd_q.data() + scales);
        qk_norm_rope_forward(
            group.attention, qkv + a, ld, m_values + at.k_norm, m_rope, c.k.data() + begin, c.rstd_k.data() + scales);
        pack_heads(group.attention, qkv + 2 * a, ld, c.v.data() + begin);
    }
    m_attention.forward(group.attention, c.q.data() + begin, c.k.data() + begin, c.v.data() + begin, c.o.data() + first * a,
        c.lse.data() + first * std::size_t(m_spec.heads));
}

template <class E>
void Blocks<E>::feed_forward(int block, const Group& group, bool last_product)
{
    const Offsets& at = m_blocks[std::size_t(block)];
    const Weights& weights = m_weights[std::size_t(block)];
    Cache& c = cache(block);
    const auto d = std::size_t(m_d), up = std::size_t(m_up);
    const float* x = input_of(block);
    E* delta = m_dnorm.grow(std::size_t(ChainTokens) * d);
    E* act = m_act.grow(std::size_t(ChainTokens) * std::size_t(m_f));
    for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
        {
            const ProfileScope scope(Kernel::ForwardProducts);
            m_products.forward(weights.o, m, c.o.data() + t * std::size_t(m_a), delta);
        }
        {
            const ProfileScope scope(Kernel::Norm);
            rms_norm_forward(
                x + t * d, delta, m_values + at.norm2, m, m_d, c.x2.data() + t * d, c.xn2.data() + t * d, c.rstd2.data() + t);
        }
        if (m_mixture) return;
        {
            const ProfileScope scope(Kernel::ForwardProducts);
            m_products.forward(weights.up, m, c.xn2.data() + t * d, c.up.data() + t * up);
        }
        if (!last_product) return;
        {
            const ProfileScope scope(Kernel::Activation);
            if (m_swiglu)
                swiglu_forward(c.up.data() + t * up, m, m_f, act);
            else
                gelu_forward(c.up.data() + t * up, std::size_t(m) * up, act);
        }
        const ProfileScope scope(Kernel::ForwardProducts);
        m_products.forward(weights.down, m, act, m_delta.data() + t * d);
    });
    if (m_mixture)
        m_mixture->forward(
            m_products, block, cache_index(block), experts_of(group), c.xn2.data(), last_product ? m_delta.data() : nullptr);
}

template <class E>
void Blocks<E>::backward(int block, float* dx, E* copy, float* grads, bool add)
{
    if (m_recompute) run(block, nullptr, nullptr, false);
    for_groups(block, [&](const Group& group) {
        feed_back(block, group, dx, copy, grads, add);
        attend_back(block, group, dx, copy, grads, add);
    });
}

template <class E>
void Blocks<E>::dense_back(int block, const Group& group, const E* dy, E* dnorm, float* grads, bool add)
{
    const Offsets& at = m_blocks[std::size_t(block)];
    const Weights& weights = m_weights[std::size_t(block)];
    Cache& c = cache(block);
    const auto d = std::size_t(m_d), f = std::size_t(m_f), up = std::size_t(m_up), first = std::size_t(group.first);
    E* act = m_act.grow(std::size_t(group.tokens) * f);
    for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
        E *gate_up = c.up.data() + t * up, *mine = act + (t - first) * f;
        {
            const ProfileScope scope(Kernel::InputGradientProducts);
            m_products.backward(weights.down, m, dy + t * d, mine);
        }
        {
            const ProfileScope scope(Kernel::Activation);
            if (m_swiglu)
                swiglu_backward(gate_up, m, m_f, mine);
            else
                gelu_backward(gate_up, std::size_t(m) * up, mine);
        }
        const ProfileScope scope(Kernel::InputGradientProducts);
        m_products.backward(weights.up, m, gate_up, dnorm + (t - first) * d);
    });
    for_tiles(group, GradientTokens, [&](std::size_t t, int m) {
        const ProfileScope scope(Kernel::WeightGradientProducts);
        m_products.multiply(Form::TN, m_d, m_f, m, dy + t * d, act + (t - first) * f, grads + at.down, add || t > 0);
        m_products.multiply(Form::TN, m_up, m_d, m, c.up.data() + t * up, c.xn2.data() + t * d, grads + at.up, add || t > 0);
    });
}

template <class E>
void Blocks<E>::feed_back(int block, const Group& group, float* dx, E* copy, float* grads, bool add)
{
    const Offsets& at = m_blocks[std::size_t(block)];
    const Weights& weights = m_weights[std::size_t(block)];
    Cache& c = cache(block);
    const auto d = std::size_t(m_d), a = std::size_t(m_a);
    const auto first = std::size_t(group.first), n = std::size_t(group.tokens);
    const E* dy = gradient_rows(dx, copy);
    E *dnorm = m_dnorm.grow(n * d), *dout = m_dout.grow(n * a);
    if (m_mixture)
        m_mixture->backward(
            m_products, block, cache_index(block), experts_of(group), c.xn2.data(), dy, dnorm, grads, add || group.first > 0);
    else
        dense_back(block, group, dy, dnorm, grads, add);
    for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
        {
            const ProfileScope scope(Kernel::Norm);
            rms_norm_backward(c.x2.data() + t * d, m_values + at.norm2, c.rstd2.data() + t, dnorm + (t - first) * d, m, m_d,
                dx + t * d, copy ? copy + t * d : nullptr, grads + at.norm2);
        }
        const ProfileScope scope(Kernel::InputGradientProducts);
        m_products.backward(weights.o, m, dy + t * d, dout + (t - first) * a);
    });
    for_tiles(group, GradientTokens, [&](std::size_t t, int m) {
        const ProfileScope scope(Kernel::WeightGradientProducts);
        m_products.multiply(Form::TN, m_d, m_a, m, dy + t * d, c.o.data() + t * a, grads + at.o, add || t > 0);
    });
}

template <class E>
void Blocks<E>::attend_back(int block, const Group& group, float* dx, E* copy, float* grads, bool add)
{
    const Offsets& at = m_blocks[std::size_t(block)];
    Cache& c = cache(block);
    const auto d = std::size_t(m_d), a = std::size_t(m_a), first = std::size_t(group.first), begin = packed(group);
    const std::size_t heads = std::size_t(m_spec.heads), size = group.attention.packed_size();
    const int ld = 3 * m_a;
    E *dq = m_dq.grow(size), *dk = m_dk.grow(size), *dv = m_dv.grow(size);
    m_attention.backward(group.attention, c.q.data() + begin, c.k.data() + begin, c.v.data() + begin, c.o.data() + first * a,
        c.lse.data() + first * heads, m_dout.data(), dq, dk, dv);
    E* dqkv = m_dqkv.grow(std::size_t(group.tokens) * 3 * a);
    {
        const ProfileScope scope(Kernel::QkRope);
        const E* qkv = c.qkv.data() + first * 3 * a;
        qk_norm_rope_backward(group.attention, qkv, ld, m_values + at.q_norm, m_rope, c.rstd_q.data() + first * heads, dq, dqkv,
            ld, grads + at.q_norm);
        qk_norm_rope_backward(group.attention, qkv + a, ld, m_values + at.k_norm, m_rope, c.rstd_k.data() + first * heads, dk,
            dqkv + a, ld, grads + at.k_norm);
        unpack_heads(group.attention, dv, dqkv + 2 * a, ld);
    }
    const E* input = (at.window ? c.xc : c.xn1).data();
    E* dnorm = m_dnorm.grow(std::size_t(group.tokens) * d);
    for_tiles(group, ChainTokens, [&](std::size_t t, int m) {
        const ProfileScope scope(Kernel::InputGradientProducts);
        m_products.backward(m_weights[std::size_t(block)].qkv, m, dqkv + (t - first) * 3 * a, dnorm + (t - first) * d);
    });
    for_tiles(group, GradientTokens, [&](std::size_t t, int m) {
        const ProfileScope scope(Kernel::WeightGradientProducts);
        m_products.multiply(Form::TN, ld, m_d, m, dqkv + (t - first) * 3 * a, input + t * d, grads + at.qkv, add || t > 0);
    });
    if (at.window) {
        const ProfileScope scope(Kernel::Convolution);
        E* dconv = m_dconv.grow(std::size_t(group.tokens) * d);
        conv_backward(c.xn1.data() + first * d, m_values + at.conv, dnorm, group.rows, m_shape.sequence, m_d, m_spec.conv, dconv,
            grads + at.conv);
        dnorm = dconv;
    }
    const ProfileScope scope(Kernel::Norm);
    rms_norm_backward(input_of(block) + first * d, m_values + at.norm1, c.rstd1.data() + first, dnorm, group.tokens, m_d,
        dx + first * d, copy ? copy + first * d : nullptr, grads + at.norm1);
}

template <class E>
void Blocks<E>::clear(float* grads) const
{
    for (const Offsets& at : m_blocks) {
        for (const std::size_t gain : {at.norm1, at.norm2}) std::fill_n(grads + gain, m_d, 0.0f);
        for (const std::size_t gain : {at.q_norm, at.k_norm}) std::fill_n(grads + gain, m_spec.head_dim, 0.0f);
        if (at.window) std::fill_n(grads + at.conv, std::size_t(m_d) * std::size_t(m_spec.conv), 0.0f);
    }
}

template class Blocks<float>;
template class Blocks<Bf16>;

}  // namespace pathloom
