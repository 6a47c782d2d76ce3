// SPDX-License-Identifier: GPL-3.0-or-later
// Cross-entropy over rows of logits and AdamW over flat buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pathloom {

/// Negative log-likelihood of `targets` for `rows` of logits [rows, vocabulary], nats; 0 where the target is negative.
void cross_entropy_forward(const float* logits, std::span<const std::int32_t> targets, int vocabulary, float* nll);
/// The same, and logits become scale * (softmax - onehot), or 0 in rows without a target.
void cross_entropy_backward(float* logits, std::span<const std::int32_t> targets, int vocabulary, float scale, float* nll);

/// One AdamW step's constants (Loshchilov & Hutter; as torch.optim.AdamW).
struct AdamWStep {
    double lr = 0.0;
    double beta1 = 0.9;
    double beta2 = 0.95;
    double eps = 1e-8;
    double weight_decay = 0.0;
    std::int64_t step = 1;  ///< 1 for the first: corrects the bias of the moments
    double gradient_scale = 1.0;  ///< from clipping; multiplies the gradient as it is read
};

/// theta, m, v after one step; all of equal size.
void adamw_update(
    const AdamWStep& step, std::span<float> theta, std::span<const float> gradient, std::span<float> m, std::span<float> v);

/// Sum of squares in double, in a fixed order.
double sum_of_squares(std::span<const float> x);

}  // namespace pathloom
