// SPDX-License-Identifier: GPL-3.0-or-later
// What workers ask of the coordinator.
#include "engine/core/isa.h"
#include "engine/core/version.h"
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

std::string state_name(const WorkerState& worker)
{
    if (!worker.gone.empty()) return worker.gone;
    if (worker.draining) return "draining";
    switch (worker.activity) {
    case WorkerPhase::Download:
        return "download";
    case WorkerPhase::Compute:
        return "compute";
    case WorkerPhase::Upload:
        return "upload";
    case WorkerPhase::Idle:
        break;
    }
    return "idle";
}

}  // namespace

Result<v1::RegisterResponse> Coordinator::register_worker(const v1::RegisterRequest& request)
{
    if (request.protocol() != protocol_version)
        return fail(ErrorCode::Unsupported, "worker '{}' speaks protocol {}, this engine {}; install the same version on both",
            request.name(), request.protocol(), protocol_version);
    if (request.instance().empty()) return fail(ErrorCode::Usage, "a worker must name its instance");
    const Change change(*this);
    for (const auto& [id, known] : m_cluster.workers)
        if (known.instance == request.instance() && known.gone == "killed")
            return fail(ErrorCode::Unsupported, "worker {} '{}' was killed by an operator; start it anew to let it back in", id,
                known.name);
    const std::int64_t now = m_clock.now_ms();
    WorkerRow row;
    row.instance = request.instance();
    row.name = request.name();
    row.host = request.host();
    row.pid = request.pid();
    row.isa = request.isa();
    row.local = request.local();
    row.joined_ms = now;
    bool returning = false;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        PATHLOOM_TRY(row.id, m_project->upsert_worker(row));
        const auto known = m_cluster.workers.find(row.id);
        returning = known != m_cluster.workers.end() && known->second.gone.empty();
        if (returning) return {};
        v1::Event event = make_event(0, now);
        auto* joined = event.mutable_worker_joined();
        joined->set_worker(row.id);
        joined->set_name(row.name);
        joined->set_host(row.host);
        joined->set_pid(row.pid);
        joined->set_isa(row.isa);
        joined->set_local(row.local);
        events.push_back(std::move(event));
        return {};
    }));
    WorkerState& worker = m_cluster.workers[row.id];
    worker.id = row.id;
    worker.name = row.name;
    worker.host = row.host;
    worker.pid = row.pid;
    worker.isa = row.isa;
    worker.instance = row.instance;
    worker.codecs.emplace(request.codecs().begin(), request.codecs().end());
    worker.local = row.local;
    worker.gone.clear();
    worker.last_seen_ms = now;
    v1::RegisterResponse response;
    response.set_worker(row.id);
    response.set_heartbeat_ms(m_options.heartbeat_ms);
    return response;
}

std::string Coordinator::reuse_key(const RunController& run, const TaskKey& key) const
{
    if (key.stage != Stage::Warm && key.stage != Stage::Features) return {};
    const auto spec = run.task_spec(key);
    return spec ? memo_key(*spec) : std::string();
}

std::vector<Candidate> Coordinator::candidates(const WorkerState& worker)
{
    std::vector<Candidate> out;
    for (const auto& [id, run] : m_runs) {
        if (!run->active() || !offers_device(worker.isa, run->device())) continue;
        for (const TaskKey& key : run->wanted_now().tasks) {
            if (!run->rebuilding.empty()) {  // a task that reads what is being made again waits for it
                const auto spec = run->task_spec(key);
                if (!spec || !missing_inputs(*spec, m_project->blobs()).empty()) continue;
            }
            // Two runs that share a warm start wait for one worker rather than doing it twice.
            const std::string reusable = reuse_key(*run, key);
            if (reusable.empty() || !in_progress(m_cluster, reusable)) out.push_back({id, key});
        }
    }
    return out;
}

std::vector<Candidate> Coordinator::candidates_for(const WorkerState& worker, std::string& lacking)
{
    std::vector<Candidate> out = candidates(worker);
    std::erase_if(out, [&](const Candidate& candidate) {
        if (candidate.key.stage != Stage::Train) return false;
        const std::string& codec = m_runs.at(candidate.run)->plan().spec.outer.codec;
        const bool known = codec == "fp32"
            || (worker.codecs && std::find(worker.codecs->begin(), worker.codecs->end(), codec) != worker.codecs->end());
        if (!known) lacking = codec;
        return !known;
    });
    return out;
}

