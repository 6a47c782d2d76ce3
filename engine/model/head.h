// SPDX-License-Identifier: GPL-3.0-or-later
// Final norm, tied output head and loss: logits exist for one tile of tokens and vocabulary at a time.
#pragma once

#include "engine/model/blocks.h"
#include "engine/model/kernels/cross_entropy.h"
#include "engine/model/soft_targets.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

template <class E>
class Head {
public:
    Head(const ModelSpec& spec, const ParameterLayout& layout);

    /// Before a pass: the parameters it reads.
    void use(const float* values);
    /// out [tokens, d] = x + delta (x itself where there is no delta), the input of the final norm. Kept for what follows.
    void take(int tokens, const float* x, const E* delta);
    [[nodiscard]] std::span<const float> out(int tokens) const { return {m_out.data(), std::size_t(tokens) * std::size_t(m_d)}; }

    /// nll[t] of each token's target; 0 where it is negative.
    void losses(std::span<const std::int32_t> targets, float* nll);
    /// The same with the gradient of scale x their sum: dx [tokens, d] and its copy as E (null for fp32) are overwritten, and so
    /// is the embedding's gradient unless `add`; the final norm's is added to. With `soft` the gradient is that of distillation
    /// (kernels/cross_entropy.h), nll stays that of the targets.
    void losses_and_gradients(std::span<const std::int32_t> targets, float scale, float* nll, float* dx, E* copy, float* grads,
        bool add, const SoftTargets* soft = nullptr);
    /// Logits of tokens [first, first + rows), [rows, vocabulary].
    void logits(std::size_t first, int rows, float* out);
    /// Sets to 0 what losses_and_gradients() adds to.
    void clear(float* grads) const;

private:
    struct VocabularyTile {
        int first, columns, weight;
    };

    void pass_logits(std::size_t first, int rows, std::span<const std::int32_t> targets, E* probs);
    void soft_slopes(std::size_t first, int rows, std::span<const std::int32_t> targets, const SoftTargets& soft, float scale,
        float* nll, E* slopes);

    int m_vocabulary, m_d;
    std::size_t m_embedding, m_norm;
    std::vector<VocabularyTile> m_tiles;

    const float* m_values = nullptr;
    Products<E> m_products;
    std::vector<RowLoss> m_losses;
    Buffer<float> m_out, m_rstd, m_logits, m_tops, m_wide, m_soft;
    Buffer<E> m_normed, m_probs, m_dnorm;
};

}  // namespace pathloom
