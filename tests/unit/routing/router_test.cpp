// SPDX-License-Identifier: GPL-3.0-or-later
// Routers: separable clusters are found, bytes are a function of the seed, hostile inputs are refused.
#include "engine/routing/kmeans.h"
#include "engine/routing/router.h"
#include "engine/store/safetensors.h"
#include "tests/unit/routing/features_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace pathloom {
namespace {

using test::blobs_of;
using test::ids;

void expect_blobs(const std::vector<int>& cells, int blobs)
{
    std::set<int> used;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        EXPECT_EQ(cells[i], cells[i % std::size_t(blobs)]) << "row " << i;
        used.insert(cells[i]);
    }
    EXPECT_EQ(int(used.size()), blobs);
}

TEST(KMeansRouter, FindsSeparableBlobsForEverySeed)
{
    const FeatureMatrix z = blobs_of(8, 40, 19, 1.0, 0.0);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto router = fit_router("kmeans", z, 8, seed).value();
        EXPECT_EQ(router->cells(), 8);
        expect_blobs(router->assign(z, ids(z.rows)), 8);
    }
}

// Hidden states share one large direction; without centring, normalised rows would all look alike.
TEST(KMeansRouter, SeesThroughALargeCommonComponent)
{
    const FeatureMatrix z = blobs_of(4, 50, 32, 1.0, 3000.0);
    expect_blobs(fit_router("kmeans", z, 4, 5).value()->assign(z, ids(z.rows)), 4);
}

TEST(KMeansRouter, SameSeedSameBytesAndTheBlobRoutesAlike)
{
    const FeatureMatrix z = blobs_of(5, 30, 17, 0.1, 1.0);  // overlapping: labels depend on the details
    const auto a = fit_router("kmeans", z, 7, 11).value(), b = fit_router("kmeans", z, 7, 11).value();
    EXPECT_EQ(a->serialise(), b->serialise());
    EXPECT_NE(a->serialise(), fit_router("kmeans", z, 7, 12).value()->serialise());
    const auto bytes = a->serialise();
    const auto loaded = load_router(bytes).value();
    EXPECT_EQ(loaded->kind(), "kmeans");
    EXPECT_EQ(loaded->cells(), 7);
    EXPECT_EQ(loaded->serialise(), bytes);
    const FeatureMatrix other = blobs_of(5, 30, 17, 0.1, 1.0, 2);
    EXPECT_EQ(loaded->assign(other, ids(other.rows)), a->assign(other, ids(other.rows)));
}

TEST(KMeansRouter, RefusesMoreCellsThanRowsAndBrokenFeatures)
{
    FeatureMatrix z = blobs_of(3, 1, 4, 1.0, 0.0);
    const auto few = fit_router("kmeans", z, 4, 1);
    ASSERT_FALSE(few);
    EXPECT_EQ(few.error().code, ErrorCode::Usage);
    EXPECT_THAT(few.error().message, testing::HasSubstr("the corpus has 3"));
    EXPECT_EQ(fit_router("kmeans", z, 0, 1).error().code, ErrorCode::Usage);
    z.values[2] = std::numeric_limits<float>::infinity();
    EXPECT_EQ(fit_router("kmeans", z, 2, 1).error().code, ErrorCode::Failed);
    EXPECT_EQ(fit_router("astrology", z, 2, 1).error().code, ErrorCode::Usage);
}

TEST(KMeans, NoClusterStaysEmpty)
{
    // Two places, ten rows, five clusters: three clusters can only live on duplicates.
    FeatureMatrix z{{}, 10, 2};
    for (int i = 0; i < 10; ++i) z.values.insert(z.values.end(), {i % 2 ? 1.0f : -1.0f, 0.0f});
    const KMeans fit = fit_kmeans(z, 5, 3).value();
    EXPECT_EQ(std::set<int>(fit.labels.begin(), fit.labels.end()).size(), 5u);
    EXPECT_LE(fit.rounds, 100);
    EXPECT_EQ(fit.inertia, 0.0);
    for (const float x : fit.centroids) EXPECT_TRUE(std::isfinite(x));
}

TEST(KMeans, AsManyClustersAsRowsIsOneEach)
{
    const FeatureMatrix z = blobs_of(6, 1, 5, 1.0, 0.0);
    const KMeans fit = fit_kmeans(z, 6, 2).value();
    EXPECT_EQ(std::set<int>(fit.labels.begin(), fit.labels.end()).size(), 6u);
    EXPECT_NEAR(fit.inertia, 0.0, 1e-10);
}

