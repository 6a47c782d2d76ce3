// SPDX-License-Identifier: GPL-3.0-or-later
// Helpers for loops that gcc vectorises: run-time dispatch by function clones and a branch-free exponential.
#pragma once

#include <bit>
#include <cstdint>

// One binary runs on any x86-64: each hot loop is compiled three times and the best clone is picked when the program loads.
// Sanitizers instrument the resolvers, which run before their own start-up, so they get the portable loop only.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)                            \
    && !defined(__SANITIZE_THREAD__)
#define PATHLOOM_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define PATHLOOM_CLONES
#endif

namespace pathloom {

/// exp(x), relative error below 1e-7 for |x| <= 87; clamped beyond. Cephes' polynomial after removing multiples of ln 2.
[[gnu::always_inline]] inline float fast_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    const float shifter = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
    const float n = (x * 1.44269504088896341f + shifter) - shifter;
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * std::bit_cast<float>((std::int32_t(n) + 127) << 23);
}

[[gnu::always_inline]] inline float fast_sigmoid(float x)
{
    return 1.0f / (1.0f + fast_exp(-x));
}

[[gnu::always_inline]] inline float fast_tanh(float x)
{
    return 1.0f - 2.0f / (1.0f + fast_exp(2.0f * x));
}

/// Round to nearest even bfloat16, as the upper half of the fp32 pattern.
[[gnu::always_inline]] inline std::uint16_t to_bf16(float x)
{
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
    return std::uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float from_bf16(std::uint16_t x)
{
    return std::bit_cast<float>(std::uint32_t(x) << 16);
}

}  // namespace pathloom
