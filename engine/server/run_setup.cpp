// SPDX-License-Identifier: GPL-3.0-or-later
// How a run begins: its first blobs, and how it is read back from the store.
#include "engine/model/init.h"
#include "engine/server/run_controller.h"

#include <algorithm>

namespace pathloom {

Result<PreparedRun> prepare_run(RunPlan plan, const CorpusRow& corpus, BlobStore& blobs)
{
    PreparedRun out;
    out.assets["tokens"] = corpus.tokens_hash;
    out.assets["tokenizer"] = corpus.tokenizer_hash;
    out.assets["corpus"] = corpus.name;
    PATHLOOM_TRY(out.assets["sequences"], blobs.put(write_sequences(plan.table)));
    PATHLOOM_TRY(out.assets["subset.warm"], blobs.put(write_subset(plan.warm_rows)));
    const auto chunks = feature_chunks(plan);
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        PATHLOOM_TRY(out.assets[fmt::format("subset.features.{}", i)], blobs.put(write_subset(chunks[i])));
    }
    const auto router_data = router_chunks(plan);
    for (std::size_t i = 0; i < router_data.size(); ++i) {
        PATHLOOM_TRY(out.assets[fmt::format("subset.discriminate.{}", i)], blobs.put(write_subset(router_data[i])));
    }
    for (const Column& column : plan.warm.columns) {
        PATHLOOM_TRY(auto hash, blobs.put(init_column(plan.spec.model, column, plan.spec.seed)));
        out.initial_modules.push_back(std::move(hash));
    }
    out.plan = std::move(plan);
    return out;
}

RunController::RunController(RunRow row, RunPlan plan)
    : m_row(std::move(row))
    , m_plan(std::move(plan))
    , m_shape(run_shape(m_plan, {}))
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

Result<void> RunController::load_assignments(BlobStore& blobs)
{
    const auto rows = [&](const std::string& key) -> Result<std::vector<std::int32_t>> {
        const auto found = m_assets.find(key);
        if (found == m_assets.end()) return std::vector<std::int32_t>();
        PATHLOOM_TRY(const auto file, blobs.verified(found->second));
        return read_subset(file);
    };
    for (int routing = 0; m_assets.contains(of_routing("cells", routing)); ++routing) {
        PATHLOOM_TRY(const auto cell_of_row, rows(of_routing("cells", routing)));
        PATHLOOM_TRY(const auto extra, rows(of_routing("extra", routing)));
        const auto foreign = [&](std::int32_t cell) { return cell < 0 || cell >= m_plan.topology.cells(); };
        if (cell_of_row.size() != m_plan.table.rows.size() || extra.size() % m_plan.train_rows.size() != 0
            || std::ranges::any_of(cell_of_row, foreign) || std::ranges::any_of(extra, foreign))
            return fail(ErrorCode::Corrupt,
                "run {} was routed for another corpus than '{}' is now; import that corpus again under its name", m_row.id,
                m_plan.spec.data.corpus);
        m_assignments.push_back(assign_rows(m_plan, cell_of_row, extra));
    }
    m_shape = run_shape(m_plan, m_assignments);
    m_facts.routings = int(m_assignments.size());
    return {};
}

Result<std::unique_ptr<RunController>> RunController::load(Project& project, RunRow row, RunPlan plan)
{
    std::unique_ptr<RunController> run(new RunController(row, std::move(plan)));
    PATHLOOM_TRY(run->m_assets, project.assets(row.id));

    // The assignments first: the facts about scores and paths hang on them.
    PATHLOOM_CHECK(run->load_assignments(project.blobs()));
    if (run->m_assets.contains("valid-full")) PATHLOOM_CHECK(run->request_valid_full(project));
    run->want_windows();
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
        if (task->key.stage == Stage::Slice) run->keep_slice(task->key, result);
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
