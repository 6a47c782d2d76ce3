// SPDX-License-Identifier: GPL-3.0-or-later
// Which task a worker is given, and looks ahead to.
#include "engine/core/isa.h"
#include "engine/server/coordinator.h"

#include <algorithm>

namespace pathloom {

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

}  // namespace pathloom
