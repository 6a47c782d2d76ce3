// SPDX-License-Identifier: GPL-3.0-or-later
// Generative routing, DiPaCo 2.4: the nearest centroid, or a pair of nearest centroids of the two halves of z.
#pragma once

#include "engine/routing/router.h"

namespace pathloom {

/// What the two routers hold: z is centred by `mean`, normalised, then compared.
struct Centroids {
    std::vector<float> mean;  ///< [d]
    std::vector<float> values;  ///< [k, d]
    [[nodiscard]] int columns() const { return int(mean.size()); }
    [[nodiscard]] int count() const { return mean.empty() ? 0 : int(values.size() / mean.size()); }
};

Result<Centroids> fit_centroids(const FeatureMatrix& train, int clusters, std::uint64_t seed);

/// Score of a cell: minus the squared distance to its centroid.
std::unique_ptr<Router> make_kmeans_router(Centroids centroids);
/// Cell i * second.count() + j scores minus (distance of the first half to i + of the second half to j).
std::unique_ptr<Router> make_product_router(Centroids first, Centroids second);

/// Centroids of the cells of a k-means router, [cells, d]; nothing for other kinds.
std::vector<float> cell_centroids(const Router& router);
/// The same router with cell c's centroid moved to cell `place[c]`.
Result<std::unique_ptr<Router>> placed(const Router& kmeans, std::span<const int> place);

Result<std::unique_ptr<Router>> load_kmeans_router(const Safetensors& blob);
Result<std::unique_ptr<Router>> load_product_router(const Safetensors& blob);

}  // namespace pathloom