TEST(KMeans, LabelsAreNearestCentroids)
{
    const FeatureMatrix z = blobs_of(6, 50, 9, 0.2, 0.0);
    const KMeans fit = fit_kmeans(z, 6, 4).value();
    double inertia = 0.0;
    for (std::int64_t i = 0; i < z.rows; ++i) {
        EXPECT_EQ(fit.labels[std::size_t(i)], nearest_centroid(fit.centroids, 9, z.row(i).data()));
        for (int j = 0; j < 9; ++j) {
            inertia += std::pow(
                double(z.row(i)[std::size_t(j)]) - double(fit.centroids[std::size_t(fit.labels[std::size_t(i)] * 9 + j)]), 2);
        }
    }
    EXPECT_NEAR(fit.inertia, inertia, 1e-4 * inertia);
}

TEST(SquaredDistance, HandlesEveryTail)
{
    const FeatureMatrix z = blobs_of(2, 1, 40, 1.0, 0.0);
    for (int n = 0; n <= 40; ++n) {
        double wanted = 0.0;
        for (int i = 0; i < n; ++i)
            wanted += std::pow(double(z.values[std::size_t(i)]) - double(z.values[std::size_t(40 + i)]), 2);
        EXPECT_NEAR(double(squared_distance(z.values.data(), z.values.data() + 40, n)), wanted, 1e-5 * (1.0 + wanted)) << n;
    }
}

TEST(RandomRouter, DependsOnSeedAndIdOnlyAndIsEven)
{
    const auto router = fit_router("random", {}, 4, 7).value();
    const auto rows = ids(8000);
    const auto cells = router->assign({}, rows);
    for (int c = 0; c < 4; ++c) EXPECT_NEAR(double(std::ranges::count(cells, c)), 2000.0, 200.0);
    const std::vector<std::int32_t> some{17, 4, 17};
    EXPECT_THAT(router->assign({}, some), testing::ElementsAre(cells[17], cells[4], cells[17]));
    EXPECT_NE(fit_router("random", {}, 4, 8).value()->assign({}, rows), cells);
    const auto loaded = load_router(router->serialise()).value();
    EXPECT_EQ(loaded->kind(), "random");
    EXPECT_EQ(loaded->assign({}, rows), cells);
}

TEST(RoundRobinRouter, ConsecutiveSequencesGoRoundTheCells)
{
    const auto router = fit_router("round-robin", {}, 5, 7).value();
    const auto cells = router->assign({}, ids(1003));
    for (int c = 0; c < 5; ++c) {
        EXPECT_GE(std::ranges::count(cells, c), 200);
        EXPECT_LE(std::ranges::count(cells, c), 201);
    }
    std::set<std::vector<int>> rounds;
    for (std::size_t i = 0; i + 5 <= cells.size(); i += 5) rounds.insert({cells.begin() + long(i), cells.begin() + long(i) + 5});
    EXPECT_GT(rounds.size(), 50u) << "each round deals in its own order";
    const auto loaded = load_router(router->serialise()).value();
    EXPECT_EQ(loaded->kind(), "round-robin");
    EXPECT_EQ(loaded->assign({}, ids(1003)), cells);
}

TEST(Router, TheBestCellsAreDifferentAndTheFirstIsTheAssignment)
{
    const FeatureMatrix z = blobs_of(6, 20, 8, 0.2, 0.0);
    for (const char* kind : {"kmeans", "product-kmeans", "random", "round-robin"}) {
        const auto router = fit_router(kind, z, 6, 3, 2).value();
        const auto assigned = router->assign(z, ids(z.rows));
        const auto best = router->best(z, ids(z.rows), 3);
        ASSERT_EQ(best.size(), 3 * assigned.size());
        for (std::size_t i = 0; i < assigned.size(); ++i) {
            EXPECT_EQ(best[3 * i], assigned[i]) << kind;
            EXPECT_EQ(std::set<int>(best.begin() + long(3 * i), best.begin() + long(3 * i) + 3).size(), 3u) << kind;
        }
    }
}

TEST(Router, ABiasMovesTheBoundaryAndIsKept)
{
    const FeatureMatrix z = blobs_of(2, 50, 6, 0.3, 0.0);
    const auto router = fit_router("kmeans", z, 2, 3).value();
    const auto before = std::ranges::count(router->assign(z, ids(z.rows)), 0);
    router->set_bias({100.0f, 0.0f});
    EXPECT_EQ(std::ranges::count(router->assign(z, ids(z.rows)), 0), 100) << "was " << before;
    const auto loaded = load_router(router->serialise()).value();
    EXPECT_EQ(loaded->bias(), router->bias());
    EXPECT_EQ(loaded->assign(z, ids(z.rows)), router->assign(z, ids(z.rows)));
}

