// SPDX-License-Identifier: GPL-3.0-or-later
// A block of 64 values goes through vectors of whatever width; only exact or correctly rounded operations, none fused.
#include "engine/training/codec_blocks.h"

#include "engine/model/kernels/dispatch.h"

#include <algorithm>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/training/codec_blocks.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {

/// Bit pattern of the largest |x| of n values, a multiple of the vector's width: positive floats order like their patterns, and
/// infinities and NaNs come last.
std::uint32_t LargestPattern(const float* x, std::size_t n)
{
    const Lanes d;
    const hn::RebindToSigned<Lanes> bits;
    const auto mask = hn::Set(bits, 0x7fffffff);
    auto largest = hn::Zero(bits);
    for (std::size_t i = 0; i < n; i += hn::Lanes(d))
        largest = hn::Max(largest, hn::And(hn::BitCast(bits, hn::LoadU(d, x + i)), mask));
    return std::uint32_t(hn::GetLane(hn::MaxOfLanes(bits, largest)));
}

/// One block: q = round(x inverse), or floor for the codec without a zero, within low .. high.
void QuantiseBlock(const float* x, float inverse, int low, int high, bool floor, std::int8_t* q)
{
    const Lanes d;
    const hn::RebindToSigned<Lanes> whole;
    const hn::Rebind<std::int8_t, Lanes> byte;
    const auto scale = hn::Set(d, inverse);
    const auto least = hn::Set(whole, low), most = hn::Set(whole, high);
    for (std::size_t i = 0; i < std::size_t(codec_block); i += hn::Lanes(d)) {
        const Vector v = hn::Mul(hn::LoadU(d, x + i), scale);
        const auto n = floor ? hn::ConvertTo(whole, hn::Floor(v)) : hn::NearestInt(v);
        hn::StoreU(hn::DemoteTo(byte, hn::Min(hn::Max(n, least), most)), byte, q + i);
    }
}

void RestoreBlock(const std::int8_t* q, float half, float scale, float* y)
{
    const Lanes d;
    const hn::RebindToSigned<Lanes> whole;
    const hn::Rebind<std::int8_t, Lanes> byte;
    const auto shift = hn::Set(d, half), s = hn::Set(d, scale);
    for (std::size_t i = 0; i < std::size_t(codec_block); i += hn::Lanes(d)) {
        const Vector v = hn::ConvertTo(d, hn::PromoteTo(whole, hn::LoadU(byte, q + i)));
        hn::StoreU(hn::Mul(hn::Add(v, shift), s), d, y + i);
    }
}

void RoundToBf16(const float* x, std::size_t n, std::uint16_t* y)
{
    const Lanes d;
    const hn::RebindToUnsigned<Lanes> bits;
    const hn::RebindToSigned<Lanes> whole;
    const hn::Rebind<std::uint16_t, Lanes> half;
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE {
        // Not the CPU's own conversion, which takes denormals for zero.
        const auto v = hn::BitCast(bits, load(x + i, part));
        const auto odd = hn::And(hn::ShiftRight<16>(v), hn::Set(bits, 1u));
        const auto rounded = hn::ShiftRight<16>(hn::Add(hn::Add(v, hn::Set(bits, 0x7fffu)), odd));
        std::uint16_t out[HWY_MAX_BYTES / sizeof(float)];
        hn::StoreU(hn::DemoteTo(half, hn::BitCast(whole, rounded)), half, out);
        std::memcpy(y + i, out, std::min(hn::Lanes(d), n - i) * sizeof(std::uint16_t));
    });
}

void WidenBf16(const std::uint16_t* x, std::size_t n, float* y)
{
    const auto* halves = reinterpret_cast<const Bf16*>(x);
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { store(load(halves + i, part), y + i, part); });
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
HWY_EXPORT(LargestPattern);
HWY_EXPORT(QuantiseBlock);
HWY_EXPORT(RestoreBlock);
HWY_EXPORT(RoundToBf16);
HWY_EXPORT(WidenBf16);

