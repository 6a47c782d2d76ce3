// SPDX-License-Identifier: GPL-3.0-or-later
// Each row is read from memory once and again from the first-level cache.
#include "engine/model/kernels/norms.h"

#include "engine/model/kernels/dispatch.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/norms.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
namespace {

template <class E>
HWY_INLINE void norm_forward(
    const float* x, const E* delta, const float* gain, int rows, int width, float* sum, E* y, float* rstd)
{
    const Lanes d;
    const auto n = std::size_t(width);
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const float* row = x + r * n;
        if (delta) {
            const E* more = delta + r * n;
            float* out = sum + r * n;
            for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
                store(hn::Add(load(row + i, part), load(more + i, part)), out + i, part);
            });
            row = out;
        }
        const float scale = 1.0f / std::sqrt(sum_of_squares(row, n) / float(width) + NormEpsilon);
        rstd[r] = scale;
        const Vector scales = hn::Set(d, scale);
        E* out = y + r * n;
        for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
            store(hn::Mul(hn::Mul(load(row + i, part), scales), load(gain + i, part)), out + i, part);
        });
    }
}

template <class E>
HWY_INLINE void norm_backward(
    const float* x, const float* gain, const float* rstd, const E* dy, int rows, int width, float* dx, E* copy, float* dgain)
{
    const Lanes d;
    const auto n = std::size_t(width);
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const float* row = x + r * n;
        const E* grad = dy + r * n;
        float* out = dx + r * n;
        Vector dot = hn::Zero(d);
        for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
            dot = hn::MulAdd(hn::Mul(load(grad + i, part), load(gain + i, part)), load(row + i, part), dot);
        });
        const Vector scale = hn::Set(d, rstd[r]);
        const Vector pull = hn::Set(d, sum_of(dot) * rstd[r] * rstd[r] / float(width));
        for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
            const Vector g = load(grad + i, part), v = load(row + i, part);
            const Vector inner = hn::NegMulAdd(v, pull, hn::Mul(g, load(gain + i, part)));
            const Vector now = hn::MulAdd(scale, inner, load(out + i, part));
            store(now, out + i, part);
            if (copy) store(now, copy + r * n + i, part);
            store(hn::MulAdd(hn::Mul(g, v), scale, load(dgain + i, part)), dgain + i, part);
        });
    }
}

template <class E>
HWY_INLINE void rope_forward(const AttentionShape& shape, const E* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, E* out, float* rstd)
{
    const Lanes d;
    const auto half = std::size_t(shape.head_dim / 2), heads = std::size_t(shape.heads), padded = std::size_t(shape.padded());
    for (std::size_t b = 0; b < std::size_t(shape.batch); ++b) {
        for (std::size_t h = 0; h < heads; ++h) {  // heads outside: rows packed by head are then walked in order
            for (std::size_t t = 0; t < std::size_t(shape.sequence); ++t) {
                const float *c = cosine + t * half, *s = sine + t * half;
                const std::size_t row = b * std::size_t(shape.sequence) + t;
                const E* x = raw + row * std::size_t(ld_raw) + h * 2 * half;
                E* y = out + ((b * heads + h) * padded + t) * 2 * half;
                const float scale = 1.0f / std::sqrt(sum_of_squares(x, 2 * half) / float(2 * half) + NormEpsilon);
                rstd[row * heads + h] = scale;
                const Vector scales = hn::Set(d, scale);
                for_lanes(half, [&](std::size_t j, auto part) PATHLOOM_INLINE {
                    const Vector u = hn::Mul(hn::Mul(load(x + j, part), scales), load(gain + j, part));
                    const Vector v = hn::Mul(hn::Mul(load(x + half + j, part), scales), load(gain + half + j, part));
                    const Vector cj = load(c + j, part), sj = load(s + j, part);
                    store(hn::NegMulAdd(v, sj, hn::Mul(u, cj)), y + j, part);
                    store(hn::MulAdd(u, sj, hn::Mul(v, cj)), y + half + j, part);
                });
            }
        }
    }
}

