// SPDX-License-Identifier: GPL-3.0-or-later
// One pass over memory each.
#include "engine/model/kernels/activations.h"

#include "engine/model/kernels/dispatch.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/activations.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
namespace {

template <class E>
HWY_INLINE void glu_forward(const E* gate_up, int rows, std::size_t hidden, E* act)
{
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const E *gate = gate_up + r * 2 * hidden, *up = gate + hidden;
        E* out = act + r * hidden;
        for_lanes(hidden, [&](std::size_t i, auto part) PATHLOOM_INLINE {
            const Vector g = load(gate + i, part);
            store(hn::Mul(hn::Mul(g, sigmoid(g)), load(up + i, part)), out + i, part);
        });
    }
}

template <class E>
HWY_INLINE void glu_backward(E* gate_up, int rows, std::size_t hidden, E* grad_act)
{
    const Vector one = hn::Set(Lanes(), 1.0f);
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        E *gate = gate_up + r * 2 * hidden, *up = gate + hidden;
        E* grad = grad_act + r * hidden;
        for_lanes(hidden, [&](std::size_t i, auto part) PATHLOOM_INLINE {
            const Vector g = load(gate + i, part), u = load(up + i, part), dy = load(grad + i, part);
            const Vector s = sigmoid(g), silu = hn::Mul(g, s);
            const Vector slope = hn::MulAdd(silu, hn::Sub(one, s), s);  // s (1 + g (1 - s))
            store(hn::Mul(silu, u), grad + i, part);
            store(hn::Mul(hn::Mul(dy, u), slope), gate + i, part);
            store(hn::Mul(dy, silu), up + i, part);
        });
    }
}

constexpr float GeluScale = 0.7978845608028654f;  // sqrt(2 / pi)
constexpr float GeluCube = 0.044715f;

// tanh(sqrt(2 / pi) (x + cube x^3))
HWY_INLINE Vector gelu_tanh(Vector x)
{
    const Lanes d;
    const Vector inner = hn::Mul(x, hn::MulAdd(hn::Mul(x, x), hn::Set(d, GeluScale * GeluCube), hn::Set(d, GeluScale)));
    return hn::NegMulAdd(hn::Set(d, 2.0f), sigmoid(hn::Mul(hn::Set(d, -2.0f), inner)), hn::Set(d, 1.0f));
}

template <class E>
HWY_INLINE void gelu_forward_loop(const E* up, std::size_t n, E* act)
{
    const Lanes d;
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
        const Vector x = load(up + i, part);
        store(hn::Mul(hn::Mul(hn::Set(d, 0.5f), x), hn::Add(hn::Set(d, 1.0f), gelu_tanh(x))), act + i, part);
    });
}

template <class E>
HWY_INLINE void gelu_backward_loop(E* up, std::size_t n, E* grad_act)
{
    const Lanes d;
    const Vector one = hn::Set(d, 1.0f), half = hn::Set(d, 0.5f);
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
        const Vector x = load(up + i, part), dy = load(grad_act + i, part);
        const Vector t = gelu_tanh(x), share = hn::Mul(half, hn::Add(one, t));
        const Vector inner = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 3.0f * GeluScale * GeluCube), hn::Set(d, GeluScale));
        const Vector slope = hn::MulAdd(hn::Mul(hn::Mul(half, x), hn::NegMulAdd(t, t, one)), inner, share);
        store(hn::Mul(dy, slope), up + i, part);
        store(hn::Mul(x, share), grad_act + i, part);
    });
}

// `taps` is [kernel, d]: the loop over channels is contiguous.
template <class E>
HWY_INLINE void conv_forward_loop(const E* x, const float* taps, int batch, int sequence, std::size_t d, int kernel, E* y)
{
    for (int b = 0; b < batch; ++b) {
        for (int t = 0; t < sequence; ++t) {
            const std::size_t row = std::size_t(b) * std::size_t(sequence) + std::size_t(t);
            const auto first = std::size_t(std::max(0, kernel - 1 - t)), behind = std::size_t(kernel - 1);
            for_lanes(d, [&](std::size_t i, auto part) PATHLOOM_INLINE {
                Vector sum = hn::Zero(Lanes());
                for (std::size_t k = first; k <= behind; ++k)
                    sum = hn::MulAdd(load(taps + k * d + i, part), load(x + (row + k - behind) * d + i, part), sum);
                store(sum, y + row * d + i, part);
            });
        }
    }
}

