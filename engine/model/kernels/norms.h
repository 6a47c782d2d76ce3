// SPDX-License-Identifier: GPL-3.0-or-later
// RMSNorm with the residual sum it follows, and RMSNorm of each head with the rotation that follows it. Activations are fp32 or
// bf16; the residual stream, its gradient and all sums are fp32.
#pragma once

#include "engine/model/kernels/bf16.h"
#include "engine/model/kernels/shapes.h"

#include <vector>

namespace pathloom {

inline constexpr float NormEpsilon = 1e-6f;

/// sum = x + delta and y = sum / rms(sum) * gain for each row of d; rstd[rows] = 1 / rms, kept for the backward pass. Without
/// `delta` (null) the sum is x itself and nothing is written to `sum`.
void rms_norm_forward(const float* x, const float* delta, const float* gain, int rows, int d, float* sum, float* y, float* rstd);
void rms_norm_forward(const float* x, const Bf16* delta, const float* gain, int rows, int d, float* sum, Bf16* y, float* rstd);
/// dx += d loss / d x, dgain += d loss / d gain. `copy`, unless null, receives the new dx for the products that read it.
void rms_norm_backward(
    const float* x, const float* gain, const float* rstd, const float* dy, int rows, int d, float* dx, float* copy, float* dgain);
void rms_norm_backward(
    const float* x, const float* gain, const float* rstd, const Bf16* dy, int rows, int d, float* dx, Bf16* copy, float* dgain);

/// cos and sin of position x frequency: [sequence, head_dim / 2] each.
struct RopeTable {
    int sequence = 0;
    int half = 0;
    std::vector<float> cosine, sine;
    /// Frequencies base^(-2 j / head_dim); pairs are (j, j + head_dim / 2) ("rotate half").
    static RopeTable make(int sequence, int head_dim, double base);
};

/// Queries or keys of all heads: RMS over head_dim with `gain`, then rotation by the position within the sequence. `raw` is rows
/// of tokens, [batch * sequence, heads * head_dim] with a leading dimension; `out` is packed by head; rstd is [batch * sequence,
/// heads].
void qk_norm_rope_forward(
    const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const RopeTable& rope, float* out, float* rstd);
void qk_norm_rope_forward(
    const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const RopeTable& rope, Bf16* out, float* rstd);
/// `grad` is d loss / d out, packed by head; draw becomes d loss / d raw, rows of tokens; dgain is added to.
void qk_norm_rope_backward(const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const RopeTable& rope,
    const float* rstd, const float* grad, float* draw, int ld_draw, float* dgain);
void qk_norm_rope_backward(const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const RopeTable& rope,
    const float* rstd, const Bf16* grad, Bf16* draw, int ld_draw, float* dgain);

}  // namespace pathloom
