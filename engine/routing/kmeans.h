// SPDX-License-Identifier: GPL-3.0-or-later
// k-means on a matrix of floats: greedy k-means++ seeding, Lloyd iterations, no empty cluster. Same bytes on every CPU.
#pragma once

#include "engine/core/result.h"
#include "engine/routing/router.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

struct KMeans {
    int columns = 0;
    std::vector<float> centroids;  ///< [k, columns]
    std::vector<int> labels;  ///< of the rows it was fitted on
    double inertia = 0.0;  ///< sum of squared distances to the own centroid
    int rounds = 0;
    [[nodiscard]] int clusters() const { return columns == 0 ? 0 : int(centroids.size()) / columns; }
};

/// Squared distance in sixteen fixed lanes.
float squared_distance(const float* a, const float* b, int n);

/// Index of the nearest centroid, the lowest of equals.
int nearest_centroid(std::span<const float> centroids, int columns, const float* row);

/// Seeding draws 2 + ln k candidates a centre and keeps the one that lowers the inertia most (Arthur & Vassilvitskii 2007,
/// section 5). Lloyd runs until no row moves or `rounds` are over; an empty cluster takes the row farthest from its centroid.
/// Usage when there are fewer rows than clusters.
Result<KMeans> fit_kmeans(const FeatureMatrix& rows, int clusters, std::uint64_t seed, int rounds = 100);

}  // namespace pathloom
