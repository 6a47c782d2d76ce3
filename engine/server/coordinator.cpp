// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, failing, the ticker, and closing.
#include "engine/server/coordinator.h"

#include "engine/core/isa.h"
#include "engine/core/machine.h"
#include "engine/core/version.h"
#include "engine/server/eval_document.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <unistd.h>

namespace pathloom {

namespace {
constexpr std::chrono::milliseconds tick_interval(200);
}  // namespace

Coordinator::Coordinator(CoordinatorOptions options, const Clock& clock, std::unique_ptr<Project> project)
    : m_options(std::move(options))
    , m_clock(clock)
    , m_project(std::move(project))
{
}

Result<std::unique_ptr<Coordinator>> Coordinator::open(const CoordinatorOptions& options, const Clock& clock)
{
    PATHLOOM_TRY(auto project, Project::open_or_create(options.project));
    std::unique_ptr<Coordinator> self(new Coordinator(options, clock, std::move(project)));
    self->m_options.project = self->m_project->folder();
    PATHLOOM_TRY(self->m_events, EventHub::open(*self->m_project, self->m_mutex));
    self->m_flusher = std::make_unique<Flusher>([raw = self->m_project.get()] { return raw->sync(); },
        [raw = self->m_events.get()](std::int64_t seq) { raw->publish(seq); });
    PATHLOOM_CHECK(self->load());
    const Machine machine = this_machine();
    self->m_pool = std::make_unique<WorkPool>(options.pool_threads > 0 ? options.pool_threads : int(machine.cores.size()));
    self->m_executors = std::make_unique<ModuleExecutors>(
        self->blobs(), [pool = self->m_pool.get()](std::function<void()> job) { pool->post(std::move(job)); },
        options.executor_bytes > 0 ? options.executor_bytes : machine.memory_bytes / 4);
    {
        const std::lock_guard lock(self->m_mutex);
        self->pump_all();
    }
    self->m_ticker = std::thread([raw = self.get()] { raw->tick(); });
    return self;
}

Coordinator::~Coordinator()
{
    shutdown();
}

Result<void> Coordinator::load()
{
    const std::int64_t now = m_clock.now_ms();
    PATHLOOM_TRY(const auto workers, m_project->workers());
    for (const WorkerRow& row : workers) {
        WorkerState worker;
        worker.id = row.id;
        worker.name = row.name;
        worker.host = row.host;
        worker.pid = row.pid;
        worker.isa = row.isa;
        worker.instance = row.instance;
        worker.local = row.local;
        worker.last_seen_ms = now;
        worker.gone = row.gone_ms > 0 ? row.gone_reason : "";
        m_cluster.workers[row.id] = worker;  // those not gone get the usual silence before they count as lost
    }
    PATHLOOM_TRY(const auto rows, m_project->runs());
    for (RunRow row : rows) {
        auto loaded = [&]() -> Result<std::unique_ptr<RunController>> {
            PATHLOOM_TRY(const auto spec, parse_run_spec(row.spec_json));
            PATHLOOM_TRY(auto plan, make_plan(spec));
            return RunController::load(*m_project, row, std::move(plan));
        }();
        if (!loaded) {
            spdlog::error("run {} cannot be loaded: {}", row.id, loaded.error().message);
            if (row.state != v1::RUN_STATE_RUNNING) continue;
            row.state = v1::RUN_STATE_FAILED;
            row.reason = loaded.error().message;
            v1::Event event = make_event(row.id, now);
            event.mutable_run_state()->set_state(v1::RUN_STATE_FAILED);
            event.mutable_run_state()->set_reason(row.reason);
            PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
                events.push_back(event);
                return m_project->update_run(row);
            }));
            continue;
        }
        PATHLOOM_TRY(const auto evals, m_project->evals(row.id));
        for (const EvalRow& eval : evals)
            if (eval.split == "test" && eval.route == "once") (*loaded)->set_test_perplexity(perplexity_in(eval.result_json));
        m_runs[row.id] = std::move(*loaded);
    }
    if (auto freed = m_project->collect_garbage(m_options.garbage_age_s); freed && *freed > 0)
        spdlog::info("removed {} bytes of blobs nothing refers to", *freed);
    return {};
}

Result<void> Coordinator::change_store(const std::function<Result<void>(std::vector<v1::Event>&)>& change)
{
    std::vector<v1::Event> events;
    const auto stored = [&]() -> Result<void> {
        Project::Transaction transaction(*m_project);
        PATHLOOM_CHECK(change(events));
        PATHLOOM_CHECK(m_events->append(events));
        return transaction.commit();
    }();
    const std::int64_t seq = m_events->settle(stored.has_value());
    if (stored) m_written = m_flusher->note(seq);
    if (!stored && stored.error().code == ErrorCode::DiskFull) m_disk_full = stored.error();
    return stored;
}

void Coordinator::commit_events(std::vector<v1::Event> events)
{
    if (events.empty()) return;
    auto stored = change_store([&](std::vector<v1::Event>& out) -> Result<void> {
        out = std::move(events);
        return {};
    });
    if (!stored) spdlog::error("an event could not be stored: {}", stored.error().message);
}

