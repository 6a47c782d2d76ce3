// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cluster/leases.h"

#include <fmt/format.h>

#include <algorithm>

namespace pathloom {

Lease grant(ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence, std::int64_t now_ms,
    std::int64_t lease_ms)
{
    Lease lease{task, worker, fence, now_ms, now_ms + lease_ms, {}};
    state.leases[task] = lease;
    WorkerState& holder = state.workers[worker];
    holder.task = task;
    if (const auto waiting = state.reserved.find(task); waiting != state.reserved.end()) reserve(state, waiting->second, {});
    holder.last_seen_ms = now_ms;
    if (const auto parsed = parse_task_id(task); parsed && parsed->key.stage == Stage::Train)
        state.last_worker[fmt::format("{}/{}", parsed->run, parsed->key.path)] = worker;
    return lease;
}

bool renew(ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence, std::int64_t now_ms,
    std::int64_t lease_ms)
{
    const auto found = state.leases.find(task);
    if (found == state.leases.end() || found->second.worker != worker || found->second.fence != fence) return false;
    found->second.deadline_ms = now_ms + lease_ms;
    return true;
}

std::optional<Lease> find_lease(const ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence)
{
    const auto found = state.leases.find(task);
    if (found == state.leases.end() || found->second.worker != worker || found->second.fence != fence) return std::nullopt;
    return found->second;
}

void release(ClusterState& state, const std::string& task)
{
    const auto found = state.leases.find(task);
    if (found == state.leases.end()) return;
    const auto worker = state.workers.find(found->second.worker);
    if (worker != state.workers.end() && worker->second.task == task) {
        worker->second.task.clear();
        worker->second.activity = WorkerPhase::Idle;
    }
    state.leases.erase(found);
}

std::vector<Lease> leases_of(const ClusterState& state, std::int64_t worker)
{
    std::vector<Lease> held;
    for (const auto& [task, lease] : state.leases)
        if (lease.worker == worker) held.push_back(lease);
    return held;
}

std::vector<Lease> depart(ClusterState& state, std::int64_t worker, const std::string& reason)
{
    const auto found = state.workers.find(worker);
    if (found == state.workers.end() || !found->second.gone.empty()) return {};
    found->second.gone = reason;
    reserve(state, worker, {});
    std::vector<Lease> lost = leases_of(state, worker);
    for (const Lease& lease : lost) {
        ++found->second.tasks_lost;
        release(state, lease.task);
    }
    return lost;
}

void reserve(ClusterState& state, std::int64_t worker, const std::string& task)
{
    const auto found = state.workers.find(worker);
    if (found == state.workers.end()) return;
    if (!found->second.reserved.empty()) state.reserved.erase(found->second.reserved);
    found->second.reserved = task;
    if (!task.empty()) state.reserved[task] = worker;
}

int spare(const ClusterState& state, const std::vector<Candidate>& candidates)
{
    return int(std::count_if(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
        const std::string id = task_id(candidate.run, candidate.key);
        return !state.leases.contains(id) && !state.reserved.contains(id);
    }));
}

Expired expire(ClusterState& state, std::int64_t now_ms, std::int64_t silence_ms)
{
    Expired out;
    for (const auto& [task, lease] : state.leases)
        if (lease.deadline_ms <= now_ms) out.leases.push_back(lease);
    for (const Lease& lease : out.leases) {
        ++state.workers[lease.worker].tasks_lost;
        release(state, lease.task);
    }
    for (auto& [id, worker] : state.workers)
        if (worker.gone.empty() && now_ms - worker.last_seen_ms > silence_ms) out.workers.push_back(id);
    for (std::int64_t id : out.workers)
        for (Lease& lease : depart(state, id, "lost")) out.leases.push_back(std::move(lease));
    return out;
}

bool in_progress(const ClusterState& state, const std::string& reuse_key)
{
    return std::any_of(
        state.leases.begin(), state.leases.end(), [&](const auto& lease) { return lease.second.reuse_key == reuse_key; });
}

std::optional<Candidate> choose(const ClusterState& state, const std::vector<Candidate>& candidates, std::int64_t worker)
{
    std::optional<Candidate> first;
    std::optional<Candidate> affine;
    std::optional<Candidate> others;  // reserved for somebody else
    const auto self = state.workers.find(worker);
    const bool expects = self != state.workers.end() && !self->second.reserved.empty();
    for (const Candidate& candidate : candidates) {
        const std::string id = task_id(candidate.run, candidate.key);
        if (state.leases.contains(id)) continue;
        if (const auto reserved = state.reserved.find(id); reserved != state.reserved.end()) {
            if (reserved->second == worker) return candidate;
            if (!others) others = candidate;
            continue;
        }
        if (!first) first = candidate;
        const bool same_round
            = candidate.run == first->run && candidate.key.phase == first->key.phase && candidate.key.stage == first->key.stage;
        if (same_round && candidate.key.stage == Stage::Train && !affine) {
            const auto last = state.last_worker.find(fmt::format("{}/{}", candidate.run, candidate.key.path));
            if (last != state.last_worker.end() && last->second == worker) affine = candidate;
        }
        if (!expects && (affine || !same_round || candidate.key.stage != Stage::Train)) break;
    }
    if (affine) return affine;
    return first ? first : others;
}

}  // namespace pathloom