template <class E>
HWY_INLINE void rope_backward(const AttentionShape& shape, const E* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, const float* rstd, const E* gradient, E* draw, int ld_draw, float* dgain)
{
    const Lanes d;
    const auto half = std::size_t(shape.head_dim / 2), heads = std::size_t(shape.heads), padded = std::size_t(shape.padded());
    for (std::size_t b = 0; b < std::size_t(shape.batch); ++b) {
        for (std::size_t h = 0; h < heads; ++h) {  // heads outside: rows packed by head are then walked in order
            for (std::size_t t = 0; t < std::size_t(shape.sequence); ++t) {
                const float *c = cosine + t * half, *s = sine + t * half;
                const std::size_t row = b * std::size_t(shape.sequence) + t;
                const E* x = raw + row * std::size_t(ld_raw) + h * 2 * half;
                const E* g = gradient + ((b * heads + h) * padded + t) * 2 * half;
                E* out = draw + row * std::size_t(ld_draw) + h * 2 * half;
                // The rotation's transpose, twice: once for the sum over the head, once for the result. Cheaper than storing it.
                const auto turned = [&](std::size_t j, auto part, Vector& u, Vector& v) PATHLOOM_INLINE {
                    const Vector p = load(g + j, part), q = load(g + half + j, part);
                    const Vector cj = load(c + j, part), sj = load(s + j, part);
                    u = hn::MulAdd(q, sj, hn::Mul(p, cj));
                    v = hn::NegMulAdd(p, sj, hn::Mul(q, cj));
                };
                Vector dot = hn::Zero(d);
                for_lanes(half, [&](std::size_t j, auto part) PATHLOOM_INLINE {
                    Vector u, v;
                    turned(j, part, u, v);
                    dot = hn::MulAdd(hn::Mul(u, load(gain + j, part)), load(x + j, part), dot);
                    dot = hn::MulAdd(hn::Mul(v, load(gain + half + j, part)), load(x + half + j, part), dot);
                });
                const float scale = rstd[row * heads + h];
                const Vector scales = hn::Set(d, scale), pull = hn::Set(d, sum_of(dot) * scale * scale / float(2 * half));
                const auto finish = [&](Vector dy, std::size_t j, auto part) PATHLOOM_INLINE {
                    const Vector v = load(x + j, part);
                    store(hn::MulAdd(hn::Mul(dy, v), scales, load(dgain + j, part)), dgain + j, part);
                    store(hn::Mul(scales, hn::NegMulAdd(v, pull, hn::Mul(dy, load(gain + j, part)))), out + j, part);
                };
                for_lanes(half, [&](std::size_t j, auto part) PATHLOOM_INLINE {
                    Vector u, v;
                    turned(j, part, u, v);
                    finish(u, j, part);
                    finish(v, half + j, part);
                });
            }
        }
    }
}

}  // namespace