namespace {

constexpr auto Block = std::size_t(codec_block);
constexpr std::uint32_t TooLarge = 0x7f000000u;  // 2^127: a scale that is rounded up could overflow; and all that is not finite
constexpr float SmallestScale = 0x1p-100f;  // its inverse is still a number

struct Levels {
    int low, high;
    float divisor;  ///< largest |x| over the scale
    bool floor;
    float half;  ///< added to a code before the scale
};
Levels levels_of(Codec codec)
{
    if (codec == Codec::Int8) return {-127, 127, 127.0f, false, 0.0f};
    if (codec == Codec::Int4) return {-7, 7, 7.0f, false, 0.0f};
    return {-2, 1, 2.0f, true, 0.5f};
}

std::uint16_t scale_above(float value)
{
    return std::uint16_t((std::bit_cast<std::uint32_t>(std::max(value, SmallestScale)) + 0xffffu) >> 16);
}
float scale_value(std::uint16_t scale)
{
    return std::bit_cast<float>(std::uint32_t(scale) << 16);
}

void pack(Codec codec, const std::int8_t* q, std::uint8_t* codes)
{
    if (codec == Codec::Int8) {
        std::memcpy(codes, q, Block);
    } else if (codec == Codec::Int4) {
        for (std::size_t j = 0; j < Block / 2; ++j)
            codes[j] = std::uint8_t(unsigned(q[j] + 8) | (unsigned(q[j + Block / 2] + 8) << 4));
    } else {
        for (std::size_t j = 0; j < Block / 4; ++j)
            codes[j] = std::uint8_t(unsigned(q[j] + 2) | (unsigned(q[j + Block / 4] + 2) << 2)
                | (unsigned(q[j + Block / 2] + 2) << 4) | (unsigned(q[j + 3 * Block / 4] + 2) << 6));
    }
}

void unpack(Codec codec, const std::uint8_t* codes, std::int8_t* q)
{
    if (codec == Codec::Int8) {
        std::memcpy(q, codes, Block);
    } else if (codec == Codec::Int4) {
        for (std::size_t j = 0; j < Block / 2; ++j) {
            q[j] = std::int8_t(int(codes[j] & 15) - 8);
            q[j + Block / 2] = std::int8_t(int(codes[j] >> 4) - 8);
        }
    } else {
        for (std::size_t j = 0; j < Block / 4; ++j)
            for (std::size_t part = 0; part < 4; ++part)
                q[j + part * Block / 4] = std::int8_t(int((codes[j] >> (2 * part)) & 3) - 2);
    }
}

}  // namespace

bool encode_blocks(Codec codec, const float* x, std::size_t n, std::uint8_t* codes, std::uint16_t* scales)
{
    const Levels levels = levels_of(codec);
    const auto largest_pattern = PATHLOOM_DISPATCH(LargestPattern);
    const auto quantise = PATHLOOM_DISPATCH(QuantiseBlock);
    const auto bytes = std::size_t(codec_block_bytes(codec));
    float padded[Block];
    std::int8_t q[Block];
    for (std::size_t i = 0, b = 0; i < n; i += Block, ++b) {
        const float* block = x + i;
        if (n - i < Block) {
            std::fill_n(padded, Block, 0.0f);
            std::copy_n(x + i, n - i, padded);
            block = padded;
        }
        const std::uint32_t largest = largest_pattern(block, Block);
        if (largest >= TooLarge) return false;
        scales[b] = largest == 0 ? std::uint16_t(0) : scale_above(std::bit_cast<float>(largest) / levels.divisor);
        quantise(block, largest == 0 ? 0.0f : 1.0f / scale_value(scales[b]), levels.low, levels.high, levels.floor, q);
        pack(codec, q, codes + b * bytes);
    }
    return true;
}

void decode_blocks(Codec codec, const std::uint8_t* codes, const std::uint16_t* scales, std::size_t n, float* y)
{
    const Levels levels = levels_of(codec);
    const auto restore = PATHLOOM_DISPATCH(RestoreBlock);
    const auto bytes = std::size_t(codec_block_bytes(codec));
    std::int8_t q[Block];
    float padded[Block];
    for (std::size_t i = 0, b = 0; i < n; i += Block, ++b) {
        unpack(codec, codes + b * bytes, q);
        const bool whole = n - i >= Block;
        restore(q, levels.half, scale_value(scales[b]), whole ? y + i : padded);
        if (!whole) std::copy_n(padded, n - i, y + i);
    }
}

bool encode_bf16(const float* x, std::size_t n, std::uint16_t* codes)
{
    PATHLOOM_DISPATCH(RoundToBf16)(x, n, codes);
    return std::all_of(codes, codes + n, [](std::uint16_t code) { return (code & 0x7f80u) != 0x7f80u; });
}

void decode_bf16(const std::uint16_t* codes, std::size_t n, float* y)
{
    PATHLOOM_DISPATCH(WidenBf16)(codes, n, y);
}

}  // namespace pathloom
#endif
