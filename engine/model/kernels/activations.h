// SPDX-License-Identifier: GPL-3.0-or-later
// The feed-forward's non-linearities and the short convolution of window blocks, over fp32 or bf16 activations.
#pragma once

#include "engine/model/kernels/bf16.h"

#include <cstddef>

namespace pathloom {

/// act = silu(gate) * up with gate_up = [rows, 2 hidden] (gate first).
void swiglu_forward(const float* gate_up, int rows, int hidden, float* act);
void swiglu_forward(const Bf16* gate_up, int rows, int hidden, Bf16* act);
/// gate_up becomes its gradient; grad_act holds d loss / d act and becomes act itself (for the product that follows).
void swiglu_backward(float* gate_up, int rows, int hidden, float* grad_act);
void swiglu_backward(Bf16* gate_up, int rows, int hidden, Bf16* grad_act);

/// act = gelu(up), tanh form.
void gelu_forward(const float* up, std::size_t n, float* act);
void gelu_forward(const Bf16* up, std::size_t n, Bf16* act);
/// up becomes its gradient; grad_act becomes act.
void gelu_backward(float* up, std::size_t n, float* grad_act);
void gelu_backward(Bf16* up, std::size_t n, Bf16* grad_act);

/// Causal depthwise convolution: y_t = sum_k w[:, k] x_{t - (kernel - 1) + k}; w is [d, kernel], its last tap is the current
/// token. Zeros before the sequence begins.
void conv_forward(const float* x, const float* w, int batch, int sequence, int d, int kernel, float* y);
void conv_forward(const Bf16* x, const float* w, int batch, int sequence, int d, int kernel, Bf16* y);
/// dx = d loss / d x (overwritten), dw is added to.
void conv_backward(
    const float* x, const float* w, const float* dy, int batch, int sequence, int d, int kernel, float* dx, float* dw);
void conv_backward(
    const Bf16* x, const float* w, const Bf16* dy, int batch, int sequence, int d, int kernel, Bf16* dx, float* dw);

}  // namespace pathloom