void NormForwardFloat(const float* x, const float* delta, const float* gain, int rows, int d, float* sum, float* y, float* rstd)
{
    norm_forward(x, delta, gain, rows, d, sum, y, rstd);
}
void NormForwardHalf(const float* x, const Bf16* delta, const float* gain, int rows, int d, float* sum, Bf16* y, float* rstd)
{
    norm_forward(x, delta, gain, rows, d, sum, y, rstd);
}
void NormBackwardFloat(
    const float* x, const float* gain, const float* rstd, const float* dy, int rows, int d, float* dx, float* copy, float* dgain)
{
    norm_backward(x, gain, rstd, dy, rows, d, dx, copy, dgain);
}
void NormBackwardHalf(
    const float* x, const float* gain, const float* rstd, const Bf16* dy, int rows, int d, float* dx, Bf16* copy, float* dgain)
{
    norm_backward(x, gain, rstd, dy, rows, d, dx, copy, dgain);
}
void RopeForwardFloat(const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, float* out, float* rstd)
{
    rope_forward(shape, raw, ld_raw, gain, cosine, sine, out, rstd);
}
void RopeForwardHalf(const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, Bf16* out, float* rstd)
{
    rope_forward(shape, raw, ld_raw, gain, cosine, sine, out, rstd);
}
void RopeBackwardFloat(const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, const float* rstd, const float* grad, float* draw, int ld_draw, float* dgain)
{
    rope_backward(shape, raw, ld_raw, gain, cosine, sine, rstd, grad, draw, ld_draw, dgain);
}
void RopeBackwardHalf(const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const float* cosine,
    const float* sine, const float* rstd, const Bf16* grad, Bf16* draw, int ld_draw, float* dgain)
{
    rope_backward(shape, raw, ld_raw, gain, cosine, sine, rstd, grad, draw, ld_draw, dgain);
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(NormForwardFloat);
HWY_EXPORT(NormForwardHalf);
HWY_EXPORT(NormBackwardFloat);
HWY_EXPORT(NormBackwardHalf);
HWY_EXPORT(RopeForwardFloat);
HWY_EXPORT(RopeForwardHalf);
HWY_EXPORT(RopeBackwardFloat);
HWY_EXPORT(RopeBackwardHalf);

void rms_norm_forward(const float* x, const float* delta, const float* gain, int rows, int d, float* sum, float* y, float* rstd)
{
    PATHLOOM_DISPATCH(NormForwardFloat)(x, delta, gain, rows, d, sum, y, rstd);
}
void rms_norm_forward(const float* x, const Bf16* delta, const float* gain, int rows, int d, float* sum, Bf16* y, float* rstd)
{
    PATHLOOM_DISPATCH(NormForwardHalf)(x, delta, gain, rows, d, sum, y, rstd);
}
void rms_norm_backward(
    const float* x, const float* gain, const float* rstd, const float* dy, int rows, int d, float* dx, float* copy, float* dgain)
{
    PATHLOOM_DISPATCH(NormBackwardFloat)(x, gain, rstd, dy, rows, d, dx, copy, dgain);
}
void rms_norm_backward(
    const float* x, const float* gain, const float* rstd, const Bf16* dy, int rows, int d, float* dx, Bf16* copy, float* dgain)
{
    PATHLOOM_DISPATCH(NormBackwardHalf)(x, gain, rstd, dy, rows, d, dx, copy, dgain);
}

RopeTable RopeTable::make(int sequence, int head_dim, double base)
{
    RopeTable table;
    table.sequence = sequence;
    table.half = head_dim / 2;
    const auto n = std::size_t(sequence) * std::size_t(table.half);
    table.cosine.resize(n);
    table.sine.resize(n);
    for (int s = 0; s < sequence; ++s) {
        for (int j = 0; j < table.half; ++j) {
            const double angle = double(s) * std::pow(base, -2.0 * j / head_dim);
            table.cosine[std::size_t(s) * table.half + j] = float(std::cos(angle));
            table.sine[std::size_t(s) * table.half + j] = float(std::sin(angle));
        }
    }
    return table;
}

void qk_norm_rope_forward(
    const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const RopeTable& rope, float* out, float* rstd)
{
    PATHLOOM_DISPATCH(RopeForwardFloat)(shape, raw, ld_raw, gain, rope.cosine.data(), rope.sine.data(), out, rstd);
}
void qk_norm_rope_forward(
    const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const RopeTable& rope, Bf16* out, float* rstd)
{
    PATHLOOM_DISPATCH(RopeForwardHalf)(shape, raw, ld_raw, gain, rope.cosine.data(), rope.sine.data(), out, rstd);
}
void qk_norm_rope_backward(const AttentionShape& shape, const float* raw, int ld_raw, const float* gain, const RopeTable& rope,
    const float* rstd, const float* grad, float* draw, int ld_draw, float* dgain)
{
    PATHLOOM_DISPATCH(RopeBackwardFloat)
    (shape, raw, ld_raw, gain, rope.cosine.data(), rope.sine.data(), rstd, grad, draw, ld_draw, dgain);
}
void qk_norm_rope_backward(const AttentionShape& shape, const Bf16* raw, int ld_raw, const float* gain, const RopeTable& rope,
    const float* rstd, const Bf16* grad, Bf16* draw, int ld_draw, float* dgain)
{
    PATHLOOM_DISPATCH(RopeBackwardHalf)
    (shape, raw, ld_raw, gain, rope.cosine.data(), rope.sine.data(), rstd, grad, draw, ld_draw, dgain);
}

}  // namespace pathloom
#endif
