// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's one owner of truth. Every call takes the lock, changes the store in one transaction, then memory; slow work
// (planning, routing, outer steps, imports) runs on the pool without the lock and comes back as one more change.
#pragma once

#include "engine/cluster/launcher.h"
#include "engine/cluster/leases.h"
#include "engine/core/clock.h"
#include "engine/core/result.h"
#include "engine/server/event_hub.h"
#include "engine/server/flusher.h"
#include "engine/server/run_controller.h"
#include "engine/server/work_pool.h"
#include "engine/store/blobs.h"
#include "engine/store/project.h"
#include "pathloom/v1/engine.pb.h"
#include "pathloom/v1/workers.pb.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace pathloom {

struct CoordinatorOptions {
    std::filesystem::path project;
    std::int64_t heartbeat_ms = 1000;
    std::int64_t lease_ms = 10000;  ///< a lease without a heartbeat for this long goes to another worker
    std::int64_t silence_ms = 20000;  ///< a worker silent for this long is lost
    int pool_threads = 0;  ///< 0 = one a core
    std::int64_t collect_ms = 60000;  ///< what runs need no more is removed at most this often while they run
    int garbage_age_s = 600;  ///< but for blobs younger than this: they may belong to an upload whose commit is still to come
    std::uint64_t executor_bytes = 0;  ///< memory for sums of pseudo-gradients under way; 0 = a quarter of the machine's
};

class Coordinator {
public:
    /// Opens the project, reloads its runs and goes on with those that were running.
    static Result<std::unique_ptr<Coordinator>> open(const CoordinatorOptions& options, const Clock& clock);
    ~Coordinator();
    Coordinator(const Coordinator&) = delete;
    Coordinator& operator=(const Coordinator&) = delete;

    using Cancelled = std::function<bool()>;

    // --- what workers ask (coordinator_workers.cpp)
    Result<v1::RegisterResponse> register_worker(const v1::RegisterRequest& request);
    Result<v1::LeaseResponse> lease(const v1::LeaseRequest& request, const Cancelled& cancelled);
    Result<v1::HeartbeatResponse> heartbeat(const v1::HeartbeatRequest& request);
    Result<v1::CommitResponse> commit(const v1::CommitRequest& request);
    Result<void> fail_task(const v1::FailRequest& request);
    Result<void> leave(const v1::LeaveRequest& request);
    v1::ListWorkersResponse list_workers();
    Result<v1::ListWorkersResponse> set_local_workers(int count);
    Result<v1::ListWorkersResponse> drain_worker(std::int64_t worker);
    Result<v1::ListWorkersResponse> kill_worker(std::int64_t worker);
    /// Local workers dial this address with this token; until then none can be started.
    void set_local_command(LocalWorkerCommand command);

    // --- runs (coordinator_runs.cpp)
    Result<v1::Run> start_run(const v1::StartRunRequest& request, std::int64_t cloned_from = 0);
    Result<v1::Run> clone_run(const v1::CloneRunRequest& request);
    Result<v1::Run> stop_run(std::int64_t id);
    Result<v1::Run> resume_run(std::int64_t id);
    Result<v1::Run> get_run(std::int64_t id);
    v1::ListRunsResponse list_runs();
    Result<v1::Digest> digest(std::int64_t id);
    // (coordinator_plans.cpp)
    Result<v1::RunEstimate> estimate(const v1::EstimateRunRequest& request);
    // (coordinator_evals.cpp)
    /// Waits until the split is scored.
    Result<v1::EvalResponse> eval(const v1::EvalRunRequest& request, const Cancelled& cancelled);
    Result<v1::ExportPathResponse> export_path(const v1::ExportPathRequest& request);
    // (coordinator_explore.cpp)
    Result<v1::RoutingView> routing(const v1::GetRoutingRequest& request);
    Result<v1::ListPathDocumentsResponse> path_documents(const v1::ListPathDocumentsRequest& request);
    Result<v1::RouteTextResponse> route_text(const v1::RouteTextRequest& request);

    // --- corpora (coordinator_corpora.cpp)
    using ImportReport = std::function<bool(const v1::ImportProgress&)>;
    Result<v1::Corpus> import_corpus(const v1::ImportCorpusRequest& request, const ImportReport& report);
    v1::ListCorporaResponse list_corpora();
    Result<v1::Corpus> get_corpus(const std::string& name);
    Result<v1::ListDocumentsResponse> list_documents(const v1::ListDocumentsRequest& request);

    v1::EngineInfo info();
    EventHub& events() { return *m_events; }
    BlobStore& blobs() { return m_project->blobs(); }
    const std::filesystem::path& project_path() const { return m_options.project; }
    /// Ends waiting calls, stops local workers, joins the threads. Safe to call twice.
    void shutdown();
    /// True once shutdown has begun or an operator asked for it.
    bool stopping();
    void request_shutdown();
    void wait_for_shutdown_request();

private:
    /// The lock of a call that changes something. Letting go waits, without the lock, until everything committed so far is on the
    /// disk: whatever the call then answers cannot be lost.
    class Change {
    public:
        explicit Change(Coordinator& coordinator)
            : lock(coordinator.m_mutex)
            , m_coordinator(coordinator)
        {
        }
        ~Change()
        {
            if (!lock.owns_lock()) lock.lock();
            const std::uint64_t written = m_coordinator.m_written;
            lock.unlock();
            m_coordinator.m_flusher->wait(written);
        }
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;
        std::unique_lock<std::mutex> lock;

