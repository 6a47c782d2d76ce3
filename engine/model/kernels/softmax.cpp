// SPDX-License-Identifier: GPL-3.0-or-later
// Whole vectors only: the edge of the causal triangle is a mask in a register, not a shorter loop.
#include "engine/model/kernels/softmax.h"

#include "engine/model/kernels/dispatch.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/softmax.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
namespace {

/// The columns a row sees, and the vectors that hold them.
struct Reach {
    std::size_t lo, hi, begin, end;
};

HWY_INLINE Reach reach_of(const SoftmaxTile& tile, int r)
{
    const int lo = std::clamp(tile.first_lo + r, 0, tile.columns), hi = std::clamp(tile.first_hi + r, lo, tile.columns);
    const std::size_t lanes = hn::Lanes(Lanes());
    return {std::size_t(lo), std::size_t(hi), std::size_t(lo) / lanes * lanes, (std::size_t(hi) + lanes - 1) / lanes * lanes};
}

/// Lanes of the vector at column j that lie in [lo, hi).
HWY_INLINE auto seen(const Reach& reach, std::size_t j)
{
    const hn::RebindToSigned<Lanes> di;
    const auto column = hn::Iota(di, std::int32_t(j));
    const auto low = hn::Set(di, std::int32_t(reach.lo) - 1), high = hn::Set(di, std::int32_t(reach.hi));
    return hn::RebindMask(Lanes(), hn::And(hn::Gt(column, low), hn::Lt(column, high)));
}

/// body(j, mask) once for each vector of the row's reach; mask is a predicate on a vector: itself inside, `otherwise` outside.
template <class Inner, class Edge>
HWY_INLINE void for_reach(const Reach& reach, Inner&& inner, Edge&& edge)
{
    const std::size_t lanes = hn::Lanes(Lanes());
    for (std::size_t j = reach.begin; j < reach.end; j += lanes) {
        if (j >= reach.lo && j + lanes <= reach.hi)
            inner(j);
        else
            edge(j);
    }
}

template <class E>
HWY_INLINE void clear_outside(const Reach& reach, int ld, E* row)
{
    std::fill(row, row + reach.begin, E());
    std::fill(row + reach.end, row + ld, E());
}

template <class E>
HWY_INLINE void forward(const SoftmaxTile& tile, float scale, const float* scores, E* probs, float* lse, float* inverse)
{
    const Lanes d;
    const Vector scales = hn::Set(d, scale);
    for (int r = 0; r < tile.rows; ++r) {
        const float* row = scores + std::size_t(r) * std::size_t(tile.ld);
        E* out = probs + std::size_t(r) * std::size_t(tile.ld);
        const Reach reach = reach_of(tile, r);
        Vector top = hn::Set(d, -3.0e38f);
        for_reach(
            reach, [&](std::size_t j) PATHLOOM_INLINE { top = hn::Max(top, load(row + j, Whole())); },
            [&](std::size_t j)
                PATHLOOM_INLINE { top = hn::Max(top, hn::IfThenElse(seen(reach, j), load(row + j, Whole()), top)); });
        const float highest = max_of(top);
        const Vector shift = hn::Set(d, highest * scale);
        Vector sum = hn::Zero(d);
        for_reach(
            reach,
            [&](std::size_t j) PATHLOOM_INLINE {
                const Vector p = exponential(hn::MulSub(load(row + j, Whole()), scales, shift));
                sum = hn::Add(sum, p);
                store(p, out + j, Whole());
            },
            [&](std::size_t j) PATHLOOM_INLINE {
                const Vector p = exponential(hn::MulSub(load(row + j, Whole()), scales, shift));
                const Vector kept = hn::IfThenElseZero(seen(reach, j), p);
                sum = hn::Add(sum, kept);
                store(kept, out + j, Whole());
            });
        clear_outside(reach, tile.ld, out);
        const float total = sum_of(sum);
        inverse[r] = 1.0f / total;
        lse[r] = highest * scale + std::log(total);
    }
}

template <class E>
HWY_INLINE void backward(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, E* probs, E* dscores)
{
    const Lanes d;
    const Vector scales = hn::Set(d, scale);
    for (int r = 0; r < tile.rows; ++r) {
        const std::size_t begin = std::size_t(r) * std::size_t(tile.ld);
        const Reach reach = reach_of(tile, r);
        const auto probability = [&](std::size_t j) PATHLOOM_INLINE {
            return exponential(hn::MulSub(load(scores + begin + j, Whole()), scales, load(lse + j, Whole())));
        };
        const auto slope = [&](std::size_t j, Vector p) PATHLOOM_INLINE {
            return hn::Mul(hn::Mul(p, scales), hn::Sub(load(dprobs + begin + j, Whole()), load(dot + j, Whole())));
        };
        for_reach(
            reach,
            [&](std::size_t j) PATHLOOM_INLINE {
                const Vector p = probability(j), ds = slope(j, p);
                store(p, probs + begin + j, Whole());
                store(ds, dscores + begin + j, Whole());
            },
            [&](std::size_t j) PATHLOOM_INLINE {
                const auto mask = seen(reach, j);
                const Vector p = probability(j), ds = slope(j, p);
                store(hn::IfThenElseZero(mask, p), probs + begin + j, Whole());
                store(hn::IfThenElseZero(mask, ds), dscores + begin + j, Whole());
            });
        clear_outside(reach, tile.ld, probs + begin);
        clear_outside(reach, tile.ld, dscores + begin);
    }
}

template <class E>
HWY_INLINE void scaled(const float* x, int ld_x, const float* factor, int rows, int width, E* out, int ld_out)
{
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const Vector f = hn::Set(Lanes(), factor[r]);
        const float* from = x + r * std::size_t(ld_x);
        E* to = out + r * std::size_t(ld_out);
        for_lanes(std::size_t(width),
            [&](std::size_t i, auto part) PATHLOOM_INLINE { store(hn::Mul(load(from + i, part), f), to + i, part); });
    }
}

