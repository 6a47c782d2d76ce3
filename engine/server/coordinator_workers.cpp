// SPDX-License-Identifier: GPL-3.0-or-later
// Workers coming, going and being looked at.
#include "engine/core/version.h"
#include "engine/server/coordinator.h"

#include <spdlog/spdlog.h>

namespace pathloom {

namespace {

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
