// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens are gathered by expert, multiplied, and scattered back.
#include "engine/model/mixture.h"

#include "engine/model/kernels/activations.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pathloom {
namespace {

constexpr int RowStep = 32;  // an expert's rows are padded to a multiple: few shapes of products

float wide(float x)
{
    return x;
}
float wide(Bf16 x)
{
    return x.value();
}
void set(float& x, float value)
{
    x = value;
}
void set(Bf16& x, float value)
{
    x = Bf16::of(value);
}

template <class E>
float dot(const E* x, const E* y, std::size_t n)
{
    float sum = 0.0f;
    for (std::size_t i = 0; i < n; ++i) sum += wide(x[i]) * wide(y[i]);
    return sum;
}

template <class E>
void scale(E* x, std::size_t n, float by)
{
    for (std::size_t i = 0; i < n; ++i) set(x[i], by * wide(x[i]));
}

template <class E>
void add_scaled(const E* x, std::size_t n, float by, float* y)
{
    for (std::size_t i = 0; i < n; ++i) y[i] += by * wide(x[i]);
}

}  // namespace

template <class E>
Mixture<E>::Mixture(const ModelSpec& spec, const ParameterLayout& layout, Products<E>& products)
    : m_d(spec.d_model)
    , m_experts(spec.experts)
    , m_chosen(spec.experts_per_token)
    , m_hidden(spec.expert_width())
    , m_up(spec.ffn == "swiglu" ? 2 * m_hidden : m_hidden)
    , m_swiglu(spec.ffn == "swiglu")
    , m_balance(float(spec.balance_loss))
{
    for (int b = 0; b < int(spec.blocks.size()); ++b) {
        Block block{layout.at(fmt::format("block{}.ffn.router", b)).offset, products.add_weight(m_experts, m_d), {}};
        for (int e = 0; e < m_experts; ++e) {
            const std::string name = fmt::format("block{}.ffn.expert{}.", b, e);
            const ParameterView& first = layout.at(name + (m_swiglu ? "gate" : "up"));
            if (m_swiglu && first.offset + first.size != layout.at(name + "up").offset)
                throw std::logic_error(name + "up must follow gate");  // multiplied as one matrix
            block.experts.push_back({first.offset, layout.at(name + "down").offset, products.add_weight(m_up, m_d),
                products.add_weight(m_d, m_hidden)});
        }
        m_blocks.push_back(std::move(block));
    }
}

template <class E>
void Mixture<E>::use(Products<E>& products, const float* values) const
{
    for (const Block& block : m_blocks) {
        products.set_weight(block.router_weight, values + block.router);
        for (const Expert& expert : block.experts) {
            products.set_weight(expert.up_weight, values + expert.up);
            products.set_weight(expert.down_weight, values + expert.down);
        }
    }
}

template <class E>
void Mixture<E>::begin(std::size_t caches, int tokens, int groups)
{
    if (m_caches.size() < caches) m_caches.resize(caches);
    const std::size_t n = std::size_t(tokens), chosen = n * std::size_t(m_chosen);
    const std::size_t rows = chosen + std::size_t(groups) * std::size_t(m_experts) * RowStep;
    for (std::size_t c = 0; c < caches; ++c) {
        Cache& cache = m_caches[c];
        cache.p.grow(n * std::size_t(m_experts)), cache.gate.grow(chosen), cache.row.grow(chosen);
        cache.begin.grow(std::size_t(groups) * std::size_t(m_experts + 1)), cache.token.grow(rows);
        cache.up.grow(rows * std::size_t(m_up));
    }
}

template <class E>
std::size_t Mixture<E>::first_row(const TokenGroup& group) const
{
    return std::size_t(group.first) * std::size_t(m_chosen)
        + std::size_t(group.index) * std::size_t(m_experts) * std::size_t(RowStep);
}

