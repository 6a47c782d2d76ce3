// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/memory_scan.h"

#include "engine/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

std::vector<float> unit_keys(std::size_t rows, std::size_t width, std::uint64_t seed)
{
    Rng rng(seed);
    std::vector<float> keys(rows * width);
    for (std::size_t r = 0; r < rows; ++r) {
        double sum = 0.0;
        for (std::size_t i = 0; i < width; ++i) {
            const double x = rng.normal();
            keys[r * width + i] = float(x);
            sum += x * x;
        }
        for (std::size_t i = 0; i < width; ++i) keys[r * width + i] /= float(std::sqrt(sum));
    }
    return keys;
}

struct Quantised {
    std::vector<std::int8_t> keys;
    std::vector<std::uint16_t> scales;
    Quantised(const std::vector<float>& from, std::size_t width)
        : keys(from.size() / width * key_stride(width))
        , scales(from.size() / width)
    {
        quantise_keys(from, width, keys.data(), scales.data());
    }
    [[nodiscard]] KeyRun run(std::size_t width, std::size_t first, std::size_t count) const
    {
        return {keys.data() + first * key_stride(width), scales.data() + first, count};
    }
};

TEST(MemoryScan, QuantisedKeysStayNearTheirValues)
{
    for (const std::size_t width : {4u, 63u, 64u, 65u, 128u}) {
        const auto keys = unit_keys(50, width, 1);
        const Quantised q(keys, width);
        for (std::size_t r = 0; r < 50; ++r) {
            const float scale = float(q.scales[r]) * KeyScaleUnit;
            for (std::size_t i = 0; i < width; ++i)
                EXPECT_NEAR(float(q.keys[r * key_stride(width) + i]) * scale, keys[r * width + i], 0.51f * scale);
        }
    }
    std::vector<float> zero(8, 0.0f);  // a key of zeros is no key, but it must not divide by zero
    EXPECT_EQ(Quantised(zero, 8).keys[0], 0);
}

TEST(MemoryScan, EveryInstructionSetGivesTheSameHits)
{
    for (const std::size_t width : {4u, 60u, 64u, 100u, 128u, 132u}) {
        for (const std::size_t rows : {1u, 2u, 15u, 511u, 512u, 513u, 3001u}) {
            const auto keys = unit_keys(rows, width, 2);
            const Quantised q(keys, width);
            const auto query = unit_keys(1, width, 3);
            const std::vector<KeyRun> runs{q.run(width, 0, rows)};
            ScanOptions options;
            options.target = ScanTarget::Portable;
            const auto wanted = scan_keys(runs, query, width, options);
            ASSERT_EQ(wanted.size(), std::min<std::size_t>(rows, options.top));
            for (const ScanTarget target : {ScanTarget::Avx2, ScanTarget::Avx512Vnni, ScanTarget::Best}) {
                if (!scan_supported(target)) continue;
                options.target = target;
                EXPECT_EQ(scan_keys(runs, query, width, options), wanted) << "width " << width << " rows " << rows;
            }
        }
    }
}

TEST(MemoryScan, ThreadsAndRunsDoNotChangeTheHits)
{
    constexpr std::size_t width = 64, rows = 150001;
    const Quantised q(unit_keys(rows, width, 4), width);
    const auto query = unit_keys(1, width, 5);
    const std::vector<KeyRun> one{q.run(width, 0, rows)};
    const std::vector<KeyRun> three{q.run(width, 0, 70001), q.run(width, 70001, 3), q.run(width, 70004, rows - 70004)};
    ScanOptions options;
    options.threads = 1;
    const auto wanted = scan_keys(one, query, width, options);
    EXPECT_EQ(scan_keys(three, query, width, options), wanted);
    options.threads = 2;
    EXPECT_EQ(scan_keys(one, query, width, options), wanted);
    options.threads = 5;
    EXPECT_EQ(scan_keys(three, query, width, options), wanted);
}

TEST(MemoryScan, FindsTheTrueNearestAmongAll)
{
    constexpr std::size_t width = 128, rows = 20000;
    auto keys = unit_keys(rows, width, 6);
    const auto query = unit_keys(1, width, 7);
    for (std::size_t i = 0; i < width; ++i) keys[12345 * width + i] = query[i];
    const Quantised q(keys, width);
    const std::vector<KeyRun> runs{q.run(width, 0, rows)};
    const auto hits = scan_keys(runs, query, width, {});
    ASSERT_EQ(hits.size(), 16u);
    EXPECT_EQ(hits[0].row, 12345);
    EXPECT_NEAR(hits[0].score, 1.0f, 0.005f);
    std::vector<std::pair<float, std::int64_t>> exact;
    for (std::size_t r = 0; r < rows; ++r) {
        float sum = 0.0f;
        for (std::size_t i = 0; i < width; ++i) sum += query[i] * keys[r * width + i];
        exact.emplace_back(-sum, std::int64_t(r));
    }
    std::ranges::sort(exact);
    int same = 0;
    for (std::size_t i = 0; i < 16; ++i) same += std::ranges::find(hits, exact[i].second, &ScanHit::row) != hits.end() ? 1 : 0;
    EXPECT_GE(same, 15);  // int8 may swap the last with the seventeenth
}

TEST(MemoryScan, EqualScoresKeepTheOrderOfTheDocument)
{
    constexpr std::size_t width = 64, rows = 5000;
    const auto one = unit_keys(1, width, 8);
    std::vector<float> keys;
    for (std::size_t r = 0; r < rows; ++r) keys.insert(keys.end(), one.begin(), one.end());
    const Quantised q(keys, width);
    const std::vector<KeyRun> runs{q.run(width, 0, rows)};
    const auto hits = scan_keys(runs, one, width, {});
    for (std::size_t i = 0; i < hits.size(); ++i) EXPECT_EQ(hits[i].row, std::int64_t(i));
    EXPECT_TRUE(scan_keys({}, one, width, {}).empty());
}

}  // namespace
}  // namespace pathloom
