// SPDX-License-Identifier: GPL-3.0-or-later
// The discriminative router: learns labels that a plane can tell apart, reads back, refuses nonsense.
#include "engine/routing/linear_router.h"
#include "engine/routing/shards.h"
#include "tests/unit/routing/features_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

using test::blobs_of;
using test::ids;

TEST(LinearRouter, LearnsLabelsThatCentroidsWouldNot)
{
    // The label is the sign of one quiet column beside loud ones.
    Rng rng(3);
    FeatureMatrix z{{}, 600, 10};
    std::vector<int> labels;
    for (int i = 0; i < 600; ++i) {
        const double quiet = rng.normal();
        for (int j = 0; j < 9; ++j) z.values.push_back(float(50.0 * rng.normal() + 1000.0));
        z.values.push_back(float(0.01 * quiet));
        labels.push_back(quiet > 0 ? 2 : 0);
    }
    LinearFit fit;
    const auto router = fit_linear_router(z, labels, 3, &fit).value();
    const auto cells = router->assign(z, ids(600));
    int right = 0;
    for (int i = 0; i < 600; ++i) right += cells[std::size_t(i)] == labels[std::size_t(i)] ? 1 : 0;
    EXPECT_GT(right, 580);
    EXPECT_GT(fit.held_out_accuracy, 0.93);
    EXPECT_LT(fit.held_out_nll, 0.25);
    EXPECT_EQ(std::ranges::count(cells, 1), 0) << "nobody was labelled 1";
    const auto again = fit_linear_router(z, labels, 3).value();
    EXPECT_EQ(again->serialise(), router->serialise());
    const auto loaded = load_router(router->serialise()).value();
    EXPECT_EQ(loaded->kind(), "discriminative");
    EXPECT_EQ(loaded->assign(z, ids(600)), cells);
    EXPECT_EQ(loaded->serialise(), router->serialise());
}

TEST(LinearRouter, NoiseIsNotLearned)
{
    Rng rng(5);
    FeatureMatrix z = blobs_of(1, 200, 40, 0.0, 0.0);
    std::vector<int> labels;
    for (int i = 0; i < 200; ++i) labels.push_back(int(rng.below(4)));
    LinearFit fit;
    const auto router = fit_linear_router(z, labels, 4, &fit).value();
    EXPECT_EQ(fit.penalty, 1.0) << "the strongest penalty predicts noise best";
    EXPECT_LT(fit.held_out_nll, 1.1 * std::log(4.0));
}

TEST(LinearRouter, BiasesMatchTheTargetSizes)
{
    const FeatureMatrix z = blobs_of(4, 200, 12, 0.5, 0.0);
    std::vector<int> labels;
    for (int i = 0; i < 800; ++i) labels.push_back(i % 4 == 3 ? 2 : i % 4);  // no row of the router's data is best with path 3
    ShardRequest request;
    request.routing.router = "discriminative";
    request.routing.balance = 0.2;
    request.modules = {2, 2};
    request.rows = 800;
    request.train_rows = ids(800);
    const std::vector<std::int64_t> targets{200, 200, 400, 0};
    const Shards shards = balance_shards(fit_linear_router(z, labels, 4).value(), request, z, targets).value();
    std::vector<std::int64_t> sizes(4, 0);
    for (const int cell : shards.cell_of_row) ++sizes[std::size_t(cell)];
    EXPECT_EQ(shards.report.natural[3], 0) << "without the bias path 3 would go empty";
    EXPECT_GE(sizes[3], 40);
    EXPECT_NEAR(double(sizes[2]), 380.0, 30.0);
}

TEST(LinearRouter, RefusesWhatItCannotFit)
{
    FeatureMatrix z = blobs_of(2, 10, 4, 1.0, 0.0);
    EXPECT_EQ(fit_linear_router(z, std::vector<int>(19, 0), 2).error().code, ErrorCode::Usage);
    EXPECT_EQ(fit_linear_router(z, std::vector<int>(20, 2), 2).error().code, ErrorCode::Usage);
    EXPECT_EQ(fit_linear_router({}, {}, 2).error().code, ErrorCode::Usage);
    z.values[3] = NAN;
    EXPECT_EQ(fit_linear_router(z, std::vector<int>(20, 1), 2).error().code, ErrorCode::Failed);
}

TEST(Softmax, IsADistributionWhateverTheScale)
{
    const std::vector<float> scores{1000.0f, 1001.0f, -5000.0f};
    const auto p = softmax(scores);
    EXPECT_NEAR(p[0] + p[1] + p[2], 1.0, 1e-12);
    EXPECT_NEAR(p[1] / p[0], std::exp(1.0), 1e-9);
    EXPECT_EQ(p[2], 0.0);
}

}  // namespace
}  // namespace pathloom
