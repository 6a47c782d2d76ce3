// SPDX-License-Identifier: GPL-3.0-or-later
// Each exponential is computed once: the gradient only rescales it when the row's whole sum is known.
#include "engine/model/kernels/cross_entropy.h"

#include "engine/model/kernels/dispatch.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/cross_entropy.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
namespace {

template <class E>
HWY_INLINE float exp_row(const float* x, std::size_t n, float top, E* out)
{
    const Vector shift = hn::Set(Lanes(), top);
    Vector sum = hn::Zero(Lanes());
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
        const Vector p = only(exponential(hn::Sub(load(x + i, part), shift)), part);
        sum = hn::Add(sum, p);
        if (out) store(p, out + i, part);
    });
    return sum_of(sum);
}

template <class E>
HWY_INLINE void scale_row(E* x, std::size_t n, float factor)
{
    const Vector f = hn::Set(Lanes(), factor);
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { store(hn::Mul(load(x + i, part), f), x + i, part); });
}

}  // namespace

float RowMax(const float* x, std::size_t n)
{
    Vector top = hn::Set(Lanes(), x[0]);
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { top = hn::Max(top, or_lowest(load(x + i, part), part)); });
    return max_of(top);
}

// out, unless null, becomes exp(x - top); the sum comes back.
float ExpRowFloat(const float* x, std::size_t n, float top, float* out)
{
    return exp_row(x, n, top, out);
}
float ExpRowHalf(const float* x, std::size_t n, float top, Bf16* out)
{
    return exp_row(x, n, top, out);
}
void ScaleRowFloat(float* x, std::size_t n, float factor)
{
    scale_row(x, n, factor);
}
void ScaleRowHalf(Bf16* x, std::size_t n, float factor)
{
    scale_row(x, n, factor);
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(RowMax);
HWY_EXPORT(ExpRowFloat);
HWY_EXPORT(ExpRowHalf);
HWY_EXPORT(ScaleRowFloat);
HWY_EXPORT(ScaleRowHalf);

namespace {

float exp_row(const float* x, std::size_t n, float top, float* out)
{
    return PATHLOOM_DISPATCH(ExpRowFloat)(x, n, top, out);
}
float exp_row(const float* x, std::size_t n, float top, Bf16* out)
{
    return PATHLOOM_DISPATCH(ExpRowHalf)(x, n, top, out);
}
void scale_row(float* x, std::size_t n, float factor)
{
    PATHLOOM_DISPATCH(ScaleRowFloat)(x, n, factor);
}
void scale_row(Bf16* x, std::size_t n, float factor)
{
    PATHLOOM_DISPATCH(ScaleRowHalf)(x, n, factor);
}

bool inside(const LogitTile& tile, std::int32_t target)
{
    return target >= tile.first && target < tile.first + tile.columns;
}

template <class E>
void take(const LogitTile& tile, const float* logits, const std::int32_t* targets, RowLoss* losses, E* probs, float* tops)
{
    const auto n = std::size_t(tile.columns);
    for (std::size_t r = 0; r < std::size_t(tile.rows); ++r) {
        const float* row = logits + r * n;
        RowLoss& loss = losses[r];
        if (inside(tile, targets[r])) loss.wanted = row[targets[r] - tile.first];
        const float top = PATHLOOM_DISPATCH(RowMax)(row, n), above = std::max(loss.top, top);
        const float sum = exp_row(row, n, top, probs ? probs + r * n : nullptr);
        loss.sum = loss.sum * std::exp(loss.top - above) + sum * std::exp(top - above);
        loss.top = above;
        if (tops) tops[r] = top;
    }
}

template <class E>
void finish(const LogitTile& tile, const std::int32_t* targets, const RowLoss* losses, const float* tops, float scale, E* probs)
{
    const auto n = std::size_t(tile.columns);
    for (std::size_t r = 0; r < std::size_t(tile.rows); ++r) {
        E* row = probs + r * n;
        if (targets[r] < 0) {
            std::fill_n(row, n, E());
            continue;
        }
        const float log_sum = losses[r].log_sum();
        scale_row(row, n, scale * std::exp(tops[r] - log_sum));
        if (!inside(tile, targets[r])) continue;
        const float slope = scale * std::expm1(losses[r].wanted - log_sum);
        if constexpr (std::is_same_v<E, Bf16>)
            row[targets[r] - tile.first] = Bf16::of(slope);
        else
            row[targets[r] - tile.first] = slope;
    }
}

}  // namespace

float RowLoss::log_sum() const
{
    return top + std::log(sum);
}

void cross_entropy_tile(
    const LogitTile& tile, const float* logits, const std::int32_t* targets, RowLoss* losses, float* probs, float* tops)
{
    take(tile, logits, targets, losses, probs, tops);
}
void cross_entropy_tile(
    const LogitTile& tile, const float* logits, const std::int32_t* targets, RowLoss* losses, Bf16* probs, float* tops)
{
    take(tile, logits, targets, losses, probs, tops);
}
void cross_entropy_gradient(
    const LogitTile& tile, const std::int32_t* targets, const RowLoss* losses, const float* tops, float scale, float* probs)
{
    finish(tile, targets, losses, tops, scale, probs);
}
void cross_entropy_gradient(
    const LogitTile& tile, const std::int32_t* targets, const RowLoss* losses, const float* tops, float scale, Bf16* probs)
{
    finish(tile, targets, losses, tops, scale, probs);
}

float soft_target_row(
    float* student, float* teacher, int n, std::int32_t target, float temperature, float mix, float scale, float* slopes)
{
    const auto count = std::size_t(n);
    const float top = PATHLOOM_DISPATCH(RowMax)(student, count), wanted = student[target];
    const float sum = exp_row(student, count, top, slopes);
    const float inverse = 1.0f / temperature;
    float warm = sum, *warmed = slopes;  // at temperature 1 both softmaxes of the student are one
    if (temperature != 1.0f) {
        scale_row(student, count, inverse);
        warm = exp_row(student, count, top * inverse, student);
        warmed = student;
        scale_row(teacher, count, inverse);
    }
    const float other = exp_row(teacher, count, PATHLOOM_DISPATCH(RowMax)(teacher, count), teacher);
    const float hard = scale * (1.0f - mix) / sum, soft = scale * mix * temperature;
    const float mine = soft / warm, its = soft / other;
    for (std::size_t i = 0; i < count; ++i) slopes[i] = hard * slopes[i] + (mine * warmed[i] - its * teacher[i]);
    slopes[target] -= scale * (1.0f - mix);
    return top + std::log(sum) - wanted;
}

}  // namespace pathloom
#endif