/// p holds the router's logits and becomes probabilities; then each token's experts and their rows.
template <class E>
void Mixture<E>::choose(Cache& cache, const TokenGroup& group) const
{
    const auto experts = std::size_t(m_experts), k = std::size_t(m_chosen);
    const std::size_t first = std::size_t(group.first), end = first + std::size_t(group.tokens);
    std::vector<int> order(experts), count(experts, 0);
    for (std::size_t t = first; t < end; ++t) {
        float* p = cache.p.data() + t * experts;
        const float largest = *std::max_element(p, p + experts);
        float sum = 0.0f;
        for (std::size_t e = 0; e < experts; ++e) sum += p[e] = std::exp(p[e] - largest);
        for (std::size_t e = 0; e < experts; ++e) p[e] /= sum;
        for (std::size_t e = 0; e < experts; ++e) order[e] = int(e);
        std::partial_sort(order.begin(), order.begin() + std::ptrdiff_t(k), order.end(),
            [&](int a, int b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
        float chosen = 0.0f;
        for (std::size_t j = 0; j < k; ++j) chosen += p[order[j]];
        for (std::size_t j = 0; j < k; ++j) {
            cache.gate.data()[t * k + j] = k > 1 ? p[order[j]] / chosen : p[order[j]];
            cache.row.data()[t * k + j] = order[j];  // the expert; its row follows below
            ++count[std::size_t(order[j])];
        }
    }
    int* begin = cache.begin.data() + std::size_t(group.index) * (experts + 1);
    begin[0] = 0;
    for (std::size_t e = 0; e < experts; ++e) begin[e + 1] = begin[e] + (count[e] + RowStep - 1) / RowStep * RowStep;
    int* token = cache.token.data() + first_row(group);
    std::fill_n(token, begin[experts], -1);
    std::vector<int> next(begin, begin + m_experts);
    for (std::size_t t = first; t < end; ++t)
        for (std::size_t j = 0; j < k; ++j) {
            int& row = cache.row.data()[t * k + j];
            row = next[std::size_t(row)]++;
            token[row] = int(t);
        }
}

template <class E>
const E* Mixture<E>::gather(const Cache& cache, std::size_t row, int rows, const E* x)
{
    const auto d = std::size_t(m_d);
    E* out = m_rows.grow(std::size_t(rows) * d);
    for (std::size_t i = 0; i < std::size_t(rows); ++i) {
        const int token = cache.token.data()[row + i];
        if (token < 0)
            std::fill_n(out + i * d, d, E());
        else
            std::copy_n(x + std::size_t(token) * d, d, out + i * d);
    }
    return out;
}

template <class E>
void Mixture<E>::forward(Products<E>& products, int block, std::size_t which, const TokenGroup& group, const E* x, E* y)
{
    const Block& at = m_blocks[std::size_t(block)];
    Cache& cache = m_caches[which];
    const auto d = std::size_t(m_d), up = std::size_t(m_up), first = std::size_t(group.first), n = std::size_t(group.tokens);
    {
        const ProfileScope scope(Kernel::ForwardProducts);
        products.forward_wide(at.router_weight, group.tokens, x + first * d, cache.p.data() + first * std::size_t(m_experts));
    }
    {
        const ProfileScope scope(Kernel::ExpertRouting);
        choose(cache, group);
    }
    float* sum = y ? m_sum.grow(n * d) : nullptr;
    if (y) std::fill_n(sum, n * d, 0.0f);
    const int* begin = cache.begin.data() + std::size_t(group.index) * std::size_t(m_experts + 1);
    const std::size_t base = first_row(group);
    E* out = nullptr;
    if (y) out = m_out.grow(std::size_t(begin[m_experts]) * d);
    for (int e = 0; e < m_experts; ++e) {
        const int rows = begin[e + 1] - begin[e];
        if (rows == 0) continue;
        const Expert& expert = at.experts[std::size_t(e)];
        const std::size_t row = base + std::size_t(begin[e]);
        E* gate_up = cache.up.data() + row * up;
        const ProfileScope scope(Kernel::ForwardProducts);
        products.forward(expert.up_weight, rows, gather(cache, row, rows, x), gate_up);
        if (!y) continue;
        E* act = m_act.grow(std::size_t(rows) * std::size_t(m_hidden));
        {
            const ProfileScope inner(Kernel::Activation);
            if (m_swiglu)
                swiglu_forward(gate_up, rows, m_hidden, act);
            else
                gelu_forward(gate_up, std::size_t(rows) * up, act);
        }
        products.forward(expert.down_weight, rows, act, out + std::size_t(begin[e]) * d);
    }
    if (!y) return;
    const ProfileScope scope(Kernel::ExpertRouting);
    const auto k = std::size_t(m_chosen);
    for (std::size_t t = 0; t < n; ++t)  // in the order of choice, whatever expert that is
        for (std::size_t j = 0; j < k; ++j) {
            const std::size_t slot = (first + t) * k + j;
            add_scaled(out + std::size_t(cache.row.data()[slot]) * d, d, cache.gate.data()[slot], sum + t * d);
        }
    convert(sum, n * d, y + first * d);
}

/// d loss / d logits from d loss / d gates, in m_dlogits [tokens of the group, experts]; the balance loss comes on top.
template <class E>
void Mixture<E>::router_backward(Cache& cache, const TokenGroup& group, const float* dgate)
{
    const auto experts = std::size_t(m_experts), k = std::size_t(m_chosen), n = std::size_t(group.tokens);
    const int* begin = cache.begin.data() + std::size_t(group.index) * (experts + 1);
    const int* token = cache.token.data() + first_row(group);
    std::vector<float> pull(experts, 0.0f);  // d loss / d p_e of the balance loss
    for (std::size_t e = 0; e < experts; ++e) {
        const auto chosen = std::count_if(token + begin[e], token + begin[e + 1], [](int t) { return t >= 0; });
        pull[e] = m_balance * m_per_token * float(m_experts) * float(chosen) / float(n * k);
    }
    float* dlogits = m_dlogits.grow(n * experts);
    for (std::size_t t = 0; t < n; ++t) {
        const float* p = cache.p.data() + (std::size_t(group.first) + t) * experts;
        const float* gate = cache.gate.data() + (std::size_t(group.first) + t) * k;
        const int* row = cache.row.data() + (std::size_t(group.first) + t) * k;
        float* out = dlogits + t * experts;
        float mean = 0.0f;  // through the softmax over all experts
        for (std::size_t e = 0; e < experts; ++e) mean += pull[e] * p[e];
        for (std::size_t e = 0; e < experts; ++e) out[e] = p[e] * (pull[e] - mean);
        float inner = 0.0f;
        for (std::size_t j = 0; j < k; ++j) inner += gate[j] * dgate[t * k + j];
        for (std::size_t j = 0; j < k; ++j) {
            const auto e = std::size_t(std::upper_bound(begin, begin + m_experts + 1, row[j]) - begin) - 1;
            if (k > 1) {
                out[e] += gate[j] * (dgate[t * k + j] - inner);
            } else {
                for (std::size_t other = 0; other < experts; ++other)
                    out[other] += dgate[t] * gate[0] * ((other == e ? 1.0f : 0.0f) - p[other]);
            }
        }
    }
}

template <class E>
void Mixture<E>::backward(Products<E>& products, int block, std::size_t which, const TokenGroup& group, const E* x, const E* dy,
    E* dx, float* grads, bool add)
{
    const Block& at = m_blocks[std::size_t(block)];
    Cache& cache = m_caches[which];
    const auto d = std::size_t(m_d), up = std::size_t(m_up), hidden = std::size_t(m_hidden), k = std::size_t(m_chosen);
    const auto first = std::size_t(group.first), n = std::size_t(group.tokens), experts = std::size_t(m_experts);
    const int* begin = cache.begin.data() + std::size_t(group.index) * (experts + 1);
    const std::size_t base = first_row(group);
    float *sum = m_sum.grow(n * d), *dgate = m_dgate.grow(n * k);
    E* dout = m_out.grow(std::size_t(begin[experts]) * d);  // d loss / d input of each row's expert
    std::fill_n(sum, n * d, 0.0f);
    const auto slot_of = [&](std::size_t row) {  // of the row's token; -1 for padding
        const int token = cache.token.data()[base + row];
        if (token < 0) return -1;
        const int* rows = cache.row.data() + std::size_t(token) * k;
        return int(std::size_t(token) * k) + int(std::find(rows, rows + k, int(row)) - rows);
    };
    for (std::size_t e = 0; e < experts; ++e) {
        const Expert& expert = at.experts[e];
        const auto start = std::size_t(begin[e]);
        const int rows = begin[e + 1] - begin[e];
        if (rows == 0) {  // nobody chose it
            if (!add) std::fill_n(grads + expert.up, up * d, 0.0f), std::fill_n(grads + expert.down, d * hidden, 0.0f);
            continue;
        }
        E* gate_up = cache.up.data() + (base + start) * up;
        E *act = m_act.grow(std::size_t(rows) * hidden), *dact = m_dact.grow(std::size_t(rows) * hidden);
        auto* dyg = const_cast<E*>(gather(cache, base + start, rows, dy));
        {
            const ProfileScope scope(Kernel::InputGradientProducts);
            products.backward(expert.down_weight, rows, dyg, dact);
        }
        {
            const ProfileScope scope(Kernel::Activation);
            if (m_swiglu)
                swiglu_forward(gate_up, rows, m_hidden, act);
            else
                gelu_forward(gate_up, std::size_t(rows) * up, act);
        }
        {
            const ProfileScope scope(Kernel::ExpertRouting);
            for (std::size_t i = 0; i < std::size_t(rows); ++i) {
                const int slot = slot_of(start + i);
                if (slot < 0) continue;
                dgate[std::size_t(slot) - first * k] = dot(dact + i * hidden, act + i * hidden, hidden);
                const float gate = cache.gate.data()[slot];
                scale(dact + i * hidden, hidden, gate), scale(dyg + i * d, d, gate);
            }
        }
        {
            const ProfileScope scope(Kernel::WeightGradientProducts);
            products.multiply(Form::TN, m_d, m_hidden, rows, dyg, act, grads + expert.down, add);
        }
        {
            const ProfileScope scope(Kernel::Activation);
            if (m_swiglu)
                swiglu_backward(gate_up, rows, m_hidden, dact);
            else
                gelu_backward(gate_up, std::size_t(rows) * up, dact);
        }
        {
            const ProfileScope scope(Kernel::InputGradientProducts);
            products.backward(expert.up_weight, rows, gate_up, dout + start * d);
        }
        const ProfileScope scope(Kernel::WeightGradientProducts);
        products.multiply(Form::TN, m_up, m_d, rows, gate_up, gather(cache, base + start, rows, x), grads + expert.up, add);
    }
    {
        const ProfileScope scope(Kernel::ExpertRouting);
        for (std::size_t t = 0; t < n; ++t)
            for (std::size_t j = 0; j < k; ++j)
                add_scaled(dout + std::size_t(cache.row.data()[(first + t) * k + j]) * d, d, 1.0f, sum + t * d);
        router_backward(cache, group, dgate);
    }
    E* dlogits = m_dlogits_e.grow(n * experts);
    convert(m_dlogits.data(), n * experts, dlogits);
    {
        const ProfileScope scope(Kernel::WeightGradientProducts);
        products.multiply(Form::TN, m_experts, m_d, group.tokens, dlogits, x + first * d, grads + at.router, add);
    }
    {
        const ProfileScope scope(Kernel::InputGradientProducts);
        products.backward_wide(at.router_weight, group.tokens, dlogits, sum, true);
    }
    convert(sum, n * d, dx);
}

template class Mixture<float>;
template class Mixture<Bf16>;

}  // namespace pathloom
