// SPDX-License-Identifier: GPL-3.0-or-later
// Who trains what: the first routing from prefix features, and every re-sharding from what the paths themselves say.
#include "engine/routing/linear_router.h"
#include "engine/server/feature_blobs.h"
#include "engine/server/run_controller.h"
#include "engine/store/safetensors.h"

namespace pathloom {

Result<std::vector<std::string>> split_warm_model(const RunPlan& plan, const std::vector<std::string>& warm, BlobStore& blobs)
{
    std::vector<Safetensors> files;
    for (const std::string& hash : warm) {
        PATHLOOM_TRY(const auto path, blobs.verified(hash));
        PATHLOOM_TRY(auto file, Safetensors::open(path));
        files.push_back(std::move(file));
    }
    std::vector<std::string> out;
    for (const Column& column : plan.topology.columns) {
        std::vector<TensorView> tensors;
        for (const TensorSpec& spec : column_tensors(plan.spec.model, column)) {
            const TensorView* found = nullptr;
            for (const Safetensors& file : files)
                if (!found) found = file.find(spec.name);
            if (!found) return fail(ErrorCode::Corrupt, "the warm-start model has no tensor '{}'; start the run anew", spec.name);
            tensors.push_back(*found);
        }
        PATHLOOM_TRY(auto hash, blobs.put(write_safetensors(tensors)));
        out.push_back(std::move(hash));
    }
    return out;
}

namespace {

/// Cell whose path gives each row of the router's data the least loss, the lowest of equals.
Result<std::vector<int>> best_cells(const RunPlan& plan, const std::vector<std::vector<std::string>>& scores, BlobStore& blobs)
{
    const std::size_t rows = plan.router_rows.size();
    std::vector<int> best(rows, 0);
    std::vector<float> least(rows, std::numeric_limits<float>::infinity());
    for (std::size_t cell = 0; cell < scores.size(); ++cell) {
        PATHLOOM_TRY(const FeatureMatrix nll, read_matrix(scores[cell], "nll", blobs));
        if (nll.rows != std::int64_t(rows) || nll.columns != 1)
            return fail(ErrorCode::Corrupt, "path {} scored {} of {} sequences of the router's data; start the run anew",
                scoring_path(plan, int(cell)), nll.rows, rows);
        for (std::size_t row = 0; row < rows; ++row)
            if (nll.values[row] < least[row]) {
                least[row] = nll.values[row];
                best[row] = int(cell);
            }
    }
    return best;
}

/// Sizes that shards would have if the training sequences were as the router's data is.
std::vector<std::int64_t> target_sizes(const std::vector<int>& labels, int cells, std::int64_t rows)
{
    std::vector<std::int64_t> counts(std::size_t(cells), 0), out;
    for (const int label : labels) ++counts[std::size_t(label)];
    std::int64_t labelled = 0, given = 0;
    for (const std::int64_t count : counts) {  // cumulative, so that the sum is exact
        labelled += count;
        const std::int64_t upto = rows * labelled / std::int64_t(labels.size());
        out.push_back(upto - given);
        given = upto;
    }
    return out;
}

Result<Shards> discriminate(const RunPlan& plan, const RoutingJob& job, const ShardRequest& request, const FeatureMatrix& all,
    double& accuracy, BlobStore& blobs)
{
    PATHLOOM_TRY(const std::vector<int> labels, best_cells(plan, job.scores, blobs));
    FeatureMatrix z{{}, std::int64_t(plan.router_rows.size()), all.columns};
    for (const std::int32_t row : plan.router_rows) {
        const auto values = all.row(row);
        z.values.insert(z.values.end(), values.begin(), values.end());
    }
    LinearFit fit;
    PATHLOOM_TRY(auto router, fit_linear_router(z, labels, request.cells(), &fit));
    accuracy = fit.held_out_accuracy;
    return balance_shards(
        std::move(router), request, all, target_sizes(labels, request.cells(), std::int64_t(request.train_rows.size())));
}

}  // namespace

Result<RoutingDone> do_routing(const RunPlan& plan, const RoutingJob& job, BlobStore& blobs)
{
    PATHLOOM_TRY(const FeatureMatrix all, read_matrix(job.features, "z", blobs));
    ShardRequest request;
    request.routing = plan.spec.routing;
    request.routing.router = router_of(plan, job.routing);
    for (const LevelSpec& level : plan.spec.topology.levels) request.modules.push_back(level.modules);
    request.replicas = plan.topology.replicas;
    request.seed = plan.spec.seed;
    request.train_rows = plan.train_rows;
    request.rows = std::int64_t(plan.table.rows.size());

    RoutingDone done;
    done.routing = job.routing;
    Shards shards;
    if (job.routing == 0) {
        PATHLOOM_TRY(done.column_hashes, split_warm_model(plan, job.warm, blobs));
        PATHLOOM_TRY(shards, fit_shards(request, all));
    } else {
        if (all.rows != request.rows)
            return fail(ErrorCode::Corrupt, "{} prefix features for {} sequences; start the run anew", all.rows, request.rows);
        PATHLOOM_TRY(shards, discriminate(plan, job, request, all, done.router_accuracy, blobs));
    }
    done.report = shards.report;
    done.assignment = assign_rows(plan, shards.cell_of_row, shards.extra_cells);
    for (std::size_t path = 0; path < done.assignment.shards.size(); ++path)
        if (done.assignment.shards[path].empty())
            return fail(ErrorCode::Failed,
                "path {} got no training sequence from the {} router; use fewer paths, another seed or a larger corpus", path,
                request.routing.router);

    const auto put = [&](const std::string& key, const std::vector<std::int32_t>& rows) -> Result<void> {
        PATHLOOM_TRY(done.assets[of_routing(key, job.routing)], blobs.put(write_subset(rows)));
        return {};
    };
    PATHLOOM_TRY(done.assets[of_routing("router", job.routing)], blobs.put(shards.router->serialise()));
    PATHLOOM_CHECK(put("cells", shards.cell_of_row));
    if (!shards.extra_cells.empty()) PATHLOOM_CHECK(put("extra", shards.extra_cells));
    for (std::size_t path = 0; path < done.assignment.shards.size(); ++path)
        PATHLOOM_CHECK(put(fmt::format("subset.train.{}", path), done.assignment.shards[path]));
    const bool last = job.routing == int(plan.spec.routing.reshard.size());
    for (std::size_t cell = 0; cell < done.assignment.valid.size(); ++cell) {
        PATHLOOM_CHECK(put(fmt::format("subset.valid.{}", cell), done.assignment.valid[cell]));
        if (last && !done.assignment.slices[cell].empty())
            PATHLOOM_CHECK(put(fmt::format("subset.slice.{}", cell), done.assignment.slices[cell]));
        for (std::size_t i = 0; last && i < done.assignment.test[cell].size(); ++i)
            PATHLOOM_CHECK(put(fmt::format("subset.test.{}.{}", cell, i), done.assignment.test[cell][i]));
        for (std::size_t i = 0; last && i < done.assignment.valid_full[cell].size(); ++i)
            PATHLOOM_CHECK(put(fmt::format("subset.valid-full.{}.{}", cell, i), done.assignment.valid_full[cell][i]));
    }
    return done;
}

}  // namespace pathloom
