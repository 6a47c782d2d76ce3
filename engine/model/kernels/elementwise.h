// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a block between its products: norms, rotary embedding, short convolution, activations. Row-major fp32.
#pragma once

#include <cstddef>
#include <vector>

namespace pathloom {

inline constexpr float NormEpsilon = 1e-6f;

/// y = x / rms(x) * gain for each row of d; rstd[rows] = 1 / rms, kept for the backward pass.
void rms_norm_forward(const float* x, const float* gain, int rows, int d, float* y, float* rstd);
/// dx += d loss / d x, dgain += d loss / d gain.
void rms_norm_backward(
    const float* x, const float* gain, const float* rstd, const float* dy, int rows, int d, float* dx, float* dgain);

/// cos and sin of position x frequency: [sequence, head_dim / 2] each.
struct RopeTable {
    int sequence = 0;
    int half = 0;
    std::vector<float> cosine, sine;
    /// Frequencies base^(-2 j / head_dim); pairs are (j, j + head_dim / 2) ("rotate half").
    static RopeTable make(int sequence, int head_dim, double base);
};

/// Queries or keys of all heads: RMS over head_dim with `gain`, then rotation by the position within the sequence.
/// `raw` and `out` are [batch * sequence, heads * head_dim] with leading dimensions; rstd is [batch * sequence, heads].
void qk_norm_rope_forward(const float* raw, int ld_raw, const float* gain, const RopeTable& rope, int batch, int sequence,
    int heads, int head_dim, float* out, int ld_out, float* rstd);
/// `grad` holds d loss / d out and is replaced by d loss / d raw; dgain is added to.
void qk_norm_rope_backward(const float* raw, int ld_raw, const float* gain, const RopeTable& rope, const float* rstd, int batch,
    int sequence, int heads, int head_dim, float* grad, int ld_grad, float* dgain);

/// Causal depthwise convolution: y_t = sum_k w[:, k] x_{t - (kernel - 1) + k}; w is [d, kernel], its last tap is the current
/// token. Zeros before the sequence begins.
void conv_forward(const float* x, const float* w, int batch, int sequence, int d, int kernel, float* y);
/// dx = d loss / d x (overwritten), dw is added to.
void conv_backward(
    const float* x, const float* w, const float* dy, int batch, int sequence, int d, int kernel, float* dx, float* dw);

/// act = silu(gate) * up with gate_up = [rows, 2 hidden] (gate first).
void swiglu_forward(const float* gate_up, int rows, int hidden, float* act);
/// gate_up becomes its gradient; grad_act holds d loss / d act and becomes act itself (for the product that follows).
void swiglu_backward(float* gate_up, int rows, int hidden, float* grad_act);
/// act = gelu(up), tanh form.
void gelu_forward(const float* up, std::size_t n, float* act);
/// up becomes its gradient; grad_act becomes act.
void gelu_backward(float* up, std::size_t n, float* grad_act);

}  // namespace pathloom