template <class E>
HWY_INLINE void dots(const E* a, int ld_a, const E* b, int ld_b, int rows, int width, float* out)
{
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const E *x = a + r * std::size_t(ld_a), *y = b + r * std::size_t(ld_b);
        Vector sum = hn::Zero(Lanes());
        for_lanes(std::size_t(width),
            [&](std::size_t i, auto part) PATHLOOM_INLINE { sum = hn::MulAdd(load(x + i, part), load(y + i, part), sum); });
        out[r] = sum_of(sum);
    }
}

}  // namespace

void ForwardFloat(const SoftmaxTile& tile, float scale, const float* scores, float* probs, float* lse, float* inverse)
{
    forward(tile, scale, scores, probs, lse, inverse);
}
void ForwardHalf(const SoftmaxTile& tile, float scale, const float* scores, Bf16* probs, float* lse, float* inverse)
{
    forward(tile, scale, scores, probs, lse, inverse);
}
void BackwardFloat(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, float* probs, float* dscores)
{
    backward(tile, scale, lse, dot, scores, dprobs, probs, dscores);
}
void BackwardHalf(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, Bf16* probs, Bf16* dscores)
{
    backward(tile, scale, lse, dot, scores, dprobs, probs, dscores);
}
void ScaleRowsFloat(const float* x, int ld_x, const float* factor, int rows, int width, float* out, int ld_out)
{
    scaled(x, ld_x, factor, rows, width, out, ld_out);
}
void ScaleRowsHalf(const float* x, int ld_x, const float* factor, int rows, int width, Bf16* out, int ld_out)
{
    scaled(x, ld_x, factor, rows, width, out, ld_out);
}
void RowDotsFloat(const float* a, int ld_a, const float* b, int ld_b, int rows, int width, float* out)
{
    dots(a, ld_a, b, ld_b, rows, width, out);
}
void RowDotsHalf(const Bf16* a, int ld_a, const Bf16* b, int ld_b, int rows, int width, float* out)
{
    dots(a, ld_a, b, ld_b, rows, width, out);
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(ForwardFloat);
HWY_EXPORT(ForwardHalf);
HWY_EXPORT(BackwardFloat);
HWY_EXPORT(BackwardHalf);
HWY_EXPORT(ScaleRowsFloat);
HWY_EXPORT(ScaleRowsHalf);
HWY_EXPORT(RowDotsFloat);
HWY_EXPORT(RowDotsHalf);

void softmax_forward(const SoftmaxTile& tile, float scale, const float* scores, float* probs, float* lse, float* inverse)
{
    PATHLOOM_DISPATCH(ForwardFloat)(tile, scale, scores, probs, lse, inverse);
}
void softmax_forward(const SoftmaxTile& tile, float scale, const float* scores, Bf16* probs, float* lse, float* inverse)
{
    PATHLOOM_DISPATCH(ForwardHalf)(tile, scale, scores, probs, lse, inverse);
}
void softmax_backward(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, float* probs, float* dscores)
{
    PATHLOOM_DISPATCH(BackwardFloat)(tile, scale, lse, dot, scores, dprobs, probs, dscores);
}
void softmax_backward(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, Bf16* probs, Bf16* dscores)
{
    PATHLOOM_DISPATCH(BackwardHalf)(tile, scale, lse, dot, scores, dprobs, probs, dscores);
}
void scale_rows(const float* x, int ld_x, const float* factor, int rows, int width, float* out, int ld_out)
{
    PATHLOOM_DISPATCH(ScaleRowsFloat)(x, ld_x, factor, rows, width, out, ld_out);
}
void scale_rows(const float* x, int ld_x, const float* factor, int rows, int width, Bf16* out, int ld_out)
{
    PATHLOOM_DISPATCH(ScaleRowsHalf)(x, ld_x, factor, rows, width, out, ld_out);
}
void row_dots(const float* a, int ld_a, const float* b, int ld_b, int rows, int width, float* out)
{
    PATHLOOM_DISPATCH(RowDotsFloat)(a, ld_a, b, ld_b, rows, width, out);
}
void row_dots(const Bf16* a, int ld_a, const Bf16* b, int ld_b, int rows, int width, float* out)
{
    PATHLOOM_DISPATCH(RowDotsHalf)(a, ld_a, b, ld_b, rows, width, out);
}

}  // namespace pathloom
#endif
