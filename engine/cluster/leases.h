// SPDX-License-Identifier: GPL-3.0-or-later
// Who works on what, as pure functions over (state, event, now). A lease that is not renewed ends; its fence keeps a late
// worker from committing over the next one.
#pragma once

#include "engine/cluster/task_key.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

enum class WorkerPhase { Idle, Download, Compute, Upload };

struct WorkerState {
    std::int64_t id = 0;
    std::string name;
    std::string host;
    std::int64_t pid = 0;
    std::string isa;
    std::string instance;
    std::optional<std::vector<std::string>> codecs;  ///< that it can write; not told yet in this engine's life
    bool local = false;
    bool draining = false;
    std::string gone;  ///< "left", "drained", "lost", "killed"; empty = here
    std::int64_t last_seen_ms = 0;
    WorkerPhase activity = WorkerPhase::Idle;
    std::string task;  ///< leased task id, the newest; older ones it is still uploading
    std::string reserved;  ///< what it will probably lease next
    std::int64_t tasks_done = 0;
    std::int64_t tasks_lost = 0;
    std::int64_t tokens = 0;  ///< of committed tasks
    double compute_seconds = 0;
    std::uint64_t bytes_down = 0;
    std::uint64_t bytes_up = 0;
};

struct Lease {
    std::string task;
    std::int64_t worker = 0;
    std::int64_t fence = 0;
    std::int64_t since_ms = 0;
    std::int64_t deadline_ms = 0;
    std::string reuse_key;  ///< equal tasks of other runs wait for this one's result; empty = nobody can use it
};

struct ClusterState {
    std::map<std::int64_t, WorkerState> workers;
    std::map<std::string, Lease> leases;  ///< by task id
    std::map<std::string, std::int64_t> reserved;  ///< by task id: the worker that fetches its blobs ahead
    std::map<std::string, std::int64_t> last_worker;  ///< "<run>/<path>" -> worker that trained it last (cache affinity)
};

/// Grant `task` to `worker`; the caller supplies a fence newer than any before it.
Lease grant(ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence, std::int64_t now_ms,
    std::int64_t lease_ms);
/// Renew. False: the lease is not this worker's (any more): it must abandon the task.
bool renew(ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence, std::int64_t now_ms,
    std::int64_t lease_ms);
/// The lease a commit or failure refers to, if it is still the newest.
std::optional<Lease> find_lease(const ClusterState& state, std::int64_t worker, const std::string& task, std::int64_t fence);
/// End a lease (committed, failed, revoked). The worker becomes idle.
void release(ClusterState& state, const std::string& task);

/// Leases past their deadline and workers silent for longer than `silence_ms`; both are taken out of `state`.
struct Expired {
    std::vector<Lease> leases;
    std::vector<std::int64_t> workers;  ///< now gone = "lost"
};
Expired expire(ClusterState& state, std::int64_t now_ms, std::int64_t silence_ms);

/// Leases of this worker, by task id.
std::vector<Lease> leases_of(const ClusterState& state, std::int64_t worker);

/// A worker is gone: its leases are returned and end, its reservation too.
std::vector<Lease> depart(ClusterState& state, std::int64_t worker, const std::string& reason);

/// A candidate task of a run.
struct Candidate {
    std::int64_t run = 0;
    TaskKey key;
};
/// Whether a task with this reuse key is being worked on.
bool in_progress(const ClusterState& state, const std::string& reuse_key);

/// Which of `candidates` (in leasing order: run, then key) this worker should get: what is reserved for it; else the first that
/// nobody holds, but among tasks of the same run, phase and stage one whose path it trained last, since it has that path's state
/// in its cache. What is reserved for another comes last: a reservation never keeps anybody idle.
std::optional<Candidate> choose(const ClusterState& state, const std::vector<Candidate>& candidates, std::int64_t worker);
/// Candidates that nobody holds and nobody has reserved.
int spare(const ClusterState& state, const std::vector<Candidate>& candidates);
/// Reserve `task` for `worker`, instead of what was reserved for it before. Empty: nothing any more.
void reserve(ClusterState& state, std::int64_t worker, const std::string& task);

}  // namespace pathloom
