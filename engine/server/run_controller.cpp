// SPDX-License-Identifier: GPL-3.0-or-later
// Which blobs a task is made of.
#include "engine/server/run_controller.h"

#include "engine/routing/reroute.h"

#include <algorithm>

namespace pathloom {

std::string scores_asset(const TaskKey& key)
{
    return fmt::format("{}.{}.{}.{}", stage_name(key.stage), key.phase, key.path, key.chunk);
}

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
    case Stage::Discriminate: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.discriminate.{}", key.chunk)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        return rows_spec(m_plan, data(), modules, subset, 0);
    }
    case Stage::Train: {
        const int routing = m_shape.routing_of_phase(key.phase);
        PATHLOOM_TRY(const auto subset, asset(of_routing(fmt::format("subset.train.{}", key.path), routing)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        const bool first = !m_checkpoints.contains({"train", key.path});
        const std::string state = inner_state("train", key.path);
        auto spec = train_spec(m_plan, data(), key.path, key.phase, modules, state, first ? std::string() : state, subset);
        PATHLOOM_CHECK(set_teacher(spec));
        return spec;
    }
    case Stage::Valid: {
        const int routing = m_shape.routing_of_version(key.phase);
        PATHLOOM_TRY(const auto subset, asset(of_routing(fmt::format("subset.valid.{}", cell), routing)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        return score_spec(m_plan, data(), modules, subset);
    }
    case Stage::Slice: {
        PATHLOOM_TRY(const auto subset, asset(of_routing(fmt::format("subset.slice.{}", cell), m_shape.routings() - 1)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, key.phase));
        return score_spec(m_plan, data(), modules, subset);
    }
    case Stage::Test:
    case Stage::ValidFull: {
        PATHLOOM_TRY(const auto subset,
            asset(of_routing(fmt::format("subset.{}.{}.{}", stage_name(key.stage), cell, key.chunk), m_shape.routings() - 1)));
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, final_version(key.path)));
        return score_spec(m_plan, data(), modules, subset);
    }
    case Stage::WindowFeatures:
    case Stage::Windows: {
        PATHLOOM_TRY(const auto subset, asset(fmt::format("subset.windows.{}", key.chunk)));
        if (key.stage == Stage::WindowFeatures)
            return features_spec(m_plan, data(), warm_hashes(m_shape.warm_tasks), subset, smallest_window);
        PATHLOOM_TRY(const auto modules, path_hashes(key.path, final_version(key.path)));
        return rows_spec(m_plan, data(), modules, subset, smallest_window);
    }
    case Stage::TokenRouter: {
        PATHLOOM_TRY(const auto fit, asset(token_asset(key.chunk, "fit")));
        PATHLOOM_TRY(const auto labels, asset(token_asset(key.chunk, "labels")));
        PATHLOOM_TRY(const auto apply, asset(token_asset(key.chunk, "apply")));
        return token_router_spec(m_plan, data(), warm_hashes(m_shape.warm_tasks), fit, labels, apply, smallest_window);
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
        const auto found = m_deltas.find({step.module, step.phase});
        for (int path : m_plan.topology.modules[std::size_t(step.module)].paths) {  // ascending, whatever arrived first
            if (!m_shape.trains(step.phase, path)) continue;  // none at all when no sampled path goes through the module
            job.paths.push_back(path);
            job.deltas.push_back(
                found == m_deltas.end() || !found->second.contains(path) ? std::string() : found->second.at(path));
        }
    }
    if (step.warm) {
        job.weights = combine_weights(job.outer, std::vector<std::int64_t>{1}, 1);
        return job;
    }
    const Assignment& assignment = m_assignments[std::size_t(m_shape.routing_of_phase(step.phase))];
    std::vector<std::int64_t> sizes;
    for (int path : job.paths) sizes.push_back(std::int64_t(assignment.shards[std::size_t(path)].size()));
    job.weights = combine_weights(job.outer, sizes, sharded_rows(assignment));
    return job;
}

std::vector<OuterJob> RunController::partial_jobs(const TaskKey& key) const
{
    std::vector<OuterJob> jobs;
    if (key.stage != Stage::Train) return jobs;
    for (int module : m_plan.topology.path_modules[std::size_t(key.path)]) {
        const auto in = m_deltas.find({module, key.phase});
        if (in == m_deltas.end()) continue;
        OuterJob job = outer_job({false, module, key.phase});
        if (std::ranges::any_of(job.deltas, &std::string::empty)) jobs.push_back(std::move(job));  // else its step is due
    }
    return jobs;
}

RoutingJob RunController::routing_job() const
{
    RoutingJob job;
    job.routing = m_facts.routings;
    if (job.routing == 0) {
        job.warm = warm_hashes(m_shape.warm_tasks);
    } else {
        for (int path : m_shape.router_paths) {
            auto& chunks = job.scores.emplace_back();
            for (int chunk = 0; chunk < m_shape.router_chunks; ++chunk)
                chunks.push_back(
                    m_assets.at(scores_asset({m_shape.reshard[std::size_t(job.routing - 1)], Stage::Discriminate, path, chunk})));
        }
    }
    for (int chunk = 0; chunk < m_shape.feature_chunks; ++chunk)
        job.features.push_back(m_assets.at(fmt::format("features.{}", chunk)));
    return job;
}

int RunController::final_version(int path) const
{
    const auto scored = m_slices.find(m_plan.topology.cell_of(path) * m_plan.topology.replicas);
    if (scored == m_slices.end()) return m_shape.phases;
    return std::ranges::min_element(scored->second, {}, [](const auto& s) { return s.second; })->first;
}

bool RunController::needed(int module, int version) const
{
    const std::vector<int>& through = m_plan.topology.modules[std::size_t(module)].paths;
    const auto passes = [&](int path) { return std::ranges::binary_search(through, path); };
    if (m_shape.validates(version))
        for (int path : m_shape.valid_paths[std::size_t(m_shape.routing_of_version(version))])
            if (passes(path) && !m_facts.scored.contains({version, Stage::Valid, path, 0})) return true;
    if (version >= m_shape.first_choice())
        for (int path : m_shape.slice_paths)
            if (passes(path) && (!m_facts.scored.contains({version, Stage::Slice, path, 0}) || final_version(path) == version))
                return true;
    return false;
}

std::vector<int> RunController::stale_versions(int module, int version) const
{
    std::vector<int> out;
    for (const auto& [kept, blob] : m_module_versions[std::size_t(module)])
        if (kept < version && !needed(module, kept)) out.push_back(kept);
    return out;
}

}  // namespace pathloom
