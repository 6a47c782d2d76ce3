// SPDX-License-Identifier: GPL-3.0-or-later
// What workers report of their tasks: heartbeats, commits, errors.
#include "engine/server/coordinator.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace pathloom {

namespace {

/// A task whose worker reports an error this often brings its run down: the same input gives the same error.
constexpr int failures_allowed = 3;

WorkerPhase phase_of(v1::Activity activity)
{
    switch (activity) {
    case v1::ACTIVITY_DOWNLOAD:
        return WorkerPhase::Download;
    case v1::ACTIVITY_COMPUTE:
        return WorkerPhase::Compute;
    case v1::ACTIVITY_UPLOAD:
        return WorkerPhase::Upload;
    default:
        return WorkerPhase::Idle;
    }
}

v1::Activity activity_of(WorkerPhase phase)
{
    switch (phase) {
    case WorkerPhase::Download:
        return v1::ACTIVITY_DOWNLOAD;
    case WorkerPhase::Compute:
        return v1::ACTIVITY_COMPUTE;
    case WorkerPhase::Upload:
        return v1::ACTIVITY_UPLOAD;
    case WorkerPhase::Idle:
        break;
    }
    return v1::ACTIVITY_IDLE;
}

v1::Event activity_event(std::int64_t now, const WorkerState& worker)
{
    const auto task = parse_task_id(worker.task);
    v1::Event event = make_event(task ? task->run : 0, now);
    event.mutable_worker_activity()->set_worker(worker.id);
    event.mutable_worker_activity()->set_activity(activity_of(worker.activity));
    event.mutable_worker_activity()->set_task(worker.task);
    return event;
}

}  // namespace

Result<v1::HeartbeatResponse> Coordinator::heartbeat(const v1::HeartbeatRequest& request)
{
    const Change change(*this);
    v1::HeartbeatResponse response;
    const auto found = m_cluster.workers.find(request.worker());
    if (found == m_cluster.workers.end() || !found->second.gone.empty()) {
        response.set_unknown_worker(true);
        response.set_abandon(!request.task().empty());
        return response;
    }
    WorkerState& worker = found->second;
    const std::int64_t now = m_clock.now_ms();
    worker.last_seen_ms = now;
    std::vector<v1::Event> events;
    const auto task = parse_task_id(request.task());
    RunController* run = nullptr;
    if (task) {
        if (const auto owner = m_runs.find(task->run); owner != m_runs.end()) run = owner->second.get();
        const bool held = renew(m_cluster, worker.id, request.task(), request.fence(), now, m_options.lease_ms);
        if (!held || !run || !run->active()) {
            response.set_abandon(true);
            return response;
        }
    }
    for (const v1::HeldTask& also : request.also()) {
        const auto parsed = parse_task_id(also.task());
        const auto owner = parsed ? m_runs.find(parsed->run) : m_runs.end();
        const bool held = renew(m_cluster, worker.id, also.task(), also.fence(), now, m_options.lease_ms);
        if (!held || owner == m_runs.end() || !owner->second->active()) response.add_abandon_also(also.task());
    }
    const bool changed = worker.activity != phase_of(request.activity()) && request.activity() != v1::ACTIVITY_UNSPECIFIED;
    if (request.activity() != v1::ACTIVITY_UNSPECIFIED) worker.activity = phase_of(request.activity());
    const std::vector<float> losses(request.losses().begin(), request.losses().end());
    if (!changed && losses.empty()) return response;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& out) -> Result<void> {
        if (changed) out.push_back(activity_event(now, worker));
        if (run && !losses.empty()) return run->write_points(*m_project, task->key, request.step_begin(), losses, now, out);
        return {};
    }));
    if (run && !losses.empty()) run->apply_points(task->key, request.step_begin(), losses);
    return response;
}

