// SPDX-License-Identifier: GPL-3.0-or-later
// Which cluster gets which cell of the (i, j, ...) grid. Cells that agree in a level share that level's module, so clusters that
// lie close together should agree in as many levels as they can: a quadratic assignment problem, solved by swaps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

struct GridLayout {
    std::vector<int> cell_of_cluster;
    /// Mean squared distance of two clusters that share a module, weighted by the number of levels they share.
    double cost = 0;
    double arbitrary_cost = 0;  ///< of cluster c in cell c
};

/// `centroids` is [cells, columns]; `modules` are those of each level, first most significant. Swaps of two clusters until none
/// lowers the cost, from the given order and from `starts` - 1 random ones; the best wins. A grid of one level or more than 1024
/// cells stays as it is.
GridLayout lay_out(
    std::span<const float> centroids, int columns, std::span<const int> modules, std::uint64_t seed, int starts = 8);

}  // namespace pathloom
