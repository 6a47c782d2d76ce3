// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for each target (no #pragma once): loads and stores of fp32 and bf16, loops over lanes, exp, sigmoid.
#include "engine/model/kernels/bf16.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(PATHLOOM_SIMD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PATHLOOM_SIMD_INL_H
#undef PATHLOOM_SIMD_INL_H
#else
#define PATHLOOM_SIMD_INL_H
#endif

#include <hwy/highway.h>

#undef PATHLOOM_BEFORE_NAMESPACE
#undef PATHLOOM_NATIVE_BF16
#if HWY_TARGET == HWY_AVX3_DL && defined(__GNUC__) && !defined(__clang__)
#define PATHLOOM_NATIVE_BF16 1
#define PATHLOOM_BEFORE_NAMESPACE()                                                                                              \
    HWY_BEFORE_NAMESPACE();                                                                                                      \
    _Pragma("GCC target(\"avx512bf16\")") static_assert(true, "")
#else
#define PATHLOOM_NATIVE_BF16 0
#define PATHLOOM_BEFORE_NAMESPACE() HWY_BEFORE_NAMESPACE()
#endif
/// After a lambda's parameters: same instructions as its surroundings, always inlined.
#undef PATHLOOM_INLINE
#define PATHLOOM_INLINE __attribute__((always_inline))

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;

// How much of a vector a loop body works on: all lanes, or the first n of the last vector of a row.
struct Whole { };
struct Part {
    std::size_t n;
};

HWY_INLINE Vector widen(hn::Vec<hn::Rebind<std::uint16_t, Lanes>> half)
{
    const Lanes d;
    const hn::RebindToSigned<Lanes> wide;
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(wide, half)));
}

HWY_INLINE hn::Vec<hn::Rebind<std::uint16_t, Lanes>> narrow(Vector v)
{
    const hn::Rebind<std::uint16_t, Lanes> half;
#if PATHLOOM_NATIVE_BF16
    return hn::Vec<decltype(half)>{(__m256i)_mm512_cvtneps_pbh(v.raw)};
#else
    const hn::RebindToUnsigned<Lanes> bits;
    const hn::RebindToSigned<Lanes> wide;
    const auto x = hn::BitCast(bits, v);
    const auto odd = hn::And(hn::ShiftRight<16>(x), hn::Set(bits, 1u));
    const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(x, hn::Set(bits, 0x7fffu)), odd));
    return hn::DemoteTo(half, hn::BitCast(wide, rounded));
#endif
}

HWY_INLINE Vector load(const float* p, Whole)
{
    return hn::LoadU(Lanes(), p);
}
HWY_INLINE Vector load(const Bf16* p, Whole)
{
    return widen(hn::LoadU(hn::Rebind<std::uint16_t, Lanes>(), &p->bits));
}
HWY_INLINE void store(Vector v, float* p, Whole)
{
    hn::StoreU(v, Lanes(), p);
}
HWY_INLINE void store(Vector v, Bf16* p, Whole)
{
    hn::StoreU(narrow(v), hn::Rebind<std::uint16_t, Lanes>(), &p->bits);
}

// Ends of rows go through a full vector on the stack, zeros behind the last element.
template <class E>
HWY_INLINE Vector load(const E* p, Part part)
{
    E buffer[HWY_MAX_BYTES / sizeof(float)] = {};
    std::memcpy(buffer, p, part.n * sizeof(E));
    return load(buffer, Whole());
}
template <class E>
HWY_INLINE void store(Vector v, E* p, Part part)
{
    E buffer[HWY_MAX_BYTES / sizeof(float)];
    store(v, buffer, Whole());
    std::memcpy(p, buffer, part.n * sizeof(E));
}

/// Zeros in the lanes that are not part of the row.
HWY_INLINE Vector only(Vector v, Whole)
{
    return v;
}
HWY_INLINE Vector only(Vector v, Part part)
{
    return hn::IfThenElseZero(hn::FirstN(Lanes(), part.n), v);
}
/// Lowest float in the lanes that are not part of the row.
HWY_INLINE Vector or_lowest(Vector v, Whole)
{
    return v;
}
HWY_INLINE Vector or_lowest(Vector v, Part part)
{
    return hn::IfThenElse(hn::FirstN(Lanes(), part.n), v, hn::Set(Lanes(), -3.0e38f));
}

