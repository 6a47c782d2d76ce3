// SPDX-License-Identifier: GPL-3.0-or-later
// The token-level mixture's feed-forward: each token goes through the experts its block's router likes best. The baseline that
// routes tokens where paths route documents.
#pragma once

#include "engine/model/kernels/buffer.h"
#include "engine/model/kernels/products.h"
#include "engine/model/parameters.h"

#include <cstddef>
#include <vector>

namespace pathloom {

/// Tokens of a pass that go through the experts together: balance is counted over them.
struct TokenGroup {
    int index = 0;  ///< of the pass
    int first = 0;
    int tokens = 0;
};

/// With p = softmax(router x) over all experts and the k largest of them chosen:
///   y = sum over the chosen of g_e expert_e(x),  g_e = p_e / sum of the chosen p; p_e itself when k is 1
/// Training adds balance * E * sum_e f_e P_e to the loss of each group, weighed by its part of the batch: f_e is the part of the
/// choices that fell on e, P_e the mean of p_e (Shazeer et al. 2017, Fedus et al. 2021). Tokens that pad a row count like others.
template <class E>
class Mixture {
public:
    Mixture(const ModelSpec& spec, const ParameterLayout& layout, Products<E>& products);

    void use(Products<E>& products, const float* values) const;
    /// Room for `caches` blocks at once, each with `tokens` tokens in `groups` groups.
    void begin(std::size_t caches, int tokens, int groups);
    /// `per_token` is 1 / tokens of the whole batch: scale of the balance loss.
    void weigh(float per_token) { m_per_token = per_token; }
    /// x and y are [tokens of the pass, d]; y null: only what the backward pass needs is made again.
    void forward(Products<E>& products, int block, std::size_t cache, const TokenGroup& group, const E* x, E* y);
    /// dy as x; dx [group.tokens, d] is overwritten. Weight gradients are overwritten unless `add`.
    void backward(Products<E>& products, int block, std::size_t cache, const TokenGroup& group, const E* x, const E* dy, E* dx,
        float* grads, bool add);

private:
    struct Expert {
        std::size_t up, down;  ///< offsets; up is gate and up together for swiglu
        int up_weight, down_weight;
    };
    struct Block {
        std::size_t router;
        int router_weight;
        std::vector<Expert> experts;
    };
    struct Cache {
        Buffer<float> p;  ///< [tokens, experts]
        Buffer<float> gate;  ///< [tokens, chosen]
        Buffer<int> row;  ///< [tokens, chosen] row of the group's experts that computes it
        Buffer<int> begin;  ///< [groups, experts + 1] rows of each expert
        Buffer<int> token;  ///< [rows] token of the pass; -1 for padding
        Buffer<E> up;  ///< [rows, up width] before the non-linearity
    };
    [[nodiscard]] std::size_t first_row(const TokenGroup& group) const;
    void choose(Cache& cache, const TokenGroup& group) const;
    const E* gather(const Cache& cache, std::size_t row, int rows, const E* x);
    void router_backward(Cache& cache, const TokenGroup& group, const float* dgate);

    int m_d, m_experts, m_chosen, m_hidden, m_up;
    bool m_swiglu;
    float m_balance, m_per_token = 0.0f;
    std::vector<Block> m_blocks;
    std::vector<Cache> m_caches;
    Buffer<E> m_rows, m_act, m_dact, m_out, m_dlogits_e;
    Buffer<float> m_sum, m_dgate, m_dlogits;
};

}  // namespace pathloom
