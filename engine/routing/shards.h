// SPDX-License-Identifier: GPL-3.0-or-later
// From prefix features to shards: fit the router, lay its clusters on the grid, balance, and say who trains what.
#pragma once

#include "engine/model/spec.h"
#include "engine/routing/router.h"

#include <memory>

namespace pathloom {

struct ShardRequest {
    RoutingSpec routing;
    std::vector<int> modules;  ///< of each level
    int replicas = 1;
    std::uint64_t seed = 1;
    std::vector<std::int32_t> train_rows;  ///< of the sequence table, ascending
    std::int64_t rows = 0;  ///< of the sequence table
    [[nodiscard]] int cells() const;
};

/// What balancing and laying out did.
struct ShardReport {
    std::vector<std::int64_t> natural;  ///< training sequences of each cell as the router alone would have it
    std::int64_t rebalanced = 0;  ///< training sequences that the biases sent to another cell
    std::int64_t moved = 0;  ///< training sequences moved one by one, where no bias could part them
    double layout_cost = 0;  ///< grid_layout.h; 0 when nothing was laid out
    double arbitrary_cost = 0;
};

struct Shards {
    std::unique_ptr<Router> router;
    std::vector<int> cell_of_row;  ///< of every row of the table
    std::vector<int> extra_cells;  ///< [train_rows, overlap - 1]: further cells that a training sequence trains
    ShardReport report;
};

/// Fit `request.routing.router` on the training rows of `all` (a row a sequence; empty when the router needs no features), then
/// as balance_shards.
Result<Shards> fit_shards(const ShardRequest& request, const FeatureMatrix& all);

/// Route every sequence with a fitted router. Its biases are set so that no cell's training shard is smaller than routing.balance
/// of an even share (at least one sequence a replica); with `targets` (a size a cell) so that sizes come near those, raised to
/// that floor. The same biases route held-out text.
Result<Shards> balance_shards(std::unique_ptr<Router> router, const ShardRequest& request, const FeatureMatrix& all,
    std::span<const std::int64_t> targets = {});

}  // namespace pathloom
