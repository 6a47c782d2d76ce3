// SPDX-License-Identifier: GPL-3.0-or-later
// How a run begins: its first blobs, its router, and how it is read back from the store.
#include "engine/model/init.h"
#include "engine/routing/router.h"
#include "engine/server/run_controller.h"
#include "engine/store/safetensors.h"

#include <numeric>

namespace pathloom {

Result<PreparedRun> prepare_run(RunPlan plan, const CorpusRow& corpus, BlobStore& blobs)
{
    PreparedRun out;
    out.assets["tokens"] = corpus.tokens_hash;
    out.assets["tokenizer"] = corpus.tokenizer_hash;
    out.assets["corpus"] = corpus.name;
    PATHLOOM_TRY(out.assets["sequences"], blobs.put(write_sequences(plan.table)));
    PATHLOOM_TRY(out.assets["subset.warm"], blobs.put(write_subset(plan.train_rows)));
    const auto chunks = feature_chunks(plan);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        PATHLOOM_TRY(out.assets[fmt::format("subset.features.{}", i)], blobs.put(write_subset(chunks[i])));
    }
    for (const Column& column : plan.warm.columns) {
        PATHLOOM_TRY(auto hash, blobs.put(init_column(plan.spec.model, column, plan.spec.seed)));
        out.initial_modules.push_back(std::move(hash));
    }
    out.plan = std::move(plan);
    return out;
}

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

Result<RoutingDone> do_routing(const RunPlan& plan, const RoutingJob& job, BlobStore& blobs)
{
    FeatureMatrix all;
    for (const std::string& hash : job.features) {
        PATHLOOM_TRY(const auto path, blobs.verified(hash));
        PATHLOOM_TRY(const auto file, Safetensors::open(path));
        PATHLOOM_TRY(const TensorView* z, file.expect("z", DType::F32));
        if (z->shape.size() != 2) return fail(ErrorCode::Corrupt, "prefix features in blob {} are not a matrix", hash);
        const auto values = z->as<float>();
        all.values.insert(all.values.end(), values.begin(), values.end());
        all.rows += z->shape[0];
        all.columns = int(z->shape[1]);
    }
    const int cells = plan.topology.cells();
    const std::string kind = plan.routes() ? plan.spec.routing.router : "none";
    FeatureMatrix train;
    if (router_needs_features(kind)) {
        if (all.rows != std::int64_t(plan.table.rows.size()))
            return fail(
                ErrorCode::Corrupt, "{} prefix features for {} sequences; start the run anew", all.rows, plan.table.rows.size());
        train.columns = all.columns;
        for (std::int32_t row : plan.train_rows) {
            const auto z = all.row(row);
            train.values.insert(train.values.end(), z.begin(), z.end());
            ++train.rows;
        }
    }
    PATHLOOM_TRY(const auto router, fit_router(kind, train, cells, plan.spec.seed));
    std::vector<std::int32_t> ids(plan.table.rows.size());
    std::iota(ids.begin(), ids.end(), 0);

    RoutingDone done;
    PATHLOOM_TRY(done.column_hashes, split_warm_model(plan, job.warm, blobs));
    done.cell_of_row = router->assign(all, ids);
    PATHLOOM_TRY(done.router_hash, blobs.put(router->serialise()));
    done.assignment = assign_rows(plan, done.cell_of_row);
    for (std::size_t path = 0; path < done.assignment.shards.size(); ++path)
        if (done.assignment.shards[path].empty())
            return fail(ErrorCode::Failed,
                "path {} got no training sequence from the {} router; use fewer paths, another seed or a larger corpus", path,
                kind);

    auto& assets = done.assets;
    assets["router"] = done.router_hash;
    PATHLOOM_TRY(assets["cells"], blobs.put(write_subset(done.cell_of_row)));
    auto put = [&](const std::string& key, const std::vector<std::int32_t>& rows) -> Result<void> {
        PATHLOOM_TRY(assets[key], blobs.put(write_subset(rows)));
        return {};
    };
    for (std::size_t path = 0; path < done.assignment.shards.size(); ++path)
        PATHLOOM_CHECK(put(fmt::format("subset.train.{}", path), done.assignment.shards[path]));
    for (int cell = 0; cell < cells; ++cell) {
        const auto c = std::size_t(cell);
        PATHLOOM_CHECK(put(fmt::format("subset.valid.{}", cell), done.assignment.valid[c]));
        for (std::size_t i = 0; i < done.assignment.test[c].size(); ++i)
            PATHLOOM_CHECK(put(fmt::format("subset.test.{}.{}", cell, i), done.assignment.test[c][i]));
        for (std::size_t i = 0; i < done.assignment.valid_full[c].size(); ++i)
            PATHLOOM_CHECK(put(fmt::format("subset.valid-full.{}.{}", cell, i), done.assignment.valid_full[c][i]));
    }
    return done;
}

RunController::RunController(RunRow row, RunPlan plan)
    : m_row(std::move(row))
    , m_plan(std::move(plan))
    , m_shape(run_shape(m_plan, nullptr))
    , m_facts(initial_facts(m_shape))
    , m_warm_versions(m_plan.warm.columns.size())
    , m_module_versions(m_plan.topology.modules.size())
{
}

