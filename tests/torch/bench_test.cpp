// SPDX-License-Identifier: GPL-3.0-or-later
// The benchmark measures real steps.
#include "engine/training/bench_inner.h"

#include "engine/model/path_model.h"

#include <gtest/gtest.h>

namespace pathloom {
namespace {

TEST(BenchInner, ReportsRatesOfStepsThatTrain)
{
    ModelSpec model;
    model.vocabulary = 256;
    model.d_model = 64;
    model.heads = 2;
    model.blocks = {"full", "window"};
    InnerBenchOptions options{4, 64, 8, "fp32", 1, false, true};
    const auto bench = bench_inner(model, options).value();
    // Rates depend on who else is busy; only their arithmetic is certain.
    EXPECT_GT(bench.tokens_per_second, 0.0);
    EXPECT_NEAR(bench.gflops, bench.tokens_per_second * training_flops_per_token(model, 64) * 1e-9, 1e-9);
    EXPECT_GT(bench.gemm_peak_gflops, 0.0);
    EXPECT_NEAR(bench.fraction_of_peak, bench.gflops / bench.gemm_peak_gflops, 1e-12);
    EXPECT_LT(bench.loss_last, bench.loss_first - 0.05);
    EXPECT_GT(bench.peak_rss_mb, 1.0);
    EXPECT_GT(bench.tile_peak_gflops, 0.0);
    // The profile accounts for all of the time, and for most of it by name.
    double named = 0.0, all = 0.0;
    for (const KernelTime& time : bench.profile) (time.kernel == "everything else" ? all : named) += time.milliseconds;
    all += named;
    EXPECT_GT(named, 0.5 * all);
    options.batch = 0;
    EXPECT_EQ(bench_inner(model, options).error().code, ErrorCode::Usage);
    options.batch = 4, options.precision = "fp8";
    EXPECT_EQ(bench_inner(model, options).error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
