// SPDX-License-Identifier: GPL-3.0-or-later
// What happens whenever a run has changed: what is known already is taken over, tasks are published, slow work goes to the pool.
#include "engine/server/coordinator.h"

#include "engine/server/eval_document.h"

#include <spdlog/spdlog.h>

namespace pathloom {

void Coordinator::pump_all()
{
    for (auto& [id, run] : m_runs) pump(*run);
}

Result<bool> Coordinator::reuse_memo(RunController& run, const TaskKey& key)
{
    if (m_cluster.leases.contains(task_id(run.row().id, key))) return false;
    PATHLOOM_TRY(const auto spec, run.task_spec(key));
    const auto memo = m_project->find_memo(memo_key(spec));
    v1::TaskResult result;
    if (!memo || !*memo || !result.ParseFromString(**memo) || !run.check_result(key, result, blobs())) return false;
    result.clear_wire();
    result.set_compute_seconds(0);
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
        return run.write_commit(*m_project, key, result, 0, 0, m_clock.now_ms(), 0, events);
    }));
    run.apply_commit(key, result, 0);
    return true;
}

Result<void> Coordinator::reuse_memos(RunController& run)
{
    bool reused = true;  // each may make the next one ready
    while (reused && run.active()) {
        reused = false;
        for (const TaskKey& key : std::vector<TaskKey>(run.wanted_now().tasks)) {
            if (key.stage != Stage::Warm && key.stage != Stage::Features) break;
            PATHLOOM_TRY(const bool taken, reuse_memo(run, key));
            reused = reused || taken;
        }
        if (!run.wanted_now().outer_steps.empty()) break;  // a warm step has to be taken first
    }
    return {};
}

void Coordinator::announce(RunController& run)
{
    const Wanted& now = run.wanted_now();
    std::vector<v1::Event> events;
    const std::string stage = stage_name(now.stage);
    if (stage != run.announced_stage) {
        run.announced_stage = stage;
        v1::Event event = make_event(run.row().id, m_clock.now_ms());
        event.mutable_stage()->set_stage(stage);
        event.mutable_stage()->set_units_total(std::int32_t(now.stage == Stage::Train ? run.train_tasks()
                : now.stage == Stage::Warm                                            ? warm_task_count(run.plan().spec.training)
                                                                                      : int(now.tasks.size())));
        events.push_back(std::move(event));
    }
    for (const TaskKey& key : now.tasks) {
        if (!run.published.insert(key).second) continue;
        v1::Event event = make_event(run.row().id, m_clock.now_ms());
        auto* published = event.mutable_task_published();
        published->set_task(task_id(run.row().id, key));
        published->set_stage(stage_name(key.stage));
        published->set_path(key.path);
        published->set_phase(key.phase);
        events.push_back(std::move(event));
    }
    commit_events(std::move(events));
}

void Coordinator::send_to_pool(RunController& run)
{
    if (!run.rebuilding.empty()) return;  // what is being made again may be what they read: pumped again after it
    const std::int64_t id = run.row().id;
    const Wanted& now = run.wanted_now();
    for (const OuterStepWanted& step : now.outer_steps)
        if (run.outer_running.insert(step).second) m_pool->post([this, id, step] { run_outer_step(id, step); });
    if (now.route && !run.routing_running) {
        run.routing_running = true;
        m_pool->post([this, id] { run_routing(id); });
    }
}

Result<void> Coordinator::finish(RunController& run)
{
    const std::int64_t id = run.row().id;
    PATHLOOM_TRY(const std::string document, run.build_eval(*m_project, Stage::Test));
    RunRow row = run.row();
    row.state = v1::RUN_STATE_DONE;
    row.stage = stage_name(run.wanted_now().stage);
    row.finished_ms = m_clock.now_ms();
    v1::Event scored = make_event(id, row.finished_ms);
    scored.mutable_eval_done()->set_split("test");
    scored.mutable_eval_done()->set_route("once");
    scored.mutable_eval_done()->set_result_json(document);
    v1::Event state = make_event(id, row.finished_ms);
    state.mutable_run_state()->set_state(v1::RUN_STATE_DONE);
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        PATHLOOM_CHECK(m_project->set_eval(id, {"test", "once", document, row.finished_ms}));
        PATHLOOM_CHECK(m_project->delete_spare_rows(id));
        events = {scored, state};
        return m_project->update_run(row);
    }));
    run.set_test_perplexity(perplexity_in(document));
    run.set_row(row);
    spdlog::info("run {} is done", id);
    m_let_go_ms = m_clock.now_ms();
    return {};
}

void Coordinator::pump(RunController& run)
{
    if (const auto reused = reuse_memos(run); !reused) return fail_run(run, reused.error());
    if (!run.active()) return;
    announce(run);
    send_to_pool(run);
    if (run.wanted_now().finished && run.running())
        if (const auto done = finish(run); !done) return fail_run(run, done.error());
    m_changed.notify_all();
}

void Coordinator::run_outer_step(std::int64_t id, OuterStepWanted step)
{
    OuterJob job;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_runs.find(id);
        if (found == m_runs.end() || m_stopping) return;
        job = found->second->outer_job(step);
    }
    auto done = m_executors->step(id, job);
    const std::lock_guard lock(m_mutex);
    const auto found = m_runs.find(id);
    if (found == m_runs.end() || m_stopping) return;
    RunController& run = *found->second;
    const auto stored = change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        if (!done) return fail(done.error());
        return run.write_outer(*m_project, *done, m_clock.now_ms(), events);
    });
    if (!stored) {
        run.outer_running.erase(step);
        const auto missing = done ? std::vector<MissingInput>() : missing_inputs(job, blobs());
        return missing.empty() ? fail_run(run, stored.error()) : repair(run, missing);
    }
    run.apply_outer(*done);
    m_let_go_ms = m_clock.now_ms();
    pump(run);
}

void Coordinator::run_routing(std::int64_t id)
{
    RoutingJob job;
    const RunPlan* plan = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_runs.find(id);
        if (found == m_runs.end() || m_stopping) return;
        job = found->second->routing_job();
        plan = &found->second->plan();  // runs are never removed while the engine lives, and a plan never changes
    }
    auto done = do_routing(*plan, job, blobs());
    const std::lock_guard lock(m_mutex);
    if (m_stopping) return;
    RunController& run = *m_runs.at(id);
    const auto stored = change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        if (!done) return fail(done.error());
        return run.write_routing(*m_project, *done, m_clock.now_ms(), events);
    });
    if (!stored) {
        run.routing_running = false;
        const auto missing = done ? std::vector<MissingInput>() : missing_inputs(job, blobs());
        return missing.empty() ? fail_run(run, stored.error()) : repair(run, missing);
    }
    run.apply_routing(*done);
    pump(run);
}

}  // namespace pathloom
