// SPDX-License-Identifier: GPL-3.0-or-later
// Balancing reaches the sizes asked for and loses little; laying out brings close clusters together.
#include "engine/routing/balance.h"
#include "engine/routing/grid_layout.h"
#include "engine/routing/kmeans.h"
#include "engine/routing/shards.h"
#include "tests/unit/routing/features_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace pathloom {
namespace {

using test::blobs_of;
using test::ids;

/// Scores that prefer low cells: cell 0 would take nearly everything.
std::vector<float> skewed_scores(int rows, int cells, std::uint64_t seed)
{
    Rng rng(seed);
    std::vector<float> out;
    for (int i = 0; i < rows; ++i)
        for (int c = 0; c < cells; ++c) out.push_back(float(rng.normal() - 1.5 * c));
    return out;
}

std::int64_t sum(const std::vector<std::int64_t>& v)
{
    return std::accumulate(v.begin(), v.end(), std::int64_t(0));
}

TEST(Balance, RaisedSizesKeepTheSumAndTheFloor)
{
    const std::vector<std::int64_t> natural{90, 0, 7, 3};
    const auto raised = raised_sizes(natural, 10);
    EXPECT_EQ(sum(raised), 100);
    for (const auto size : raised) EXPECT_GE(size, 10);
    EXPECT_EQ(raised[0], 70);
    EXPECT_EQ(raised_sizes(natural, 0), natural);
    EXPECT_EQ(raised_sizes(natural, 1000), (std::vector<std::int64_t>{25, 25, 25, 25})) << "a floor above an even share is one";
    EXPECT_EQ(sum(raised_sizes(std::vector<std::int64_t>{50, 33, 17, 1, 2}, 11)), 103);
}

TEST(Balance, BiasesReachTheSizesAskedFor)
{
    for (const int cells : {2, 5, 16}) {
        const int rows = 2000;
        const auto scores = skewed_scores(rows, cells, 3);
        const auto natural = sizes_of(cells_of(scores, cells, {}), cells);
        EXPECT_GT(natural[0], rows / cells + rows / 10);
        std::vector<std::int64_t> even(std::size_t(cells), rows / cells);
        even[0] += rows - sum(even);
        const auto bias = fit_bias(scores, cells, even);
        const auto sizes = sizes_of(cells_of(scores, cells, bias), cells);
        for (int c = 0; c < cells; ++c)
            EXPECT_NEAR(double(sizes[std::size_t(c)]), double(even[std::size_t(c)]), 0.02 * rows / cells + 1) << c;
        EXPECT_EQ(*std::ranges::max_element(bias), 0.0f);
        EXPECT_EQ(fit_bias(scores, cells, even), bias) << "the same again";
    }
}

TEST(Balance, BiasesLoseLessScoreThanMovingRowsAtRandom)
{
    const int rows = 600, cells = 4;
    const auto scores = skewed_scores(rows, cells, 5);
    const std::vector<std::int64_t> even(4, 150);
    const auto total = [&](const std::vector<int>& cell_of_row) {
        double out = 0;
        for (int i = 0; i < rows; ++i) out += double(scores[std::size_t(i * cells + cell_of_row[std::size_t(i)])]);
        return out;
    };
    const auto biased = cells_of(scores, cells, fit_bias(scores, cells, even));
    double best_random = -1e9;
    Rng rng(1);
    for (int trial = 0; trial < 200; ++trial) {
        std::vector<int> order;
        for (int i = 0; i < rows; ++i) order.push_back(i % cells);
        rng.shuffle(std::span(order));
        best_random = std::max(best_random, total(order));
    }
    EXPECT_GT(total(biased), best_random + 300);
}

TEST(Balance, RowsThatNoBiasCanPartAreMovedOneByOne)
{
    const int rows = 40, cells = 4;
    std::vector<float> scores(rows * cells, 0.0f);  // all rows alike: a bias moves all or none
    std::vector<int> cell_of_row(rows, 2);
    EXPECT_EQ(fill_cells(scores, cells, {}, 8, cell_of_row), 24);
    EXPECT_THAT(sizes_of(cell_of_row, cells), testing::ElementsAre(8, 8, 16, 8));
    EXPECT_EQ(fill_cells(scores, cells, {}, 8, cell_of_row), 0);
}

ShardRequest request_for(const FeatureMatrix& z, const std::string& router, std::vector<int> modules)
{
    ShardRequest request;
    request.routing.router = router;
    request.modules = std::move(modules);
    request.rows = z.rows;
    for (std::int32_t row = 0; row < z.rows; ++row)
        if (row % 10 != 9) request.train_rows.push_back(row);  // every tenth is held out
    return request;
}

std::vector<std::int64_t> trained(const ShardRequest& request, const Shards& shards)
{
    std::vector<std::int64_t> sizes(std::size_t(request.cells()), 0);
    for (const auto row : request.train_rows) ++sizes[std::size_t(shards.cell_of_row[std::size_t(row)])];
    return sizes;
}

TEST(Shards, NoneIsStarvedAndHeldOutTextIsRoutedByTheSameRouter)
{
    // One blob of 5 is most of the corpus: k-means into 8 gives shards of very different sizes.
    FeatureMatrix z = blobs_of(5, 60, 12, 0.6, 0.0);
    const FeatureMatrix big = blobs_of(1, 900, 12, 0.6, 0.0);
    z.values.insert(z.values.end(), big.values.begin(), big.values.end());
    z.rows += big.rows;
    for (const char* router : {"kmeans", "product-kmeans", "random", "round-robin"})
        for (const double balance : {0.0, 0.5, 1.0}) {
            auto request = request_for(z, router, {2, 4});
            request.routing.balance = balance;
            const Shards shards = fit_shards(request, z).value();
            const auto sizes = trained(request, shards);
            EXPECT_EQ(sum(sizes), std::int64_t(request.train_rows.size()));
            const auto even = double(request.train_rows.size()) / 8;
            EXPECT_GE(double(*std::ranges::min_element(sizes)), std::max(1.0, std::floor(balance * even))) << router << balance;
            const auto routed = shards.router->assign(z, ids(z.rows));
            for (std::int32_t row = 9; row < z.rows; row += 10)
                EXPECT_EQ(shards.cell_of_row[std::size_t(row)], routed[std::size_t(row)]);
        }
}

TEST(Shards, ABalancedCorpusKeepsTheRouterAsItIs)
{
    const FeatureMatrix z = blobs_of(4, 100, 12, 1.0, 0.0);
    const auto request = request_for(z, "kmeans", {2, 2});
    const Shards shards = fit_shards(request, z).value();
    EXPECT_TRUE(shards.router->bias().empty());
    EXPECT_EQ(shards.report.rebalanced, 0);
    EXPECT_EQ(shards.report.moved, 0);
    EXPECT_EQ(shards.report.natural, trained(request, shards));
}

TEST(Shards, OverlapAddsTheNextBestCells)
{
    const FeatureMatrix z = blobs_of(4, 50, 12, 0.3, 0.0);
    auto request = request_for(z, "kmeans", {2, 2});
    request.routing.overlap = 3;
    const Shards shards = fit_shards(request, z).value();
    ASSERT_EQ(shards.extra_cells.size(), 2 * request.train_rows.size());
    for (std::size_t i = 0; i < request.train_rows.size(); ++i) {
        const int own = shards.cell_of_row[std::size_t(request.train_rows[i])];
        const std::set<int> all{own, shards.extra_cells[2 * i], shards.extra_cells[2 * i + 1]};
        EXPECT_EQ(all.size(), 3u);
    }
}

TEST(Shards, FewerSequencesThanPathsAreRefused)
{
    const FeatureMatrix z = blobs_of(1, 5, 4, 1.0, 0.0);
    const auto refused = fit_shards(request_for(z, "round-robin", {3, 3}), z);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Usage);
}

