// SPDX-License-Identifier: GPL-3.0-or-later
// Codecs of pseudo-gradients against a plain reference, on every instruction set of this CPU, and what must hold for any values.
#include "engine/training/codec.h"

#include "engine/core/rng.h"
#include "engine/model/kernels/targets.h"
#include "engine/training/codec_blocks.h"
#include "engine/training/outer.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

namespace pathloom {
namespace {

using Values = std::vector<float>;
constexpr Codec Integers[] = {Codec::Int8, Codec::Int4, Codec::Int2};
constexpr Codec Lossy[] = {Codec::Bf16, Codec::Int8, Codec::Int4, Codec::Int2};

/// Noise whose size differs from block to block, with zeros among it.
Values noise(std::size_t n, std::uint64_t seed)
{
    Rng rng(seed);
    Values out(n);
    for (std::size_t i = 0; i < n; ++i)
        out[i] = rng.below(9) == 0 ? 0.0f : float(rng.normal() * std::pow(10.0, double((i / 64) % 12) - 9.0));
    return out;
}

float value_of(std::uint16_t half)
{
    return std::bit_cast<float>(std::uint32_t(half) << 16);
}

/// The formulas of codec_blocks.h, one value after the other.
struct Plain {
    std::vector<int> q;
    Values scales, decoded;
};
Plain plain(Codec codec, const Values& x)
{
    Plain out;
    for (std::size_t begin = 0; begin < x.size(); begin += 64) {
        const std::size_t end = std::min(x.size(), begin + 64);
        float largest = 0;
        for (std::size_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(x[i]));
        const float divisor = codec == Codec::Int8 ? 127.0f : codec == Codec::Int4 ? 7.0f : 2.0f;
        float scale = std::max(largest / divisor, std::ldexp(1.0f, -100));
        const auto cut = std::bit_cast<std::uint32_t>(scale) & 0xffff0000u;
        if (std::bit_cast<float>(cut) < scale) scale = std::bit_cast<float>(cut + 0x10000u);
        if (largest == 0) scale = 0;
        out.scales.push_back(scale);
        const float inverse = scale == 0 ? 0.0f : 1.0f / scale;
        for (std::size_t i = begin; i < end; ++i) {
            int q = 0;
            if (codec == Codec::Int2)
                q = std::clamp(int(std::floor(x[i] * inverse)), -2, 1);
            else
                q = std::clamp(int(std::nearbyint(x[i] * inverse)), -int(divisor), int(divisor));
            out.q.push_back(q);
            out.decoded.push_back((float(q) + (codec == Codec::Int2 ? 0.5f : 0.0f)) * scale);
        }
    }
    return out;
}

int stored(Codec codec, const std::vector<std::uint8_t>& codes, std::size_t i)
{
    const std::size_t block = i / 64, j = i % 64;
    if (codec == Codec::Int8) return std::int8_t(codes[i]);
    if (codec == Codec::Int4) return int((codes[block * 32 + j % 32] >> (4 * (j / 32))) & 15) - 8;
    return int((codes[block * 16 + j % 16] >> (2 * (j / 16))) & 3) - 2;
}

struct EachTarget : testing::Test {
    void TearDown() override { use_simd_target(simd_targets().front()); }
};

TEST_F(EachTarget, GivesThePlainReferencesBytes)
{
    for (const std::string& target : simd_targets()) {
        ASSERT_TRUE(use_simd_target(target));
        for (const Codec codec : Integers) {
            for (const std::size_t n : {1U, 63U, 64U, 65U, 127U, 1000U}) {
                const Values x = noise(n, n);
                const std::size_t blocks = (n + 63) / 64;
                std::vector<std::uint8_t> codes(blocks * std::size_t(codec_block_bytes(codec)));
                std::vector<std::uint16_t> scales(blocks);
                ASSERT_TRUE(encode_blocks(codec, x.data(), n, codes.data(), scales.data()));
                Values y(n);
                decode_blocks(codec, codes.data(), scales.data(), n, y.data());
                const Plain wanted = plain(codec, x);
                for (std::size_t b = 0; b < blocks; ++b) ASSERT_EQ(value_of(scales[b]), wanted.scales[b]) << target << " " << b;
                for (std::size_t i = 0; i < n; ++i) {
                    ASSERT_EQ(stored(codec, codes, i), wanted.q[i]) << target << " " << codec_name(codec) << " " << i;
                    ASSERT_EQ(y[i], wanted.decoded[i]) << target << " " << codec_name(codec) << " " << i;
                }
            }
        }
        Values x = noise(1001, 5);
        x[3] = 1e-40f;  // a denormal stays what it is
        std::vector<std::uint16_t> halves(x.size());
        ASSERT_TRUE(encode_bf16(x.data(), x.size(), halves.data()));
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float low = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x[i]) & 0xffff0000u);
            const float high = std::bit_cast<float>((std::bit_cast<std::uint32_t>(x[i]) & 0xffff0000u) + 0x10000u);
            const float got = value_of(halves[i]);
            ASSERT_TRUE(got == low || got == high);
            ASSERT_LE(std::fabs(double(got) - x[i]), std::fabs(double(got == low ? high : low) - x[i])) << target << " " << i;
        }
        EXPECT_EQ(halves[3], 1U) << target;
    }
}