void Coordinator::fail_run(RunController& run, const Error& error)
{
    RunRow row = run.row();
    row.state = v1::RUN_STATE_FAILED;
    row.reason = error.message;
    row.finished_ms = m_clock.now_ms();
    if (auto stored = store_failure(row); !stored) {
        spdlog::error("run {}: its failure could not be stored: {}", row.id, stored.error().message);
        m_unstored_failures.insert(row.id);
    }
    spdlog::error("run {} failed: {}", row.id, error.message);
    run.set_row(row);
    if (m_executors) m_executors->forget(row.id);
    m_changed.notify_all();
}

Result<void> Coordinator::store_failure(const RunRow& row)
{
    v1::Event event = make_event(row.id, row.finished_ms);
    event.mutable_run_state()->set_state(v1::RUN_STATE_FAILED);
    event.mutable_run_state()->set_reason(row.reason);
    return change_store([&](std::vector<v1::Event>& events) {
        events.push_back(event);
        return m_project->update_run(row);
    });
}

void Coordinator::answer_full_disk()
{
    for (auto it = m_unstored_failures.begin(); it != m_unstored_failures.end();) {
        const RunRow& row = m_runs.at(*it)->row();
        const bool over = row.state != v1::RUN_STATE_FAILED;  // resumed meanwhile
        it = over || store_failure(row) ? m_unstored_failures.erase(it) : std::next(it);
    }
    if (!m_disk_full) return;
    const Error full = *std::exchange(m_disk_full, std::nullopt);
    for (auto& [id, run] : m_runs)
        if (run->running()) fail_run(*run, full);
}

void Coordinator::tick()
{
    std::unique_lock lock(m_mutex);
    while (!m_stopping) {
        m_changed.wait_for(lock, tick_interval, [this] { return m_stopping; });
        if (m_stopping) break;
        const std::int64_t now = m_clock.now_ms();
        answer_full_disk();
        collect_garbage_if_due(now);
        const Expired expired = expire(m_cluster, now, m_options.silence_ms);
        for (const Lease& lease : expired.leases) task_lost(lease, "lease expired");
        for (std::int64_t worker : expired.workers) worker_gone(worker, "lost");

        // Processes are started and ended by this thread only: a worker dies with the thread that started it.
        if (m_local_command && !m_launcher) m_launcher = std::make_unique<LocalLauncher>(*m_local_command);
        if (!m_launcher) continue;
        const auto kills = std::exchange(m_kill_requests, {});
        const auto let_go = std::exchange(m_let_go_requests, {});
        const int wanted_workers = m_local_wanted;
        std::vector<std::pair<pid_t, std::string>> ended;
        lock.unlock();
        for (pid_t pid : let_go) m_launcher->let_go(pid);
        for (pid_t pid : kills) m_launcher->kill(pid);
        if (m_launcher->count() != wanted_workers)
            if (auto started = m_launcher->set_count(wanted_workers, now); !started) spdlog::error("{}", started.error().message);
        m_launcher->poll(now, [&](pid_t pid, const std::string& how) { ended.emplace_back(pid, how); });
        lock.lock();
        for (const auto& [pid, how] : ended) {
            for (const auto& [id, worker] : m_cluster.workers) {
                if (!worker.local || worker.pid != pid || !worker.gone.empty()) continue;
                for (const Lease& lease : depart(m_cluster, id, "killed")) task_lost(lease, "worker " + how);
                worker_gone(id, "killed");
                break;
            }
        }
    }
    lock.unlock();
    if (m_launcher) m_launcher->stop(3000);
}

void Coordinator::set_local_command(LocalWorkerCommand command)
{
    const std::lock_guard lock(m_mutex);
    m_local_command = std::move(command);
}

v1::EngineInfo Coordinator::info()
{
    v1::EngineInfo out;
    const std::lock_guard lock(m_mutex);
    out.set_version(PATHLOOM_VERSION);
    out.set_protocol(protocol_version);
    out.set_project(m_options.project.filename().string());
    out.set_project_path(m_options.project.string());
    for (const auto& [id, worker] : m_cluster.workers)
        if (worker.gone.empty()) out.set_workers(out.workers() + 1);
    out.add_devices("cpu");
    if (device_here("cuda")) out.add_devices("cuda");
    out.set_isa(cpu_isa());
    out.set_last_seq(m_events->last_seq());
    out.set_pid(::getpid());
    out.set_cores(std::int32_t(std::thread::hardware_concurrency()));
    return out;
}

bool Coordinator::stopping()
{
    const std::lock_guard lock(m_mutex);
    return m_stopping;
}

void Coordinator::request_shutdown()
{
    const std::lock_guard lock(m_mutex);
    m_shutdown_requested = true;
    m_changed.notify_all();
}

void Coordinator::wait_for_shutdown_request()
{
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_shutdown_requested; });
}

void Coordinator::shutdown()
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping) return;
        m_stopping = true;
        m_shutdown_requested = true;
    }
    m_changed.notify_all();
    if (m_events) m_events->close();
    if (m_ticker.joinable()) m_ticker.join();
    if (m_pool) m_pool->stop();
    if (m_flusher) m_flusher->stop();
}

}  // namespace pathloom