/// k x k clusters on a plane of two independent meanings, handed over in a shuffled order.
std::vector<float> shuffled_plane(int k, std::uint64_t seed)
{
    std::vector<int> order(std::size_t(k * k));
    std::iota(order.begin(), order.end(), 0);
    Rng(seed).shuffle(std::span(order));
    std::vector<float> out;
    for (const int cluster : order) {
        // One-hot rows and columns: two clusters are near when they agree in a row or a column.
        for (int i = 0; i < k; ++i) out.push_back(cluster / k == i ? 1.0f : 0.0f);
        for (int i = 0; i < k; ++i) out.push_back(cluster % k == i ? 1.0f : 0.0f);
    }
    return out;
}

TEST(GridLayout, NeighboursShareModules)
{
    for (const int k : {2, 4, 8}) {
        const std::vector<int> modules{k, k};
        const auto centroids = shuffled_plane(k, 7);
        const GridLayout layout = lay_out(centroids, 2 * k, modules, 1);
        EXPECT_EQ(std::set<int>(layout.cell_of_cluster.begin(), layout.cell_of_cluster.end()).size(), std::size_t(k * k));
        // Perfect: clusters that share a module differ in the other one-hot only, a squared distance of 2; others are 4 apart.
        EXPECT_LE(layout.cost, k < 8 ? 2.0001 : 2.3) << k;
        EXPECT_GT(layout.arbitrary_cost, k == 2 ? 1.99 : 3.0) << k;
        EXPECT_EQ(lay_out(centroids, 2 * k, modules, 1).cell_of_cluster, layout.cell_of_cluster);
        std::printf("%dx%d grid: neighbours %.3f, arbitrary order %.3f\n", k, k, layout.cost, layout.arbitrary_cost);
    }
}

TEST(GridLayout, OneLevelSharesNothingAndStays)
{
    const GridLayout layout = lay_out(shuffled_plane(3, 1), 6, std::vector<int>{9}, 1);
    EXPECT_EQ(layout.cost, 0.0);
    EXPECT_TRUE(std::ranges::is_sorted(layout.cell_of_cluster));
}

TEST(GridLayout, TheRouterSendsEachBlobToItsNewCell)
{
    const FeatureMatrix z = blobs_of(9, 40, 16, 1.0, 0.0);
    auto request = request_for(z, "kmeans", {3, 3});
    const Shards near = fit_shards(request, z).value();
    request.routing.layout = "arbitrary";
    const Shards far = fit_shards(request, z).value();
    EXPECT_LE(near.report.layout_cost, near.report.arbitrary_cost);
    EXPECT_EQ(far.report.layout_cost, 0.0);
    auto sorted = [&](const Shards& shards) {
        auto sizes = trained(request, shards);
        std::ranges::sort(sizes);
        return sizes;
    };
    EXPECT_EQ(sorted(near), sorted(far)) << "the same clusters in other cells";
}

}  // namespace
}  // namespace pathloom