Result<v1::LeaseResponse> Coordinator::turn_away(std::int64_t id, const std::string& codec)
{
    WorkerState& worker = m_cluster.workers.at(id);
    if (!worker.codecs)  // known from before this engine started only
        return fail(ErrorCode::NotFound, "worker {} is to register again", id);
    for (const Lease& lease : depart(m_cluster, id, "turned away")) task_lost(lease, "worker turned away");
    worker_gone(id, fmt::format("turned away: does not know codec {}", codec));
    return fail(ErrorCode::Unsupported,
        "worker {} '{}' does not know the codec '{}' that the runs here send their pseudo-gradients with; update it", id,
        worker.name, codec);
}

namespace {
/// Counts a worker that waits for work.
class Waiting {
public:
    explicit Waiting(int* count)
        : m_count(count)
    {
        if (m_count) ++*m_count;
    }
    ~Waiting()
    {
        if (m_count) --*m_count;
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    int* m_count;
};
}  // namespace

void Coordinator::give_up_all_but(std::int64_t worker, const google::protobuf::RepeatedPtrField<v1::HeldTask>& held)
{
    // It asks for work: whatever it holds and does not name is not being worked on.
    for (const Lease& lease : leases_of(m_cluster, worker)) {
        const bool named = std::any_of(held.begin(), held.end(),
            [&](const v1::HeldTask& one) { return one.task() == lease.task && one.fence() == lease.fence; });
        if (named) continue;
        release(m_cluster, lease.task);
        task_lost(lease, "abandoned");
    }
}

std::optional<v1::Task> Coordinator::look_ahead(const WorkerState& worker)
{
    // Only what would be left over if everybody who waits for work were served.
    std::string lacking;
    const auto free = candidates_for(worker, lacking);
    if (spare(m_cluster, free) <= m_idle_workers) return std::nullopt;
    reserve(m_cluster, worker.id, {});
    const auto chosen = choose(m_cluster, free, worker.id);
    if (!chosen) return std::nullopt;
    const auto spec = m_runs.at(chosen->run)->task_spec(chosen->key);
    if (!spec) return std::nullopt;  // the lease itself will tell
    v1::Task task;
    task.set_id(task_id(chosen->run, chosen->key));
    task.set_run(chosen->run);
    *task.mutable_spec() = *spec;
    reserve(m_cluster, worker.id, task.id());
    return task;
}

Result<v1::LeaseResponse> Coordinator::lease(const v1::LeaseRequest& request, const Cancelled& cancelled)
{
    Change change(*this);
    const auto deadline
        = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::clamp<std::int64_t>(request.wait_ms(), 0, 60000));
    v1::LeaseResponse response;
    for (;;) {
        const auto found = m_cluster.workers.find(request.worker());
        if (found == m_cluster.workers.end() || !found->second.gone.empty())
            return fail(ErrorCode::NotFound, "worker {} is not registered; register again", request.worker());
        WorkerState& worker = found->second;
        const std::int64_t now = m_clock.now_ms();
        worker.last_seen_ms = now;
        if (worker.draining) {
            response.set_leave(!request.ahead());
            return response;
        }
        if (m_stopping || cancelled()) return response;
        if (request.ahead()) {
            if (const auto next = look_ahead(worker)) {
                *response.mutable_task() = *next;
                return response;
            }
        } else {
            give_up_all_but(worker.id, request.held());
        }
        std::string lacking;
        if (const auto chosen = request.ahead() ? std::nullopt : choose(m_cluster, candidates_for(worker, lacking), worker.id)) {
            RunController& run = *m_runs.at(chosen->run);
            auto spec = run.task_spec(chosen->key);
            if (!spec) {
                fail_run(run, spec.error());
                continue;
            }
            if (const auto missing = missing_inputs(*spec, blobs()); !missing.empty()) {
                repair(run, missing);
                continue;
            }
            const std::string id = task_id(chosen->run, chosen->key);
            std::int64_t fence = 0;
            PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) -> Result<void> {
                PATHLOOM_TRY(fence, m_project->next_fence());
                v1::Event event = make_event(chosen->run, now);
                event.mutable_task_leased()->set_task(id);
                event.mutable_task_leased()->set_worker(worker.id);
                event.mutable_task_leased()->set_fence(fence);
                events.push_back(std::move(event));
                return {};
            }));
            grant(m_cluster, worker.id, id, fence, now, m_options.lease_ms);
            m_cluster.leases.at(id).reuse_key = reuse_key(run, chosen->key);
            v1::Task& task = *response.mutable_task();
            task.set_id(id);
            task.set_run(chosen->run);
            task.set_stage(stage_name(chosen->key.stage));
            task.set_path(chosen->key.path);
            task.set_phase(chosen->key.phase);
            task.set_fence(fence);
            task.set_lease_ms(m_options.lease_ms);
            *task.mutable_spec() = std::move(*spec);
            return response;
        }
        if (!lacking.empty() && request.held().empty()) return turn_away(worker.id, lacking);
        if (std::chrono::steady_clock::now() >= deadline) return response;
        const Waiting waiting(request.ahead() ? nullptr : &m_idle_workers);
        m_changed.wait_until(change.lock, std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(500)));
    }
}

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