/// body(i, Whole()) for full vectors of n elements, body(i, Part{rest}) for what is left.
template <class Body>
HWY_INLINE void for_lanes(std::size_t n, Body&& body)
{
    const std::size_t lanes = hn::Lanes(Lanes());
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) body(i, Whole());
    if (i < n) body(i, Part{n - i});
}

HWY_INLINE float sum_of(Vector v)
{
    return hn::GetLane(hn::SumOfLanes(Lanes(), v));
}
HWY_INLINE float max_of(Vector v)
{
    return hn::GetLane(hn::MaxOfLanes(Lanes(), v));
}

/// Cephes' polynomial after removing multiples of ln 2; relative error below 2e-7, clamped to |x| <= 87.
HWY_INLINE Vector exponential(Vector x)
{
    const Lanes d;
    const hn::RebindToSigned<Lanes> whole;
    x = hn::Min(hn::Max(x, hn::Set(d, -87.0f)), hn::Set(d, 88.0f));
    const Vector shifter = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: adding it rounds to the nearest integer
    const Vector shifted = hn::MulAdd(x, hn::Set(d, 1.44269504088896341f), shifter);
    const Vector n = hn::Sub(shifted, shifter);
    Vector r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
    r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
    Vector p = hn::Set(d, 1.9875691500e-4f);
    p = hn::MulAdd(p, r, hn::Set(d, 1.3981999507e-3f));
    p = hn::MulAdd(p, r, hn::Set(d, 8.3334519073e-3f));
    p = hn::MulAdd(p, r, hn::Set(d, 4.1665795894e-2f));
    p = hn::MulAdd(p, r, hn::Set(d, 1.6666665459e-1f));
    p = hn::MulAdd(p, r, hn::Set(d, 5.0000001201e-1f));
    p = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
    // The low bits of `shifted` are the integer; moved to the exponent they multiply by 2^n.
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(whole, shifted));
    return hn::BitCast(d, hn::Add(hn::BitCast(whole, p), exponent));
}

/// 1 / x for normal positive x: an integer guess and three Newton steps, a third of a division's time and the same bits on
/// every CPU (the approximate instructions differ between makers).
HWY_INLINE Vector reciprocal(Vector x)
{
    const Lanes d;
    const hn::RebindToUnsigned<Lanes> bits;
    const Vector two = hn::Set(d, 2.0f);
    Vector r = hn::BitCast(d, hn::Sub(hn::Set(bits, 0x7ef311c7u), hn::BitCast(bits, x)));
    r = hn::Mul(r, hn::NegMulAdd(x, r, two));
    r = hn::Mul(r, hn::NegMulAdd(x, r, two));
    return hn::Mul(r, hn::NegMulAdd(x, r, two));
}

HWY_INLINE Vector sigmoid(Vector x)
{
    const Lanes d;
    return reciprocal(hn::Add(hn::Set(d, 1.0f), exponential(hn::Neg(x))));
}

/// Sum of x^2 in four interleaved chains, so that it does not wait for each addition.
template <class E>
HWY_INLINE float sum_of_squares(const E* x, std::size_t n)
{
    const Lanes d;
    const std::size_t lanes = hn::Lanes(d);
    Vector a = hn::Zero(d), b = a, c = a, e = a;
    std::size_t i = 0;
    for (; i + 4 * lanes <= n; i += 4 * lanes) {
        const Vector x0 = load(x + i, Whole()), x1 = load(x + i + lanes, Whole());
        const Vector x2 = load(x + i + 2 * lanes, Whole()), x3 = load(x + i + 3 * lanes, Whole());
        a = hn::MulAdd(x0, x0, a), b = hn::MulAdd(x1, x1, b), c = hn::MulAdd(x2, x2, c), e = hn::MulAdd(x3, x3, e);
    }
    for (; i + lanes <= n; i += lanes) {
        const Vector v = load(x + i, Whole());
        a = hn::MulAdd(v, v, a);
    }
    if (i < n) {
        const Vector v = load(x + i, Part{n - i});
        b = hn::MulAdd(v, v, b);
    }
    return sum_of(hn::Add(hn::Add(a, b), hn::Add(c, e)));
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
