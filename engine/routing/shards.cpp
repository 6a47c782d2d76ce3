// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/shards.h"

#include "engine/routing/balance.h"
#include "engine/routing/centroid_routers.h"
#include "engine/routing/grid_layout.h"

#include <algorithm>
#include <numeric>

namespace pathloom {
namespace {

FeatureMatrix rows_of(const FeatureMatrix& all, std::span<const std::int32_t> rows)
{
    FeatureMatrix out{{}, std::int64_t(rows.size()), all.columns};
    out.values.reserve(rows.size() * std::size_t(all.columns));
    for (const std::int32_t row : rows) {
        const auto z = all.row(row);
        out.values.insert(out.values.end(), z.begin(), z.end());
    }
    return out;
}

std::vector<float> scores_of(const Router& router, const FeatureMatrix& all, std::span<const std::int32_t> rows)
{
    const auto cells = std::size_t(router.cells());
    std::vector<float> out(rows.size() * cells);
    for (std::size_t i = 0; i < rows.size(); ++i)
        router.score(router.feature_columns() > 0 ? all.row(rows[i]) : std::span<const float>(), rows[i],
            std::span(out).subspan(i * cells, cells));
    return out;
}

std::int64_t differences(std::span<const int> a, std::span<const int> b)
{
    std::int64_t out = 0;
    for (std::size_t i = 0; i < a.size(); ++i) out += a[i] != b[i] ? 1 : 0;
    return out;
}

}  // namespace

int ShardRequest::cells() const
{
    return std::accumulate(modules.begin(), modules.end(), 1, std::multiplies<>());
}

Result<Shards> fit_shards(const ShardRequest& request, const FeatureMatrix& all)
{
    const int cells = request.cells();
    const std::string kind = cells > 1 ? request.routing.router : "none";
    FeatureMatrix train;
    if (router_needs_features(kind)) {
        if (all.rows != request.rows)
            return fail(ErrorCode::Corrupt, "{} prefix features for {} sequences; start the run anew", all.rows, request.rows);
        train = rows_of(all, request.train_rows);
    }
    PATHLOOM_TRY(auto router, fit_router(kind, train, cells, request.seed, product_split(request.modules)));
    GridLayout layout;
    if (const auto centroids = cell_centroids(*router); !centroids.empty() && request.routing.layout == "neighbours") {
        layout = lay_out(centroids, all.columns, request.modules, request.seed);
        PATHLOOM_TRY(router, placed(*router, layout.cell_of_cluster));
    }
    PATHLOOM_TRY(Shards out, balance_shards(std::move(router), request, all));
    out.report.layout_cost = layout.cost;
    out.report.arbitrary_cost = layout.arbitrary_cost;
    return out;
}

Result<Shards> balance_shards(
    std::unique_ptr<Router> router, const ShardRequest& request, const FeatureMatrix& all, std::span<const std::int64_t> targets)
{
    const int cells = router->cells();
    const auto n = std::int64_t(request.train_rows.size());
    if (n < std::int64_t(cells) * request.replicas)
        return fail(ErrorCode::Usage,
            "{} paths need at least as many training sequences, there are {}; use fewer paths or more text",
            cells * request.replicas, n);
    const auto floor
        = std::max<std::int64_t>(request.replicas, std::int64_t(request.routing.balance * double(n) / double(cells)));
    Shards out;
    router->set_bias({});
    const std::vector<float> scores = scores_of(*router, all, request.train_rows);
    const std::vector<int> alone = cells_of(scores, cells, {});
    out.report.natural = sizes_of(alone, cells);
    const std::vector<std::int64_t> wanted
        = raised_sizes(targets.empty() ? std::span<const std::int64_t>(out.report.natural) : targets, floor);
    std::vector<int> trained = alone;
    if (wanted != out.report.natural) {
        router->set_bias(fit_bias(scores, cells, wanted));
        trained = cells_of(scores, cells, router->bias());
        out.report.rebalanced = differences(alone, trained);
        out.report.moved = fill_cells(scores, cells, router->bias(), std::min(floor, n / cells), trained);
    }

    std::vector<std::int32_t> ids(std::size_t(request.rows));
    std::iota(ids.begin(), ids.end(), 0);
    out.cell_of_row = router->assign(all, ids);
    for (std::size_t i = 0; i < trained.size(); ++i) out.cell_of_row[std::size_t(request.train_rows[i])] = trained[i];
    if (const int overlap = std::min(request.routing.overlap, cells); overlap > 1) {
        const FeatureMatrix train = router->feature_columns() > 0 ? rows_of(all, request.train_rows) : FeatureMatrix();
        const std::vector<int> best = router->best(train, request.train_rows, overlap);
        for (std::size_t i = 0; i < trained.size(); ++i) {
            int taken = 0;
            for (int r = 0; r < overlap && taken < overlap - 1; ++r) {
                const int cell = best[i * std::size_t(overlap) + std::size_t(r)];
                if (cell == trained[i]) continue;
                out.extra_cells.push_back(cell);
                ++taken;
            }
        }
    }
    out.router = std::move(router);
    return out;
}

}  // namespace pathloom
