// SPDX-License-Identifier: GPL-3.0-or-later
// One pass over memory each.
#include "engine/model/kernels/optimizer.h"

#include "engine/model/kernels/dispatch.h"

#include <cmath>
#include <cstring>

#ifndef PATHLOOM_ADAMW_FLOATS
#define PATHLOOM_ADAMW_FLOATS
namespace pathloom {
struct AdamWFloats {
    float decay, beta1, one_minus_beta1, beta2, one_minus_beta2, step_size, inverse_root_correction, eps, gradient_scale;
};
}  // namespace pathloom
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/optimizer.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
void AdamWLoop(const AdamWFloats& c, std::size_t n, float* theta, const float* gradient, float* m, float* v)
{
    const Lanes d;
    const Vector decay = hn::Set(d, c.decay), beta1 = hn::Set(d, c.beta1), rest1 = hn::Set(d, c.one_minus_beta1);
    const Vector beta2 = hn::Set(d, c.beta2), rest2 = hn::Set(d, c.one_minus_beta2), size = hn::Set(d, c.step_size);
    const Vector root = hn::Set(d, c.inverse_root_correction), eps = hn::Set(d, c.eps), scale = hn::Set(d, c.gradient_scale);
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
        const Vector g = hn::Mul(load(gradient + i, part), scale);
        const Vector first = hn::MulAdd(beta1, load(m + i, part), hn::Mul(rest1, g));
        const Vector second = hn::MulAdd(beta2, load(v + i, part), hn::Mul(hn::Mul(rest2, g), g));
        const Vector ratio = hn::Div(hn::Mul(size, first), hn::MulAdd(hn::Sqrt(second), root, eps));
        store(first, m + i, part);
        store(second, v + i, part);
        store(hn::MulSub(load(theta + i, part), decay, ratio), theta + i, part);
    });
}

// Squares in double: the norm of a large model is a sum of very many small terms.
double SquareLoop(const float* x, std::size_t n)
{
    const hn::ScalableTag<double> d;
    const hn::Rebind<float, decltype(d)> narrow_tag;
    const std::size_t lanes = hn::Lanes(d);
    auto a = hn::Zero(d), b = hn::Zero(d);
    std::size_t i = 0;
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
        const auto u = hn::PromoteTo(d, hn::LoadU(narrow_tag, x + i)), v = hn::PromoteTo(d, hn::LoadU(narrow_tag, x + i + lanes));
        a = hn::MulAdd(u, u, a), b = hn::MulAdd(v, v, b);
    }
    double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
    for (; i < n; ++i) sum += double(x[i]) * double(x[i]);
    return sum;
}

void RoundLoop(const float* x, std::size_t n, Bf16* y)
{
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { store(load(x + i, part), y + i, part); });
}

void WidenLoop(const Bf16* x, std::size_t n, float* y)
{
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { store(load(x + i, part), y + i, part); });
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(AdamWLoop);
HWY_EXPORT(SquareLoop);
HWY_EXPORT(RoundLoop);
HWY_EXPORT(WidenLoop);

void adamw_update(
    const AdamWStep& step, std::span<float> theta, std::span<const float> gradient, std::span<float> m, std::span<float> v)
{
    const double correction1 = 1.0 - std::pow(step.beta1, double(step.step));
    const double correction2 = 1.0 - std::pow(step.beta2, double(step.step));
    const AdamWFloats c{float(1.0 - step.lr * step.weight_decay), float(step.beta1), float(1.0 - step.beta1), float(step.beta2),
        float(1.0 - step.beta2), float(step.lr / correction1), float(1.0 / std::sqrt(correction2)), float(step.eps),
        float(step.gradient_scale)};
    PATHLOOM_DISPATCH(AdamWLoop)(c, theta.size(), theta.data(), gradient.data(), m.data(), v.data());
}

double sum_of_squares(std::span<const float> x)
{
    return PATHLOOM_DISPATCH(SquareLoop)(x.data(), x.size());
}

void convert(const float* x, std::size_t n, Bf16* y)
{
    PATHLOOM_DISPATCH(RoundLoop)(x, n, y);
}

void convert(const float* x, std::size_t n, float* y)
{
    std::memcpy(y, x, n * sizeof(float));
}

void convert(const Bf16* x, std::size_t n, float* y)
{
    PATHLOOM_DISPATCH(WidenLoop)(x, n, y);
}

}  // namespace pathloom
#endif
