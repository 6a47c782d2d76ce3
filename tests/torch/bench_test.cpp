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
    const auto bench = bench_inner(model, 4, 64, 8, "fp32").value();
    // Rates depend on who else is busy; only their arithmetic is certain.
    EXPECT_GT(bench.tokens_per_second, 0.0);
    EXPECT_NEAR(bench.gflops, bench.tokens_per_second * training_flops_per_token(model, 64) * 1e-9, 1e-9);
    EXPECT_GT(bench.gemm_peak_gflops, 0.0);
    EXPECT_NEAR(bench.fraction_of_peak, bench.gflops / bench.gemm_peak_gflops, 1e-12);
    EXPECT_LT(bench.loss_last, bench.loss_first - 0.05);
    EXPECT_GT(bench.peak_rss_mb, 1.0);
    EXPECT_EQ(bench_inner(model, 0, 64, 8, "fp32").error().code, ErrorCode::Usage);
    EXPECT_EQ(bench_inner(model, 4, 64, 8, "fp8").error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
