// SPDX-License-Identifier: GPL-3.0-or-later
// Which blobs a task is made of.
#include "engine/server/run_controller.h"

namespace pathloom {

Result<std::string> RunController::asset(const std::string& key) const
{
    const auto found = m_assets.find(key);
    if (found == m_assets.end())
        return fail(ErrorCode::Corrupt, "run {} has lost its '{}'; restore project.sqlite from a copy", m_row.id, key);
    return found->second;
}

DataHashes RunController::data() const
{
    return {m_assets.at("tokens"), m_assets.at("sequences")};
}

std::vector<std::string> RunController::warm_hashes(int version) const
{
    std::vector<std::string> out;
    for (const auto& versions : m_warm_versions) out.push_back(versions.at(version).hash);
    return out;
}

Result<std::vector<std::string>> RunController::path_hashes(int path, int version) const
{
    std::vector<std::string> out;
    for (int module : m_plan.topology.path_modules[std::size_t(path)]) {
        const auto& versions = m_module_versions[std::size_t(module)];
        const auto found = versions.find(version);
        if (found == versions.end())
            return fail(ErrorCode::Corrupt, "run {}: version {} of module {} is gone; clone the run", m_row.id, version,
                m_plan.topology.modules[std::size_t(module)].name);
        out.push_back(found->second.hash);
    }
    return out;
}

std::string RunController::inner_state(const std::string& stage, int path) const
{
    if (const auto own = m_checkpoints.find({stage, path}); own != m_checkpoints.end())
        return own->second.rbegin()->second.inner_state_hash;
    // A path's first phase goes on from the warm start's optimiser, as its parameters do.
    const auto warm = m_checkpoints.find({"warm", 0});
    return stage == "train" && warm != m_checkpoints.end() ? warm->second.rbegin()->second.inner_state_hash : std::string();
}

Result<v1::TaskSpec> RunController::task_spec(const TaskKey& key) const
{
    const int cell = m_plan.topology.cell_of(key.path);
    switch (key.stage) {
    case Stage::Warm: {
        PATHLOOM_TRY(const auto subset, asset("subset.warm"));
        return warm_spec(m_plan, data(), key.phase, warm_hashes(key.phase), inner_state("warm", 0), subset);
    }
    case Stage::Features: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.features.{}", key.chunk)));
        return features_spec(m_plan, data(), warm_hashes(m_shape.warm_tasks), subset);
    }
    case Stage::Train: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.train.{}", key.path)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        return train_spec(m_plan, data(), key.path, key.phase, modules, inner_state("train", key.path), subset);
    }
    case Stage::Valid: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.valid.{}", cell)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        return score_spec(m_plan, data(), modules, subset);
    }
    case Stage::Test:
    case Stage::ValidFull: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.{}.{}.{}", stage_name(key.stage), cell, key.chunk)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, m_shape.phases));
        return score_spec(m_plan, data(), modules, subset);
    }
    case Stage::Routing:
    case Stage::Done:
        break;
    }
    return fail(ErrorCode::Usage, "a task of stage '{}' cannot be leased", stage_name(key.stage));
}

OuterJob RunController::outer_job(const OuterStepWanted& step) const
{
    OuterJob job;
    job.step = step;
    if (step.warm) {
        // One dense model: its trained parameters are simply the next ones.
        job.outer.optimizer = "none";
        job.outer.combine = "mean";
        job.outer.sqrt_paths = false;
        job.module_hash = m_warm_versions[std::size_t(step.module)].at(step.phase).hash;
        job.paths = {0};
        job.deltas = {m_warm_deltas.at({step.module, step.phase})};
    } else {
        job.outer = m_plan.spec.outer;
        const Version& version = m_module_versions[std::size_t(step.module)].at(step.phase);
        job.module_hash = version.hash;
        job.momentum_hash = version.momentum;
        for (const auto& [path, delta] :
            m_deltas.at({step.module, step.phase})) {  // a map: ascending paths, whatever arrived first
            job.paths.push_back(path);
            job.deltas.push_back(delta);
        }
    }
    std::vector<std::int64_t> sizes;
    for (int path : job.paths) sizes.push_back(step.warm ? 1 : std::int64_t(m_assignment->shards[std::size_t(path)].size()));
    job.weights = combine_weights(job.outer, sizes, step.warm ? 1 : std::int64_t(m_plan.train_rows.size()));
    return job;
}

RoutingJob RunController::routing_job() const
{
    RoutingJob job;
    job.warm = warm_hashes(m_shape.warm_tasks);
    for (int chunk = 0; chunk < m_shape.feature_chunks; ++chunk)
        job.features.push_back(m_assets.at(fmt::format("features.{}", chunk)));
    return job;
}

int RunController::oldest_needed(int module) const
{
    int oldest = m_facts.module_versions[std::size_t(module)];
    if (m_shape.valid_every <= 0) return oldest;
    for (int path : m_shape.valid_paths) {
        const auto& modules = m_plan.topology.path_modules[std::size_t(path)];
        if (std::find(modules.begin(), modules.end(), module) == modules.end()) continue;
        for (int version = 0; version < oldest; ++version) {
            if (version % m_shape.valid_every != 0 && version != m_shape.phases) continue;
            if (!m_facts.scored.contains({version, Stage::Valid, path, 0})) oldest = version;
        }
    }
    return oldest;
}

}  // namespace pathloom
