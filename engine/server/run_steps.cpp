// SPDX-License-Identifier: GPL-3.0-or-later
// What an outer step, a routing and a scored split change: rows and events first (write_*), then memory (apply_*).
#include "engine/server/eval_document.h"
#include "engine/server/event_hub.h"
#include "engine/server/run_controller.h"

namespace pathloom {

Result<void> RunController::write_outer(
    Project& project, const OuterDone& done, std::int64_t now_ms, std::vector<v1::Event>& events) const
{
    const bool warm = done.step.warm;
    const Module& module = (warm ? m_plan.warm : m_plan.topology).modules[std::size_t(done.step.module)];
    const std::string stage = warm ? "warm" : "train";
    const int version = done.step.phase + 1;
    PATHLOOM_CHECK(project.insert_module_version(m_row.id, {stage, module.name, version, done.module_hash, done.momentum_hash}));
    PATHLOOM_CHECK(project.delete_contributions_below(m_row.id, stage, module.name, done.step.phase));
    if (warm) return project.delete_module_versions_below(m_row.id, stage, module.name, done.step.phase);
    // Older versions stay only as long as a validation or early stopping still needs them.
    for (const int stale : stale_versions(done.step.module, done.step.phase))
        PATHLOOM_CHECK(project.delete_module_version(m_row.id, stage, module.name, stale));
    v1::Event event = make_event(m_row.id, now_ms);
    auto* stepped_event = event.mutable_module_stepped();
    stepped_event->set_module(module.name);
    stepped_event->set_version(version);
    stepped_event->set_gradient_norm(done.gradient_norm);
    stepped_event->set_mean_cosine(done.mean_cosine);
    for (int path : done.paths) stepped_event->add_paths(path);
    for (double norm : done.path_norms) stepped_event->add_path_norms(norm);
    for (float cosine : done.path_cosines) stepped_event->add_path_cosines(cosine);
    stepped_event->set_seconds(done.seconds);
    stepped_event->set_hash(done.module_hash);
    events.push_back(std::move(event));
    return {};
}

void RunController::apply_outer(const OuterDone& done)
{
    auto& versions = (done.step.warm ? m_warm_versions : m_module_versions)[std::size_t(done.step.module)];
    versions[done.step.phase + 1] = {done.module_hash, done.momentum_hash};
    if (done.step.warm)
        versions.erase(versions.begin(), versions.lower_bound(done.step.phase));
    else
        for (const int stale : stale_versions(done.step.module, done.step.phase)) versions.erase(stale);
    if (done.step.warm)
        m_warm_deltas.erase({done.step.module, done.step.phase - 1});
    else
        m_deltas.erase({done.step.module, done.step.phase - 1});
    stepped(m_facts, done.step);
    outer_running.erase(done.step);
    refresh();
}

Result<void> RunController::write_routing(
    Project& project, const RoutingDone& done, std::int64_t now_ms, std::vector<v1::Event>& events) const
{
    for (const auto& [key, value] : done.assets) PATHLOOM_CHECK(project.set_asset(m_row.id, key, value));
    if (done.routing == 0)
        for (const Module& module : m_plan.topology.modules) {
            const std::string& hash = done.column_hashes[std::size_t(module.column)];
            PATHLOOM_CHECK(project.insert_module_version(m_row.id, {"train", module.name, 0, hash, {}}));
        }
    v1::Event event = make_event(m_row.id, now_ms);
    auto* shards = event.mutable_shards();
    *shards = shards_event(
        m_plan, done.routing, done.assignment, done.routing > 0 ? &m_assignments[std::size_t(done.routing - 1)] : nullptr);
    shards->set_rebalanced(done.report.rebalanced);
    shards->set_moved(done.report.moved);
    shards->set_layout_cost(done.report.layout_cost);
    shards->set_arbitrary_cost(done.report.arbitrary_cost);
    shards->set_router_accuracy(done.router_accuracy);
    events.push_back(std::move(event));
    return {};
}

void RunController::apply_routing(const RoutingDone& done)
{
    for (const auto& [key, value] : done.assets) m_assets[key] = value;
    for (std::size_t i = 0; i < m_plan.topology.modules.size() && done.routing == 0; ++i)
        m_module_versions[i][0] = {done.column_hashes[std::size_t(m_plan.topology.modules[i].column)], {}};
    m_assignments.push_back(done.assignment);
    m_shape = run_shape(m_plan, m_assignments);
    m_facts.routings = int(m_assignments.size());
    routing_running = false;
    refresh();
}

Result<void> RunController::request_valid_full(Project& project)
{
    if (int(m_assignments.size()) < m_shape.routings())
        return fail(ErrorCode::Usage, "run {} is not routed yet; wait until it has finished", m_row.id);
    PATHLOOM_CHECK(project.set_asset(m_row.id, "valid-full", "1"));
    m_shape.valid_full_tasks.clear();
    for (int cell = 0; cell < m_plan.topology.cells(); ++cell)
        for (std::size_t chunk = 0; chunk < m_assignments.back().valid_full[std::size_t(cell)].size(); ++chunk)
            m_shape.valid_full_tasks.push_back({m_shape.phases, Stage::ValidFull, scoring_path(m_plan, cell), int(chunk)});
    refresh();
    return {};
}

Result<std::string> RunController::build_eval(Project& project, Stage stage) const
{
    PATHLOOM_TRY(const auto commits, project.task_commits(m_row.id));
    std::vector<ScoredTask> tasks;
    for (const TaskCommitRow& row : commits) {
        if (row.stage != stage_name(stage)) continue;
        v1::TaskResult result;
        if (!result.ParseFromString(row.result))
            return fail(ErrorCode::Corrupt, "the commit of task '{}' cannot be read", row.task);
        tasks.push_back({row.path, {result.scores().begin(), result.scores().end()}});
    }
    std::map<int, int> versions;
    if (!m_slices.empty())
        for (int cell = 0; cell < m_plan.topology.cells(); ++cell) {
            const int path = scoring_path(m_plan, cell);
            versions[path] = final_version(path);
        }
    return eval_document(m_row.id, m_row.name, m_plan, stage == Stage::Test ? "test" : "valid", "once", tasks, nullptr, versions);
}

}  // namespace pathloom
