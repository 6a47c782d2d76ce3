// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, the ticker, and what happens whenever something has changed.
#include "engine/server/coordinator.h"

#include "engine/core/isa.h"
#include "engine/core/machine.h"
#include "engine/core/version.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace pathloom {

namespace {
constexpr std::chrono::milliseconds tick_interval(200);
/// Blobs younger than this may belong to an upload whose commit is still to come.
constexpr int garbage_age_s = 600;

/// 0 when nothing was scored: every sequence was shorter than the routing prefix.
double perplexity_of(const std::string& eval_document)
{
    const auto document = nlohmann::json::parse(eval_document);
    const auto found = document.find("perplexity");
    return found != document.end() && found->is_number() ? found->get<double>() : 0.0;
}
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
            if (eval.split == "test" && eval.route == "once") (*loaded)->set_test_perplexity(perplexity_of(eval.result_json));
        m_runs[row.id] = std::move(*loaded);
    }
    if (auto freed = m_project->collect_garbage(garbage_age_s); freed && *freed > 0)
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

void Coordinator::pump_all()
{
    for (auto& [id, run] : m_runs) pump(*run);
}

void Coordinator::pump(RunController& run)
{
    // Tasks an equal earlier run has done already (warm start, features) are taken from the memo; each may make the next one
    // ready.
    while (run.active()) {
        bool reused = false;
        for (const TaskKey& key : std::vector<TaskKey>(run.wanted_now().tasks)) {
            if (key.stage != Stage::Warm && key.stage != Stage::Features) break;
            const std::string id = task_id(run.row().id, key);
            if (m_cluster.leases.contains(id)) continue;
            const auto spec = run.task_spec(key);
            if (!spec) return fail_run(run, spec.error());
            const auto memo = m_project->find_memo(memo_key(*spec));
            v1::TaskResult result;
            if (!memo || !*memo || !result.ParseFromString(**memo) || !run.check_result(key, result, blobs())) continue;
            result.clear_wire();
            result.set_compute_seconds(0);
            const auto stored = change_store([&](std::vector<v1::Event>& events) {
                return run.write_commit(*m_project, key, result, 0, 0, m_clock.now_ms(), 0, events);
            });
            if (!stored) return fail_run(run, stored.error());
            run.apply_commit(key, result, 0);
            reused = true;
        }
        if (!reused) break;
        if (!run.wanted_now().outer_steps.empty()) break;  // a warm step has to be taken first
    }
    if (!run.active()) return;
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

    const std::int64_t id = run.row().id;
    const bool whole = run.rebuilding.empty();  // else what is being made again may be what they read: pumped again after it
    for (const OuterStepWanted& step : now.outer_steps)
        if (whole && run.outer_running.insert(step).second) m_pool->post([this, id, step] { run_outer_step(id, step); });
    if (whole && now.route && !run.routing_running) {
        run.routing_running = true;
        m_pool->post([this, id] { run_routing(id); });
    }
    if (now.finished && run.running()) {
        auto done = [&]() -> Result<void> {
            PATHLOOM_TRY(const std::string document, run.build_eval(*m_project, Stage::Test));
            RunRow row = run.row();
            row.state = v1::RUN_STATE_DONE;
            row.stage = stage;
            row.finished_ms = m_clock.now_ms();
            v1::Event scored = make_event(id, row.finished_ms);
            scored.mutable_eval_done()->set_split("test");
            scored.mutable_eval_done()->set_route("once");
            scored.mutable_eval_done()->set_result_json(document);
            v1::Event state = make_event(id, row.finished_ms);
            state.mutable_run_state()->set_state(v1::RUN_STATE_DONE);
            PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& out_events) -> Result<void> {
                PATHLOOM_CHECK(m_project->set_eval(id, {"test", "once", document, row.finished_ms}));
                PATHLOOM_CHECK(m_project->delete_spare_rows(id));
                out_events = {scored, state};
                return m_project->update_run(row);
            }));
            run.set_test_perplexity(perplexity_of(document));
            run.set_row(row);
            return {};
        }();
        if (!done) return fail_run(run, done.error());
        spdlog::info("run {} is done", id);
        m_project->collect_garbage(garbage_age_s);
    } else if (now.finished && !run.running()) {
        m_changed.notify_all();
    }
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

void Coordinator::tick()
{
    std::unique_lock lock(m_mutex);
    while (!m_stopping) {
        m_changed.wait_for(lock, tick_interval, [this] { return m_stopping; });
        if (m_stopping) break;
        const std::int64_t now = m_clock.now_ms();
        answer_full_disk();
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