struct CodecBlob : testing::Test {
    /// A module of three tensors of odd sizes.
    static std::vector<TensorView> views(const Values& x)
    {
        const auto all = std::span(x);
        const std::size_t a = x.size() / 3, b = x.size() / 2;
        return {{"a", DType::F32, {std::int64_t(a)}, std::as_bytes(all.first(a))},
            {"b", DType::F32, {std::int64_t(b - a), 1}, std::as_bytes(all.subspan(a, b - a))},
            {"c", DType::F32, {1, std::int64_t(x.size() - b)}, std::as_bytes(all.subspan(b))}};
    }
    static Values decoded(Codec codec, const std::vector<std::byte>& bytes, const Values& like)
    {
        const Safetensors blob = Safetensors::parse(bytes).value();
        const DecodedDelta delta = decode_delta(codec, blob, views(like), "delta").value();
        Values out;
        for (const auto& tensor : delta.tensors) out.insert(out.end(), tensor.begin(), tensor.end());
        return out;
    }
};

TEST_F(CodecBlob, LosesAtMostHalfAStepAndSaysWhat)
{
    for (const std::size_t n : {3U, 100U, 777U, 5000U}) {
        const Values x = noise(n, n + 1);
        for (const Codec codec : Lossy) {
            Values lost;
            const auto bytes = encode_delta(codec, views(x), &lost).value();
            const Values y = decoded(codec, bytes, x);
            ASSERT_EQ(y.size(), n);
            ASSERT_EQ(lost.size(), n);
            const double steps = codec == Codec::Int8 ? 127 : codec == Codec::Int4 ? 7 : 2;
            for (std::size_t i = 0; i < n; ++i) {
                EXPECT_EQ(lost[i], x[i] - y[i]);
                if (codec == Codec::Bf16) {
                    EXPECT_LE(std::fabs(lost[i]), std::fabs(x[i]) / 256);
                    continue;
                }
                const std::size_t first = i < n / 3 ? 0
                    : i < n / 2                     ? n / 3
                                                    : n / 2,
                                  last = i < n / 3 ? n / 3
                    : i < n / 2                    ? n / 2
                                                   : n;
                const std::size_t begin = first + (i - first) / 64 * 64;
                double largest = 0;
                for (std::size_t j = begin; j < std::min(last, begin + 64); ++j)
                    largest = std::max(largest, double(std::fabs(x[j])));
                EXPECT_LE(std::fabs(double(lost[i])), 0.5 * largest / steps * 1.0079 + 1e-30) << codec_name(codec) << " " << i;
            }
        }
        EXPECT_EQ(decoded(Codec::Fp32, encode_delta(Codec::Fp32, views(x)).value(), x), x);
    }
}

TEST_F(CodecBlob, TakesTheBytesThatTheEstimateCounts)
{
    const Values x = noise(12000, 3);
    for (const Codec codec : {Codec::Fp32, Codec::Bf16, Codec::Int8, Codec::Int4, Codec::Int2}) {
        std::int64_t wanted = 0;
        for (const TensorView& view : views(x)) wanted += codec_bytes(codec, view.elements());
        const auto size = std::int64_t(encode_delta(codec, views(x)).value().size());
        EXPECT_GE(size, wanted) << codec_name(codec);
        EXPECT_LE(size, wanted + 512) << codec_name(codec) << ": a header";
    }
    EXPECT_EQ(codec_bytes(Codec::Int4, 64), 34);
    EXPECT_EQ(codec_bytes(Codec::Int2, 65), 36);
}

TEST_F(CodecBlob, KeepsZerosAndTinyValues)
{
    Values x(200, 0.0f);
    for (const Codec codec : Lossy) {
        Values lost;
        EXPECT_EQ(decoded(codec, encode_delta(codec, views(x), &lost).value(), x), x) << codec_name(codec);
        EXPECT_EQ(lost, x);
    }
    x[7] = std::numeric_limits<float>::denorm_min();
    x[100] = 1.7e38f;
    for (const Codec codec : Integers)
        for (const float y : decoded(codec, encode_delta(codec, views(x)).value(), x)) EXPECT_TRUE(std::isfinite(y));
}

