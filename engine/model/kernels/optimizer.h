// SPDX-License-Identifier: GPL-3.0-or-later
// AdamW over flat buffers, and what else walks over one.
#pragma once

#include "engine/model/kernels/bf16.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace pathloom {

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

/// y = x, rounded to bfloat16 or copied.
void convert(const float* x, std::size_t n, Bf16* y);
void convert(const float* x, std::size_t n, float* y);
/// y = x exactly.
void convert(const Bf16* x, std::size_t n, float* y);

}  // namespace pathloom