Result<v1::CommitResponse> Coordinator::commit(const v1::CommitRequest& request)
{
    v1::CommitResponse response;
    const auto refuse = [&](const std::string& reason) {
        response.set_accepted(false);
        response.set_reason(reason);
        return response;
    };
    const auto task = parse_task_id(request.task());
    if (!task) return fail(ErrorCode::Usage, "'{}' is not a task", request.task());
    const Change change(*this);
    const auto found = m_runs.find(task->run);
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}", task->run);
    RunController& run = *found->second;
    const std::int64_t now = m_clock.now_ms();
    if (const auto worker = m_cluster.workers.find(request.worker()); worker != m_cluster.workers.end())
        worker->second.last_seen_ms = now;

    const auto lease = find_lease(m_cluster, request.worker(), request.task(), request.fence());
    if (!lease) {
        // The same commit again after a lost answer is no error; anything else is stale.
        PATHLOOM_TRY(const bool known, m_project->task_committed(request.task()));
        if (known) {
            response.set_accepted(true);
            return response;
        }
        return refuse("the lease is gone; the task went back to the queue");
    }
    if (!run.active()) {
        release(m_cluster, request.task());
        return refuse("the run is stopped");
    }
    const auto& wanted_tasks = run.wanted_now().tasks;
    if (std::find(wanted_tasks.begin(), wanted_tasks.end(), task->key) == wanted_tasks.end()) {
        release(m_cluster, request.task());
        task_lost(*lease, "what it builds on was damaged and is done again");
        return refuse("the task is not wanted at present");
    }
    if (auto whole = run.check_result(task->key, request.result(), blobs()); !whole) {
        release(m_cluster, request.task());
        task_lost(*lease, "refused: " + whole.error().message);
        if (whole.error().code == ErrorCode::Failed) fail_run(run, whole.error());
        return refuse(whole.error().message);
    }
    const std::string memo = reuse_key(run, task->key);
    WorkerState rested = m_cluster.workers[request.worker()];  // what release() will make of it
    if (rested.task == request.task()) {
        rested.task.clear();
        rested.activity = WorkerPhase::Idle;
    }
    const double leased_seconds = double(now - lease->since_ms) / 1000.0;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        if (!memo.empty()) PATHLOOM_CHECK(m_project->set_memo(memo, request.result().SerializeAsString()));
        PATHLOOM_CHECK(run.write_commit(
            *m_project, task->key, request.result(), request.worker(), request.fence(), now, leased_seconds, events));
        events.push_back(activity_event(now, rested));
        return {};
    }));
    run.apply_commit(task->key, request.result(), leased_seconds);
    for (const OuterJob& job : run.partial_jobs(task->key)) m_executors->arrived(task->run, job);
    WorkerState& worker = m_cluster.workers[request.worker()];
    release(m_cluster, request.task());
    ++worker.tasks_done;
    worker.tokens += request.result().tokens();
    worker.compute_seconds += request.result().compute_seconds();
    const v1::WireBytes& wire = request.result().wire();
    worker.bytes_down += wire.modules_down() + wire.inner_down() + wire.data_down();
    worker.bytes_up += wire.deltas_up() + wire.inner_up() + wire.results_up();
    if (memo.empty())
        pump(run);
    else
        pump_all();  // other runs may have waited for just this result
    response.set_accepted(true);
    return response;
}

Result<void> Coordinator::fail_task(const v1::FailRequest& request)
{
    const auto task = parse_task_id(request.task());
    if (!task) return fail(ErrorCode::Usage, "'{}' is not a task", request.task());
    const Change change(*this);
    const auto lease = find_lease(m_cluster, request.worker(), request.task(), request.fence());
    if (!lease) return {};
    release(m_cluster, request.task());
    ++m_cluster.workers[request.worker()].tasks_lost;
    task_lost(*lease, "error: " + request.reason());
    const auto found = m_runs.find(task->run);
    if (found == m_runs.end() || !found->second->active()) return {};
    // Another worker would meet the same gap: see at once which bytes are missing, not three times that a task failed.
    if (const auto spec = found->second->task_spec(task->key))
        if (const auto missing = missing_inputs(*spec, blobs()); !missing.empty()) {
            repair(*found->second, missing);
            return {};
        }
    if (++found->second->task_failures[task->key] >= failures_allowed)
        fail_run(*found->second,
            Error{ErrorCode::Failed,
                fmt::format("task {} failed {} times: {}", request.task(), failures_allowed, request.reason())});
    return {};
}

void Coordinator::task_lost(const Lease& lease, const std::string& reason)
{
    const auto task = parse_task_id(lease.task);
    if (!task) return;
    const std::int64_t now = m_clock.now_ms();
    const auto run = m_runs.find(task->run);
    const auto stored = change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        v1::Event event = make_event(task->run, now);
        event.mutable_task_lost()->set_task(lease.task);
        event.mutable_task_lost()->set_worker(lease.worker);
        event.mutable_task_lost()->set_reason(reason);
        events.push_back(std::move(event));
        return run == m_runs.end() ? Result<void>{} : run->second->note_fault(*m_project, double(now - lease.since_ms) / 1000.0);
    });
    if (!stored) spdlog::error("{}", stored.error().message);
    spdlog::warn("task {} lost by worker {}: {}", lease.task, lease.worker, reason);
    m_changed.notify_all();
}

}  // namespace pathloom