Result<std::unique_ptr<RunController>> RunController::insert(Project& project, RunRow row, PreparedRun prepared)
{
    PATHLOOM_TRY(row.id, project.insert_run(row));
    std::unique_ptr<RunController> run(new RunController(row, std::move(prepared.plan)));
    for (const auto& [key, value] : prepared.assets) PATHLOOM_CHECK(project.set_asset(row.id, key, value));
    run->m_assets = std::move(prepared.assets);
    for (std::size_t column = 0; column < prepared.initial_modules.size(); ++column) {
        const ModuleVersionRow version{"warm", run->m_plan.warm.modules[column].name, 0, prepared.initial_modules[column], {}};
        PATHLOOM_CHECK(project.insert_module_version(row.id, version));
        run->m_warm_versions[column][0] = {version.hash, {}};
    }
    run->refresh();
    return run;
}

Result<std::unique_ptr<RunController>> RunController::load(Project& project, RunRow row, RunPlan plan)
{
    std::unique_ptr<RunController> run(new RunController(row, std::move(plan)));
    PATHLOOM_TRY(run->m_assets, project.assets(row.id));

    // The assignment first: the facts about scores and paths hang on it.
    if (const auto cells = run->m_assets.find("cells"); cells != run->m_assets.end()) {
        PATHLOOM_TRY(const auto file, project.blobs().verified(cells->second));
        PATHLOOM_TRY(const auto cell_of_row, read_subset(file));
        if (cell_of_row.size() != run->m_plan.table.rows.size())
            return fail(ErrorCode::Corrupt,
                "run {} was routed for another corpus than '{}' is now; import that corpus again under its name", row.id,
                run->m_plan.spec.data.corpus);
        run->m_assignment = assign_rows(run->m_plan, cell_of_row);
        run->m_shape = run_shape(run->m_plan, &*run->m_assignment);
        if (run->m_assets.contains("valid-full")) PATHLOOM_CHECK(run->request_valid_full(project));
        run->m_facts.routed = true;
    }
    std::map<std::string, int> warm_ids;
    std::map<std::string, int> module_ids;
    for (std::size_t i = 0; i < run->m_plan.warm.modules.size(); ++i) warm_ids[run->m_plan.warm.modules[i].name] = int(i);
    for (std::size_t i = 0; i < run->m_plan.topology.modules.size(); ++i)
        module_ids[run->m_plan.topology.modules[i].name] = int(i);

    PATHLOOM_TRY(const auto versions, project.module_versions(row.id));
    for (const ModuleVersionRow& version : versions) {
        const bool warm = version.stage == "warm";
        const auto& ids = warm ? warm_ids : module_ids;
        const auto id = ids.find(version.module);
        if (id == ids.end())
            return fail(ErrorCode::Corrupt, "run {} has a module '{}' that its topology does not know", row.id, version.module);
        (warm ? run->m_warm_versions : run->m_module_versions)[std::size_t(id->second)][version.version]
            = {version.hash, version.momentum_hash};
        int& fact = (warm ? run->m_facts.warm_versions : run->m_facts.module_versions)[std::size_t(id->second)];
        fact = std::max(fact, version.version);
    }
    PATHLOOM_TRY(const auto checkpoints, project.checkpoints(row.id));
    for (const CheckpointRow& checkpoint : checkpoints)
        run->m_checkpoints[{checkpoint.stage, checkpoint.path}][checkpoint.phase] = checkpoint;
    PATHLOOM_TRY(const auto contributions, project.contributions(row.id));
    for (const ContributionRow& c : contributions) {
        if (c.stage == "warm")
            run->m_warm_deltas[{warm_ids[c.module], c.phase}] = c.delta_hash;
        else
            run->m_deltas[{module_ids[c.module], c.phase}][c.path] = c.delta_hash;
    }
    PATHLOOM_TRY(const auto valid, project.valid_points(row.id));
    for (const ValidPointRow& point : valid) run->m_valid[point.phase][point.path] = point;
    PATHLOOM_TRY(const auto commits, project.task_commits(row.id));
    for (const TaskCommitRow& committed : commits) {
        const auto task = parse_task_id(committed.task);
        v1::TaskResult result;
        if (!task || !result.ParseFromString(committed.result))
            return fail(ErrorCode::Corrupt, "the commit of task '{}' cannot be read", committed.task);
        pathloom::commit(run->m_shape, run->m_facts, task->key);
        if (task->key.stage == Stage::Train && !result.losses().empty())
            run->m_last_loss[task->key.path] = *result.losses().rbegin();
    }
    const auto number = [&](const char* key) {
        const auto found = run->m_assets.find(key);
        return found == run->m_assets.end() ? 0.0 : std::atof(found->second.c_str());
    };
    run->m_faults = std::int64_t(number("faults"));
    PATHLOOM_CHECK(run->count_commits(project));
    run->m_test_perplexity = number("test_perplexity");
    run->refresh();
    return run;
}

}  // namespace pathloom