Result<void> Coordinator::leave(const v1::LeaveRequest& request)
{
    const Change change(*this);
    const auto found = m_cluster.workers.find(request.worker());
    if (found == m_cluster.workers.end() || !found->second.gone.empty()) return {};
    const std::string reason = found->second.draining ? "drained" : "left";
    for (const Lease& lease : depart(m_cluster, request.worker(), reason)) task_lost(lease, "worker left");
    worker_gone(request.worker(), reason);
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

void Coordinator::worker_gone(std::int64_t worker, const std::string& reason)
{
    const std::int64_t now = m_clock.now_ms();
    const auto stored = change_store([&](std::vector<v1::Event>& events) {
        v1::Event event = make_event(0, now);
        event.mutable_worker_gone()->set_worker(worker);
        event.mutable_worker_gone()->set_reason(reason);
        events.push_back(std::move(event));
        return m_project->set_worker_gone(worker, now, reason);
    });
    if (!stored) spdlog::error("{}", stored.error().message);
    m_changed.notify_all();
}

v1::WorkerInfo Coordinator::worker_info(const WorkerState& worker, std::int64_t now_ms) const
{
    v1::WorkerInfo out;
    out.set_id(worker.id);
    out.set_name(worker.name);
    out.set_host(worker.host);
    out.set_pid(worker.pid);
    out.set_local(worker.local);
    out.set_state(state_name(worker));
    out.set_task(worker.task);
    out.set_heartbeat_age_ms(now_ms - worker.last_seen_ms);
    out.set_tasks_done(worker.tasks_done);
    out.set_tasks_lost(worker.tasks_lost);
    out.set_tokens_per_second(worker.compute_seconds > 0 ? double(worker.tokens) / worker.compute_seconds : 0);
    out.set_isa(worker.isa);
    out.set_bytes_down(worker.bytes_down);
    out.set_bytes_up(worker.bytes_up);
    return out;
}

v1::ListWorkersResponse Coordinator::list_workers()
{
    const std::lock_guard lock(m_mutex);
    v1::ListWorkersResponse out;
    const std::int64_t now = m_clock.now_ms();
    for (const auto& [id, worker] : m_cluster.workers) *out.add_workers() = worker_info(worker, now);
    return out;
}

Result<v1::ListWorkersResponse> Coordinator::set_local_workers(int count)
{
    if (count < 0 || count > 256) return fail(ErrorCode::Usage, "local workers must be between 0 and 256, got {}", count);
    {
        const std::lock_guard lock(m_mutex);
        if (!m_local_command || m_local_command->program.empty())
            return fail(
                ErrorCode::Failed, "pathloom-worker was not found beside the engine; install it or start workers by hand");
        m_local_wanted = count;
        m_changed.notify_all();
    }
    return list_workers();
}

Result<v1::ListWorkersResponse> Coordinator::drain_worker(std::int64_t worker)
{
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_cluster.workers.find(worker);
        if (found == m_cluster.workers.end() || !found->second.gone.empty())
            return fail(ErrorCode::NotFound, "worker {} is not here", worker);
        found->second.draining = true;
        if (found->second.local && m_local_wanted > 0) {  // it is not to be replaced
            --m_local_wanted;
            m_let_go_requests.push_back(pid_t(found->second.pid));
        }
        m_changed.notify_all();
    }
    return list_workers();
}

Result<v1::ListWorkersResponse> Coordinator::kill_worker(std::int64_t worker)
{
    {
        const Change change(*this);
        const auto found = m_cluster.workers.find(worker);
        if (found == m_cluster.workers.end() || !found->second.gone.empty())
            return fail(ErrorCode::NotFound, "worker {} is not here", worker);
        const bool ours = found->second.local;
        const pid_t pid = pid_t(found->second.pid);
        for (const Lease& lease : depart(m_cluster, worker, "killed")) task_lost(lease, "worker killed");
        worker_gone(worker, "killed");
        if (ours) m_kill_requests.push_back(pid);
        m_changed.notify_all();
    }
    return list_workers();
}

}  // namespace pathloom
