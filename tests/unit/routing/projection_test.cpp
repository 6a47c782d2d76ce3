// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/projection.h"
#include "tests/unit/routing/features_data.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pathloom {
namespace {

TEST(Projection, SeparatesBlobsAndExplainsTheirVariance)
{
    const FeatureMatrix z = test::blobs_of(3, 60, 24, 1.0, 100.0);
    const Projection p = project(z);
    ASSERT_EQ(p.points.size(), 180u);
    EXPECT_GT(p.explained[0] + p.explained[1], 0.9) << "three blobs lie on a plane";
    EXPECT_GE(p.explained[0], p.explained[1]);
    double within = 0, between = 1e9;
    for (std::size_t a = 0; a < 180; ++a)
        for (std::size_t b = 0; b < a; ++b) {
            const double distance = std::hypot(double(p.points[a][0] - p.points[b][0]), double(p.points[a][1] - p.points[b][1]));
            if (a % 3 == b % 3)
                within = std::max(within, distance);
            else
                between = std::min(between, distance);
        }
    EXPECT_LT(within, between);
    EXPECT_EQ(project(z).points, p.points);
}

TEST(Projection, NothingToSeeIsNoError)
{
    EXPECT_TRUE(project({}).points.empty());
    const Projection one = project({std::vector<float>(12, 2.0f), 3, 4});
    EXPECT_EQ(one.points, (std::vector<std::array<float, 2>>(3, {0.0f, 0.0f})));
    EXPECT_EQ(one.explained[0], 0.0);
}

}  // namespace
}  // namespace pathloom
