// SPDX-License-Identifier: GPL-3.0-or-later
// The benchmarks of a memory measure real encoding and real scans.
#include "engine/probe/bench_memory.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

namespace pathloom {
namespace {

void check_report(const MemoryBench& bench)
{
    const BenchReport report = describe(bench);
    const auto json = nlohmann::json::parse(report.json);
    const double rate = json["tokens_per_second"], gflops = json["gflops"], peak = json["gemm_peak_gflops"];
    EXPECT_NEAR(rate * median(bench.seconds), double(bench.items), 1e-6 * double(bench.items));
    EXPECT_NEAR(gflops, rate * bench.flops_per_item * 1e-9, 1e-9 * gflops);
    EXPECT_GT(peak, 0.0);
    EXPECT_NEAR(json["fraction_of_peak"].get<double>(), gflops / peak, 1e-9);
    EXPECT_GT(json["peak_rss_mb"].get<double>(), 1.0);
    EXPECT_THAT(report.table, testing::HasSubstr(bench.name));
}

TEST(BenchMemory, PrefillEncodesEveryRepeatAnew)
{
    PrefillBenchOptions options;
    options.tokens = 700, options.repeats = 2;
    const MemoryBench bench = bench_prefill(options).value();
    ASSERT_EQ(bench.seconds.size(), 2U);
    EXPECT_GT(bench.flops_per_item, 1e5);
    check_report(bench);
    options.tokens = 1;
    EXPECT_EQ(bench_prefill(options).error().code, ErrorCode::Usage);
    options.tokens = 700, options.model = "/nonexistent";
    EXPECT_FALSE(bench_prefill(options));
}

TEST(BenchMemory, ScanFindsItsHits)
{
    const MemoryBench bench = bench_scan({20'000, 128, 2, 3}).value();
    EXPECT_EQ(bench.seconds.size(), 3U);
    EXPECT_EQ(bench.flops_per_item, 256.0);
    EXPECT_EQ(bench.bytes_per_item, 130.0);
    check_report(bench);
}

}  // namespace
}  // namespace pathloom
