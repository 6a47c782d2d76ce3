// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk has lost, and how a run gets it back. Tasks and outer steps are pure functions, so the same bytes return and no
// later row has to change.
#include "engine/model/init.h"
#include "engine/server/event_hub.h"
#include "engine/server/run_controller.h"

#include <algorithm>

namespace pathloom {

namespace {

std::string whose(Stage stage, int path)
{
    return stage == Stage::Warm ? std::string("the warm start") : fmt::format("path {}", path);
}

tl::unexpected<Error> beyond_repair(const std::string& what, const std::string& hash, const std::filesystem::path& file)
{
    return fail(ErrorCode::Corrupt,
        "the {} (blob {}) is damaged or gone, and so is what it was made from; put a good copy at {} and resume the run, or "
        "clone "
        "the run",
        what, hash, file.string());
}

}  // namespace

std::vector<MissingInput> missing_inputs(const OuterJob& job, const BlobStore& blobs)
{
    std::vector<MissingInput> inputs{{job.module_hash, "module"}, {job.momentum_hash, "outer momentum"}};
    for (const std::string& delta : job.deltas) inputs.push_back({delta, "pseudo-gradient"});
    return missing_among(std::move(inputs), blobs);
}

std::vector<MissingInput> missing_inputs(const RoutingJob& job, const BlobStore& blobs)
{
    std::vector<MissingInput> inputs;
    for (const std::string& features : job.features) inputs.push_back({features, "prefix features"});
    for (const auto& chunks : job.scores)
        for (const std::string& scores : chunks) inputs.push_back({scores, "router's scores"});
    for (const std::string& module : job.warm) inputs.push_back({module, "warm-start model"});
    return missing_among(std::move(inputs), blobs);
}

Result<void> do_rebuild(const RunPlan& plan, const RebuildJob& job, BlobStore& blobs)
{
    const auto made = [&]() -> Result<void> {
        if (job.step) {
            PATHLOOM_CHECK(do_outer_step(*job.step, blobs));
        } else if (!job.warm.empty()) {
            PATHLOOM_CHECK(split_warm_model(plan, job.warm, blobs));
        } else {
            PATHLOOM_CHECK(blobs.put(init_column(plan.spec.model, plan.warm.columns[std::size_t(job.column)], plan.spec.seed)));
        }
        return {};
    }();
    if (!made && made.error().code != ErrorCode::Corrupt && made.error().code != ErrorCode::NotFound) return made;
    if (!made || !blobs.has(job.hash)) return beyond_repair(job.what, job.hash, blobs.path_of(job.hash));
    return {};
}

bool RunController::can_do_again(const TaskKey& key) const
{
    const bool warm = key.stage == Stage::Warm;
    if (key.stage == Stage::Features) return true;  // the newest warm-start model is always kept
    const auto has_version = [&](const std::map<int, Version>& versions) { return versions.contains(key.phase); };
    if (warm) {
        if (!std::all_of(m_warm_versions.begin(), m_warm_versions.end(), has_version)) return false;
    } else if (!path_hashes(key.path, key.phase)) {
        return false;
    }
    if (key.stage == Stage::Discriminate) return true;
    const int first = warm ? 0 : m_shape.next_phase(key.path, 0);
    const bool stateless = m_plan.spec.training.inner_state != "keep" && !m_plan.spec.outer.keeps_residual();
    if (key.phase == first || (!warm && stateless)) return true;
    const auto checkpoints = m_checkpoints.find({stage_name(key.stage), key.path});
    return checkpoints != m_checkpoints.end() && checkpoints->second.begin()->first <= key.phase;
}

Result<RebuildJob> RunController::rebuild_job(bool warm, int module, int version) const
{
    RebuildJob job;
    const Module& info = (warm ? m_plan.warm : m_plan.topology).modules[std::size_t(module)];
    job.what = fmt::format("module {}, version {}{}", info.name, version, warm ? " of the warm start" : "");
    job.column = info.column;
    const auto& versions = (warm ? m_warm_versions : m_module_versions)[std::size_t(module)];
    if (version == 0) {
        if (!warm) job.warm = warm_hashes(m_shape.warm_tasks);
        return job;
    }
    const std::pair<int, int> from{module, version - 1};
    const auto deltas = m_deltas.find(from);
    const std::size_t kept = warm ? m_warm_deltas.count(from) : deltas == m_deltas.end() ? 0 : deltas->second.size();
    const auto expected = std::ranges::count_if(info.paths, [&](int path) { return m_shape.trains(version - 1, path); });
    if (kept == (warm ? 1 : std::size_t(expected)) && versions.contains(version - 1))
        job.step = outer_job({warm, module, version - 1});
    return job;
}

Result<Repair> RunController::repair_of(const MissingInput& input, const std::filesystem::path& file) const
{
    const std::string& hash = input.hash;
    Repair repair;
    repair.hash = hash;
    const auto made_by = [&](const TaskKey& key, const std::string& what) {
        if (std::find(repair.forget.begin(), repair.forget.end(), key) == repair.forget.end()) repair.forget.push_back(key);
        repair.what = what;
    };
    const auto delta_of = [](Stage stage, int path) { return "pseudo-gradient of " + whose(stage, path); };
    for (const auto& [at, deltas] : m_deltas)
        for (const auto& [path, delta] : deltas)
            if (delta == hash && m_facts.module_versions[std::size_t(at.first)] == at.second)
                made_by({at.second, Stage::Train, path, 0}, delta_of(Stage::Train, path));
    for (const auto& [at, delta] : m_warm_deltas)
        if (delta == hash && m_facts.warm_versions[std::size_t(at.first)] == at.second)
            made_by({at.second, Stage::Warm, 0, 0}, delta_of(Stage::Warm, 0));
    for (const auto& [at, checkpoints] : m_checkpoints) {
        const CheckpointRow& newest = checkpoints.rbegin()->second;
        const auto stage = stage_from_name(at.first);
        if (newest.inner_state_hash == hash && stage)
            made_by({newest.phase - 1, *stage, at.second, 0}, "inner optimiser state of " + whose(*stage, at.second));
    }
    for (int chunk = 0; chunk < m_shape.feature_chunks && m_facts.routings == 0; ++chunk) {
        const auto features = m_assets.find(fmt::format("features.{}", chunk));
        if (features != m_assets.end() && features->second == hash)
            made_by({0, Stage::Features, 0, chunk}, fmt::format("prefix features, part {}", chunk));
    }
    if (m_wanted.stage == Stage::Discriminate)
        for (const int path : m_shape.router_paths)
            for (int chunk = 0; chunk < m_shape.router_chunks; ++chunk) {
                const TaskKey key{m_shape.reshard[std::size_t(m_facts.routings - 1)], Stage::Discriminate, path, chunk};
                const auto scores = m_assets.find(scores_asset(key));
                if (scores != m_assets.end() && scores->second == hash) made_by(key, "scores of " + whose(key.stage, path));
            }
    for (const TaskKey& key : repair.forget)
        if (!can_do_again(key)) return beyond_repair(repair.what, hash, file);
    if (!repair.forget.empty()) return repair;

    for (const bool warm : {false, true}) {
        const auto& modules = warm ? m_warm_versions : m_module_versions;
        for (std::size_t module = 0; module < modules.size(); ++module)
            for (const auto& [version, blob] : modules[module]) {
                if (blob.hash != hash && blob.momentum != hash) continue;
                PATHLOOM_TRY(repair.rebuild, rebuild_job(warm, int(module), version));
                repair.rebuild->hash = hash;
                repair.what = repair.rebuild->what;
                if (blob.hash != hash) repair.what = repair.rebuild->what = "outer momentum of " + repair.what;
                if (version > 0 && !repair.rebuild->step) return beyond_repair(repair.what, hash, file);
                return repair;
            }
    }
    return fail(ErrorCode::Corrupt,
        "the {} (blob {}) is damaged or gone; put a good copy at {} and resume the run, or clone the run", input.what, hash,
        file.string());
}

Result<double> RunController::write_forget(
    Project& project, const TaskKey& key, const Repair& repair, std::int64_t now_ms, std::vector<v1::Event>& events) const
{
    const std::string task = task_id(m_row.id, key);
    double leased_seconds = 0;
    PATHLOOM_TRY(const auto commits, project.task_commits(m_row.id));
    for (const TaskCommitRow& row : commits)
        if (row.task == task) leased_seconds = row.leased_seconds;
    PATHLOOM_CHECK(project.delete_task_commit(task));
    PATHLOOM_CHECK(project.delete_checkpoint(m_row.id, stage_name(key.stage), key.path, key.phase + 1));
    PATHLOOM_CHECK(project.delete_contributions_of(m_row.id, stage_name(key.stage), key.path, key.phase));

    v1::Event event = make_event(m_row.id, now_ms);
    auto* damaged = event.mutable_blob_damaged();
    damaged->set_hash(repair.hash);
    damaged->set_what(repair.what);
    damaged->set_task(task);
    if (key.stage == Stage::Train)
        for (const int module : m_plan.topology.path_modules[std::size_t(key.path)])
            if (m_facts.module_versions[std::size_t(module)] == key.phase)
                damaged->add_modules(m_plan.topology.modules[std::size_t(module)].name);
    events.push_back(std::move(event));
    return leased_seconds;
}

Result<void> RunController::apply_forget(Project& project, const TaskKey& key)
{
    forget(m_facts, key);
    if (const auto found = m_checkpoints.find({stage_name(key.stage), key.path}); found != m_checkpoints.end()) {
        found->second.erase(key.phase + 1);
        if (found->second.empty()) m_checkpoints.erase(found);
    }
    if (key.stage == Stage::Discriminate) m_assets.erase(scores_asset(key));
    if (key.stage == Stage::Features) m_assets.erase(fmt::format("features.{}", key.chunk));
    if (key.stage == Stage::Warm)
        for (std::size_t column = 0; column < m_warm_versions.size(); ++column) m_warm_deltas.erase({int(column), key.phase});
    if (key.stage == Stage::Train)
        for (const int module : m_plan.topology.path_modules[std::size_t(key.path)])
            if (const auto deltas = m_deltas.find({module, key.phase}); deltas != m_deltas.end()) deltas->second.erase(key.path);
    refresh();
    return count_commits(project);
}

}  // namespace pathloom