    private:
        Coordinator& m_coordinator;
    };
    Coordinator(CoordinatorOptions options, const Clock& clock, std::unique_ptr<Project> project);
    Result<void> load();
    void tick();  // the ticker thread: expiry, local workers
    // coordinator_pump.cpp; with the lock
    void pump(RunController& run);  ///< publish what is ready, send slow work to the pool, end what is done
    void pump_all();
    /// Tasks an equal earlier run has done already (warm start, features) are taken from the memo.
    Result<void> reuse_memos(RunController& run);
    Result<bool> reuse_memo(RunController& run, const TaskKey& key);
    void announce(RunController& run);  ///< its stage and the tasks that became ready
    void send_to_pool(RunController& run);
    Result<void> finish(RunController& run);
    // on the pool
    void run_outer_step(std::int64_t run, OuterStepWanted step);
    void run_routing(std::int64_t run);
    // coordinator_garbage.cpp
    void collect_garbage_if_due(std::int64_t now_ms);  ///< the ticker; with the lock
    void collect_garbage();  ///< on the pool: only rows are read with the lock
    // coordinator_repair.cpp; with the lock
    /// Blobs that `run` reads are gone: has what made them done again, or fails the run when nothing can bring them back.
    void repair(RunController& run, const std::vector<MissingInput>& missing);
    void run_rebuild(std::int64_t run, RebuildJob job);  // on the pool
    void task_lost(const Lease& lease, const std::string& reason);
    void worker_gone(std::int64_t worker, const std::string& reason);
    /// What equal tasks of other runs would be found under; empty for tasks whose results are not kept.
    std::string reuse_key(const RunController& run, const TaskKey& key) const;
    std::vector<Candidate> candidates(const WorkerState& worker);
    /// Candidates that this worker can compute. `lacking` becomes a codec that others need, when it does not know it.
    std::vector<Candidate> candidates_for(const WorkerState& worker, std::string& lacking);
    Result<v1::LeaseResponse> turn_away(std::int64_t worker, const std::string& codec);
    void give_up_all_but(std::int64_t worker, const google::protobuf::RepeatedPtrField<v1::HeldTask>& held);
    /// What `worker` will probably be leased next, reserved for it.
    std::optional<v1::Task> look_ahead(const WorkerState& worker);
    v1::WorkerInfo worker_info(const WorkerState& worker, std::int64_t now_ms) const;
    /// One transaction: `change` writes rows and adds events, all of it is stored or nothing.
    Result<void> change_store(const std::function<Result<void>(std::vector<v1::Event>&)>& change);
    void commit_events(std::vector<v1::Event> events);
    Result<RunPlan> make_plan(const RunSpec& spec);
    [[nodiscard]] bool device_here(std::string_view device) const;  ///< a worker offers it
    [[nodiscard]] int workers_to_plan_for() const;  ///< local workers whose memory a run must leave room for
    Result<v1::Run> with_run(std::int64_t id, const std::function<Result<void>(RunController&)>& change);
    void fail_run(RunController& run, const Error& error);
    Result<std::pair<const RunPlan*, ExploreJob>> explore_job(std::int64_t run);
    Result<void> store_eval(std::int64_t id, const std::string& split, const std::string& route, const std::string& document);
    Result<void> store_failure(const RunRow& row);
    void answer_full_disk();  // the ticker: runs stop with the reason, and the log hears of it once there is room

    CoordinatorOptions m_options;
    const Clock& m_clock;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<EventHub> m_events;
    std::unique_ptr<Flusher> m_flusher;

    std::mutex m_mutex;
    std::uint64_t m_written = 0;  // the flusher's ticket of the newest transaction
    std::condition_variable m_changed;  // new tasks, run changes, shutdown
    std::map<std::int64_t, std::unique_ptr<RunController>> m_runs;
    ClusterState m_cluster;
    int m_idle_workers = 0;  // leases that wait for a task
    std::optional<LocalWorkerCommand> m_local_command;
    std::unique_ptr<LocalLauncher> m_launcher;  // ticker thread only
    std::vector<pid_t> m_kill_requests;
    std::vector<pid_t> m_let_go_requests;  // draining: not to be replaced when they end
    int m_local_wanted = 0;
    std::optional<Error> m_disk_full;  // the store could not grow since the ticker last looked
    std::set<std::int64_t> m_unstored_failures;  // runs that failed while the disk was full
    std::optional<std::int64_t> m_let_go_ms;  // when rows last let go of blobs
    std::int64_t m_collected_ms = 0;  // when the last collection began
    bool m_collecting = false;
    bool m_shutdown_requested = false;
    bool m_stopping = false;
    std::unique_ptr<WorkPool> m_pool;
    std::unique_ptr<ModuleExecutors> m_executors;
    std::thread m_ticker;
};

}  // namespace pathloom