TEST_F(CodecBlob, RefusesWhatIsNotFinite)
{
    for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
             std::numeric_limits<float>::quiet_NaN()})
        for (const std::size_t at : {0U, 99U, 199U}) {
            Values x(200, 0.5f);
            x[at] = bad;
            for (const Codec codec : Lossy) {
                const auto refused = encode_delta(codec, views(x));
                ASSERT_FALSE(refused) << codec_name(codec);
                EXPECT_THAT(refused.error().message, testing::HasSubstr("not finite"));
            }
        }
}

TEST_F(CodecBlob, RefusesWhatAScaleCouldNotHold)
{
    Values x(200, 0.5f);
    x[11] = std::numeric_limits<float>::max();
    for (const Codec codec : Integers) EXPECT_FALSE(encode_delta(codec, views(x))) << codec_name(codec);
}

TEST_F(CodecBlob, RefusesAnotherCodecAndAnotherModule)
{
    const Values x = noise(300, 1), longer = noise(301, 1);
    const auto bytes = encode_delta(Codec::Int4, views(x)).value();
    const Safetensors blob = Safetensors::parse(bytes).value();
    for (const Codec codec : {Codec::Fp32, Codec::Bf16, Codec::Int8, Codec::Int2})
        EXPECT_EQ(decode_delta(codec, blob, views(x), "path 3").error().code, ErrorCode::Corrupt) << codec_name(codec);
    EXPECT_THAT(
        decode_delta(Codec::Int8, blob, views(x), "path 3").error().message, testing::StartsWith("path 3 is not written"));
    EXPECT_EQ(decode_delta(Codec::Int4, blob, views(longer), "path 3").error().code, ErrorCode::Corrupt);
    EXPECT_EQ(parse_codec("int3").error().code, ErrorCode::Unsupported);
    EXPECT_EQ(parse_codec("").value(), Codec::Fp32);
}

/// With error feedback the sum of what arrives follows the sum of what was meant: nothing is lost for good.
TEST_F(CodecBlob, ErrorFeedbackLosesNothingForGood)
{
    const std::size_t n = 500;
    for (const Codec codec : Integers) {
        Values residual(n, 0.0f), lost;
        std::vector<double> meant(n, 0), arrived(n, 0);
        for (std::uint64_t phase = 0; phase < 30; ++phase) {
            Values x(n);
            Rng rng(phase);
            for (std::size_t i = 0; i < n; ++i) {
                x[i] = float(rng.normal() + 0.3);
                meant[i] += x[i];
                x[i] += residual[i];
            }
            const Values y = decoded(codec, encode_delta(codec, views(x), &lost).value(), x);
            residual = lost;
            for (std::size_t i = 0; i < n; ++i) arrived[i] += y[i];
        }
        for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(arrived[i] + residual[i], meant[i], 1e-3) << codec_name(codec);
    }
}

TEST_F(CodecBlob, AModuleStepsWithWhatArrives)
{
    test::TemporaryFolder folder;
    const auto save = [&](const std::string& name, const std::vector<std::byte>& bytes) {
        const auto file = folder.path() / name;
        std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
        return file;
    };
    const Values theta = noise(300, 9), a = noise(300, 10), b = noise(300, 11);
    const auto module = save("module", write_safetensors(views(theta)));
    for (const Codec codec : Lossy) {
        OuterSpec outer;
        outer.codec = codec_name(codec);
        const Contribution coded[] = {{0, save("a", encode_delta(codec, views(a)).value()), 0.5},
            {1, save("b", encode_delta(codec, views(b)).value()), 0.5}};
        const auto stepped = outer_step(outer, module, std::nullopt, coded).value();
        const Values da = decoded(codec, encode_delta(codec, views(a)).value(), a);
        const Values db = decoded(codec, encode_delta(codec, views(b)).value(), b);
        const Contribution plain_ones[]
            = {{0, save("da", write_safetensors(views(da))), 0.5}, {1, save("db", write_safetensors(views(db))), 0.5}};
        outer.codec = "fp32";
        EXPECT_EQ(stepped.module, outer_step(outer, module, std::nullopt, plain_ones).value().module) << codec_name(codec);
        EXPECT_THAT(outer_step(outer, module, std::nullopt, coded).error().message, testing::HasSubstr("path 0"));
    }
}

}  // namespace
}  // namespace pathloom