// Token t's input reaches the outputs t .. t + kernel - 1 of its sequence.
template <class E>
HWY_INLINE void conv_backward_loop(
    const E* x, const float* taps, const E* dy, int batch, int sequence, std::size_t d, int kernel, E* dx, float* dtaps)
{
    for (int b = 0; b < batch; ++b) {
        for (int t = 0; t < sequence; ++t) {
            const std::size_t row = std::size_t(b) * std::size_t(sequence) + std::size_t(t);
            const auto reach = std::size_t(std::min(kernel, sequence - t)), last = std::size_t(kernel - 1);
            for_lanes(d, [&](std::size_t i, auto part) PATHLOOM_INLINE {
                const Vector v = load(x + row * d + i, part);
                Vector sum = hn::Zero(Lanes());
                for (std::size_t ahead = 0; ahead < reach; ++ahead) {
                    const Vector grad = load(dy + (row + ahead) * d + i, part);
                    float* dtap = dtaps + (last - ahead) * d + i;
                    sum = hn::MulAdd(load(taps + (last - ahead) * d + i, part), grad, sum);
                    store(hn::MulAdd(v, grad, load(dtap, part)), dtap, part);
                }
                store(sum, dx + row * d + i, part);
            });
        }
    }
}

}  // namespace

void SwigluForwardFloat(const float* gate_up, int rows, int hidden, float* act)
{
    glu_forward(gate_up, rows, std::size_t(hidden), act);
}
void SwigluForwardHalf(const Bf16* gate_up, int rows, int hidden, Bf16* act)
{
    glu_forward(gate_up, rows, std::size_t(hidden), act);
}
void SwigluBackwardFloat(float* gate_up, int rows, int hidden, float* grad_act)
{
    glu_backward(gate_up, rows, std::size_t(hidden), grad_act);
}
void SwigluBackwardHalf(Bf16* gate_up, int rows, int hidden, Bf16* grad_act)
{
    glu_backward(gate_up, rows, std::size_t(hidden), grad_act);
}
void GeluForwardFloat(const float* up, std::size_t n, float* act)
{
    gelu_forward_loop(up, n, act);
}
void GeluForwardHalf(const Bf16* up, std::size_t n, Bf16* act)
{
    gelu_forward_loop(up, n, act);
}
void GeluBackwardFloat(float* up, std::size_t n, float* grad_act)
{
    gelu_backward_loop(up, n, grad_act);
}
void GeluBackwardHalf(Bf16* up, std::size_t n, Bf16* grad_act)
{
    gelu_backward_loop(up, n, grad_act);
}
void ConvForwardFloat(const float* x, const float* taps, int batch, int sequence, int d, int kernel, float* y)
{
    conv_forward_loop(x, taps, batch, sequence, std::size_t(d), kernel, y);
}
void ConvForwardHalf(const Bf16* x, const float* taps, int batch, int sequence, int d, int kernel, Bf16* y)
{
    conv_forward_loop(x, taps, batch, sequence, std::size_t(d), kernel, y);
}
void ConvBackwardFloat(
    const float* x, const float* taps, const float* dy, int batch, int sequence, int d, int kernel, float* dx, float* dtaps)
{
    conv_backward_loop(x, taps, dy, batch, sequence, std::size_t(d), kernel, dx, dtaps);
}
void ConvBackwardHalf(
    const Bf16* x, const float* taps, const Bf16* dy, int batch, int sequence, int d, int kernel, Bf16* dx, float* dtaps)
{
    conv_backward_loop(x, taps, dy, batch, sequence, std::size_t(d), kernel, dx, dtaps);
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(SwigluForwardFloat);
HWY_EXPORT(SwigluForwardHalf);
HWY_EXPORT(SwigluBackwardFloat);
HWY_EXPORT(SwigluBackwardHalf);
HWY_EXPORT(GeluForwardFloat);
HWY_EXPORT(GeluForwardHalf);
HWY_EXPORT(GeluBackwardFloat);
HWY_EXPORT(GeluBackwardHalf);
HWY_EXPORT(ConvForwardFloat);
HWY_EXPORT(ConvForwardHalf);
HWY_EXPORT(ConvBackwardFloat);
HWY_EXPORT(ConvBackwardHalf);

namespace {

// Weights [d, kernel] as taps [kernel, d].
std::vector<float> turned(const float* w, int d, int kernel)
{
    std::vector<float> out(std::size_t(d) * std::size_t(kernel));
    for (int i = 0; i < d; ++i) {
        for (int k = 0; k < kernel; ++k) out[std::size_t(k) * d + i] = w[std::size_t(i) * kernel + k];
    }
    return out;
}

void add_turned(const std::vector<float>& dtaps, int d, int kernel, float* dw)
{
    for (int i = 0; i < d; ++i) {
        for (int k = 0; k < kernel; ++k) dw[std::size_t(i) * kernel + k] += dtaps[std::size_t(k) * d + i];
    }
}

}  // namespace

void swiglu_forward(const float* gate_up, int rows, int hidden, float* act)
{
    PATHLOOM_DISPATCH(SwigluForwardFloat)(gate_up, rows, hidden, act);
}
void swiglu_forward(const Bf16* gate_up, int rows, int hidden, Bf16* act)
{
    PATHLOOM_DISPATCH(SwigluForwardHalf)(gate_up, rows, hidden, act);
}
void swiglu_backward(float* gate_up, int rows, int hidden, float* grad_act)
{
    PATHLOOM_DISPATCH(SwigluBackwardFloat)(gate_up, rows, hidden, grad_act);
}
void swiglu_backward(Bf16* gate_up, int rows, int hidden, Bf16* grad_act)
{
    PATHLOOM_DISPATCH(SwigluBackwardHalf)(gate_up, rows, hidden, grad_act);
}
void gelu_forward(const float* up, std::size_t n, float* act)
{
    PATHLOOM_DISPATCH(GeluForwardFloat)(up, n, act);
}
void gelu_forward(const Bf16* up, std::size_t n, Bf16* act)
{
    PATHLOOM_DISPATCH(GeluForwardHalf)(up, n, act);
}
void gelu_backward(float* up, std::size_t n, float* grad_act)
{
    PATHLOOM_DISPATCH(GeluBackwardFloat)(up, n, grad_act);
}
void gelu_backward(Bf16* up, std::size_t n, Bf16* grad_act)
{
    PATHLOOM_DISPATCH(GeluBackwardHalf)(up, n, grad_act);
}

void conv_forward(const float* x, const float* w, int batch, int sequence, int d, int kernel, float* y)
{
    PATHLOOM_DISPATCH(ConvForwardFloat)(x, turned(w, d, kernel).data(), batch, sequence, d, kernel, y);
}
void conv_forward(const Bf16* x, const float* w, int batch, int sequence, int d, int kernel, Bf16* y)
{
    PATHLOOM_DISPATCH(ConvForwardHalf)(x, turned(w, d, kernel).data(), batch, sequence, d, kernel, y);
}
void conv_backward(
    const float* x, const float* w, const float* dy, int batch, int sequence, int d, int kernel, float* dx, float* dw)
{
    std::vector<float> dtaps(std::size_t(d) * std::size_t(kernel), 0.0f);
    PATHLOOM_DISPATCH(ConvBackwardFloat)
    (x, turned(w, d, kernel).data(), dy, batch, sequence, d, kernel, dx, dtaps.data());
    add_turned(dtaps, d, kernel, dw);
}
void conv_backward(const Bf16* x, const float* w, const Bf16* dy, int batch, int sequence, int d, int kernel, Bf16* dx, float* dw)
{
    std::vector<float> dtaps(std::size_t(d) * std::size_t(kernel), 0.0f);
    PATHLOOM_DISPATCH(ConvBackwardHalf)
    (x, turned(w, d, kernel).data(), dy, batch, sequence, d, kernel, dx, dtaps.data());
    add_turned(dtaps, d, kernel, dw);
}

}  // namespace pathloom
#endif