TEST(ProductRouter, EachHalfChoosesItsOwnModule)
{
    // The first half says one of 2 things, the second one of 3: six blobs of pairs.
    const FeatureMatrix first = blobs_of(2, 300, 8, 1.0, 5.0, 1), second = blobs_of(3, 200, 8, 1.0, -2.0, 2);
    FeatureMatrix z{{}, 600, 16};
    for (std::int64_t i = 0; i < 600; ++i) {
        z.values.insert(z.values.end(), first.row(i).begin(), first.row(i).end());
        z.values.insert(z.values.end(), second.row(i).begin(), second.row(i).end());
    }
    const auto router = fit_router("product-kmeans", z, 6, 4, 2).value();
    const auto cells = router->assign(z, ids(600));
    for (std::size_t i = 0; i < cells.size(); ++i) {
        EXPECT_EQ(cells[i] / 3, cells[i % 2] / 3) << "level 0 follows the first half";
        EXPECT_EQ(cells[i] % 3, cells[i % 3] % 3) << "level 1 follows the second half";
    }
    EXPECT_EQ(std::set<int>(cells.begin(), cells.end()).size(), 6u);
    const auto bytes = router->serialise();
    EXPECT_EQ(load_router(bytes).value()->assign(z, ids(600)), cells);
    EXPECT_EQ(load_router(bytes).value()->serialise(), bytes);
}

TEST(ProductRouter, FactorsFollowTheLevels)
{
    EXPECT_EQ(product_split(std::vector<int>{2, 4}), 2);
    EXPECT_EQ(product_split(std::vector<int>{16, 16}), 16);
    EXPECT_EQ(product_split(std::vector<int>{2, 2, 4}), 4);
    EXPECT_EQ(product_split(std::vector<int>{4, 1, 2, 2}), 4);
    EXPECT_EQ(product_split(std::vector<int>{12}), 3);
    EXPECT_EQ(product_split(std::vector<int>{16}), 4);
    EXPECT_EQ(product_split(std::vector<int>{7}), 0);
    EXPECT_EQ(product_split(std::vector<int>{1}), 0);
    EXPECT_EQ(fit_router("product-kmeans", blobs_of(7, 5, 4, 1.0, 0.0), 7, 1, 0).error().code, ErrorCode::Usage);
}

TEST(NoRouter, HasOneCell)
{
    const auto router = fit_router("none", {}, 1, 7).value();
    EXPECT_THAT(router->assign({}, ids(3)), testing::Each(0));
    EXPECT_EQ(load_router(router->serialise()).value()->kind(), "none");
    EXPECT_EQ(fit_router("none", {}, 4, 7).error().code, ErrorCode::Usage);
}

TEST(LoadRouter, RefusesForeignBlobs)
{
    const std::vector<float> values(6, 0.5f);
    const auto blob = [&](std::vector<std::int64_t> mean, std::vector<std::int64_t> centroids, const std::string& kind) {
        const auto bytes = [&](const std::vector<std::int64_t>& shape) {
            std::int64_t n = 1;
            for (const std::int64_t extent : shape) n *= extent;
            return std::as_bytes(std::span(values).first(std::size_t(n)));
        };
        const TensorView views[]
            = {{"mean", DType::F32, mean, bytes(mean)}, {"centroids", DType::F32, centroids, bytes(centroids)}};
        return write_safetensors(views, {{"kind", kind}});
    };
    EXPECT_TRUE(load_router(blob({3}, {2, 3}, "kmeans")));
    EXPECT_EQ(load_router(blob({2}, {2, 3}, "kmeans")).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(load_router(blob({3}, {6}, "kmeans")).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(load_router(blob({3}, {2, 3}, "tea leaves")).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(load_router(blob({3}, {2, 3}, "random")).error().code, ErrorCode::Corrupt);
    EXPECT_FALSE(load_router(std::vector<std::byte>(5)));
}

TEST(Router, ThoseThatLookAtTheTextAskForFeatures)
{
    for (const char* kind : {"kmeans", "product-kmeans", "discriminative"}) EXPECT_TRUE(router_needs_features(kind)) << kind;
    EXPECT_FALSE(router_needs_features("round-robin"));
    EXPECT_FALSE(router_needs_features("random"));
    EXPECT_FALSE(router_needs_features("none"));
}

}  // namespace
}  // namespace pathloom
