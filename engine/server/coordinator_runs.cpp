// SPDX-License-Identifier: GPL-3.0-or-later
// Runs: estimate, start, stop, resume, clone, look at, evaluate, export.
#include "engine/core/isa.h"
#include "engine/core/machine.h"
#include "engine/corpus/document_list.h"
#include "engine/model/estimate.h"
#include "engine/model/presets.h"
#include "engine/server/coordinator.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace pathloom {

namespace {

std::vector<std::string> overrides_of(const google::protobuf::RepeatedPtrField<std::string>& set)
{
    return {set.begin(), set.end()};
}

/// A spec given as text or as the name of a preset, with "key=value" settings on top.
Result<RunSpec> spec_of(const std::string& spec_json, const std::string& preset, const std::vector<std::string>& set)
{
    if (!spec_json.empty()) return parse_run_spec(spec_json, set);
    if (preset.empty()) return fail(ErrorCode::Usage, "give a run spec or the name of a preset");
    PATHLOOM_TRY(const auto file, load_preset(preset));
    return parse_run_spec(file.spec_json, set);
}

}  // namespace

Result<v1::RunEstimate> Coordinator::estimate(const v1::EstimateRunRequest& request)
{
    PATHLOOM_TRY(const auto spec, parse_run_spec(request.spec_json(), overrides_of(request.set())));
    const RunEstimate estimate = estimate_run(spec);
    v1::RunEstimate out;
    out.set_spec_json(to_json(spec));
    out.set_paths(estimate.paths);
    out.set_modules(estimate.modules);
    out.set_path_parameters(estimate.path_parameters);
    out.set_embedding_parameters(estimate.embedding_parameters);
    out.set_total_parameters(estimate.total_parameters);
    out.set_worker_bytes(estimate.worker_bytes);
    out.set_weight_bytes(estimate.weight_bytes);
    out.set_optimizer_bytes(estimate.optimizer_bytes);
    out.set_activation_bytes(estimate.activation_bytes);
    out.set_sync_bytes_per_phase(estimate.sync_bytes_per_phase);
    out.set_data_parallel_bytes_per_phase(estimate.data_parallel_bytes_per_phase);
    out.set_total_steps_per_path(estimate.total_steps_per_path);
    out.set_flops_per_path(estimate.flops_per_path);
    for (const auto& warning : estimate.warnings) out.add_warnings(warning);
    out.set_explanation(estimate.explanation);
    out.set_gradient_bytes(estimate.gradient_bytes);
    out.set_start_bytes(estimate.start_bytes);
    out.set_delivery_bytes(estimate.delivery_bytes);
    out.set_activation_bytes_kept(estimate.activation_bytes_kept);
    out.set_activation_bytes_recomputed(estimate.activation_bytes_recomputed);
    out.set_codec(estimate.codec);
    out.set_active_parameters(estimate.active_parameters);
    out.set_delta_bytes_per_path(estimate.delta_bytes_per_path);
    const auto memory = std::int64_t(this_machine().memory_bytes);
    const std::lock_guard lock(m_mutex);
    const int workers = workers_to_plan_for();
    out.set_machine_memory_bytes(memory);
    out.set_local_workers(workers);
    out.set_engine_bytes(machine_bytes(estimate, 0, memory));
    out.set_machine_bytes(machine_bytes(estimate, workers, memory));
    out.set_memory_plan(memory_plan(estimate, workers, memory));
    const auto fits = check_memory(estimate, workers, memory);
    out.set_fits(fits.has_value());
    if (!fits) out.add_warnings(fits.error().message);
    const auto share = cores_of_worker(this_machine().cores, std::max(1, workers), 0).size();
    if (spec.training.threads > int(share))
        out.add_warnings(
            fmt::format("training.threads is {}, but {} local worker{} here would have {} core{} each: threads will take "
                        "turns; 0 takes what there is when the run starts",
                spec.training.threads, std::max(1, workers), workers > 1 ? "s" : "", share, share > 1 ? "s" : ""));
    if (spec.training.device == "cuda" && !device_here("cuda"))
        out.add_warnings(
            "training.device is cuda, but no worker here offers one: the run will wait until a pathloom-worker --device "
            "cuda joins.");
    const auto corpus = m_project->find_corpus(spec.data.corpus);
    if (corpus && !*corpus)
        out.add_warnings(
            fmt::format("This project has no corpus named '{}' yet: import it before the run starts.", spec.data.corpus));
    return out;
}

int Coordinator::workers_to_plan_for() const
{
    if (m_local_wanted > 0) return m_local_wanted;
    // None here yet: one will have to be started, unless others train.
    const bool remote = std::any_of(m_cluster.workers.begin(), m_cluster.workers.end(),
        [](const auto& worker) { return !worker.second.local && worker.second.gone.empty(); });
    return remote ? 0 : 1;
}

bool Coordinator::device_here(std::string_view device) const
{
    return std::any_of(m_cluster.workers.begin(), m_cluster.workers.end(),
        [&](const auto& worker) { return worker.second.gone.empty() && offers_device(worker.second.isa, device); });
}

Result<RunPlan> Coordinator::make_plan(const RunSpec& spec)
{
    PATHLOOM_TRY(const auto corpus, m_project->find_corpus(spec.data.corpus));
    if (!corpus)
        return fail(ErrorCode::Usage, "this project has no corpus named '{}'; import one with corpus import, or set data.corpus",
            spec.data.corpus);
    PATHLOOM_TRY(const auto documents, read_documents(m_project->blobs(), corpus->documents_hash));
    const auto record = nlohmann::json::parse(corpus->record_json);
    const auto domains = domain_names(documents);
    return plan_run(spec, document_spans(documents, domains), domains, record.at("vocabulary"));
}

Result<v1::Run> Coordinator::start_run(const v1::StartRunRequest& request, std::int64_t cloned_from)
{
    PATHLOOM_TRY(auto spec, spec_of(request.spec_json(), request.preset(), overrides_of(request.set())));
    if (!request.name().empty()) spec.name = request.name();
    if (spec.name.empty()) spec.name = request.preset().empty() ? "run" : request.preset();
    if (spec.training.threads == 0) {  // decided once and written down: the bits belong to the number of threads
        const std::lock_guard lock(m_mutex);
        spec.training.threads = int(cores_of_worker(this_machine().cores, std::max(1, m_local_wanted), 0).size());
    }
    if (spec.training.device == "auto") {  // likewise
        const std::lock_guard lock(m_mutex);
        if (spec.model.experts == 0 && device_here("cuda")) spec.training.device = "cuda";
    }
    CorpusRow corpus;
    RunPlan plan;
    std::optional<TeacherJob> teacher;
    {
        const std::lock_guard lock(m_mutex);
        PATHLOOM_CHECK(check_memory(estimate_run(spec), workers_to_plan_for(), std::int64_t(this_machine().memory_bytes)));
        PATHLOOM_TRY(plan, make_plan(spec));
        PATHLOOM_TRY(auto found, m_project->find_corpus(spec.data.corpus));
        corpus = *found;
        if (const int id = spec.distillation.teacher; id > 0) {
            const auto run = m_runs.find(id);
            if (run == m_runs.end())
                return fail(ErrorCode::Usage, "distillation.teacher is run {}, which is not there; see run list", id);
            PATHLOOM_TRY(teacher, run->second->teacher_job());
        }
    }
    PATHLOOM_TRY(auto prepared, prepare_run(std::move(plan), corpus, blobs()));
    if (teacher) PATHLOOM_CHECK(hire_teacher(*teacher, prepared, blobs()));

    const Change changing(*this);
    RunRow row;
    row.name = spec.name;
    row.preset = request.preset();
    row.spec_json = to_json(spec);
    row.state = v1::RUN_STATE_RUNNING;
    row.cloned_from = cloned_from;
    row.created_ms = m_clock.now_ms();
    std::unique_ptr<RunController> run;
    PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) -> Result<void> {
        PATHLOOM_TRY(run, RunController::insert(*m_project, row, std::move(prepared)));
        const std::int64_t id = run->row().id;
        v1::Event created = make_event(id, row.created_ms);
        created.mutable_run_created()->set_name(row.name);
        created.mutable_run_created()->set_preset(row.preset);
        created.mutable_run_created()->set_spec_json(row.spec_json);
        created.mutable_run_created()->set_cloned_from(cloned_from);
        v1::Event planned = make_event(id, row.created_ms);
        *planned.mutable_run_planned() = planned_event(run->plan());
        v1::Event state = make_event(id, row.created_ms);
        state.mutable_run_state()->set_state(v1::RUN_STATE_RUNNING);
        events = {created, planned, state};
        return {};
    }));
    spdlog::info("run {} '{}' started: {} paths, {} modules", run->row().id, row.name, run->plan().topology.paths(),
        run->plan().topology.modules.size());
    RunController& started = *run;
    m_runs[run->row().id] = std::move(run);
    pump(started);
    return started.view();
}

Result<v1::Run> Coordinator::clone_run(const v1::CloneRunRequest& request)
{
    v1::StartRunRequest start;
    {
        const std::lock_guard lock(m_mutex);
        PATHLOOM_TRY(const auto row, m_project->find_run(request.id()));
        if (!row) return fail(ErrorCode::NotFound, "there is no run {}; see run list", request.id());
        start.set_spec_json(row->spec_json);
        start.set_preset(row->preset);
        start.set_name(request.name().empty() ? row->name + " (copy)" : request.name());
    }
    *start.mutable_set() = request.set();
    return start_run(start, request.id());
}

Result<v1::Run> Coordinator::with_run(std::int64_t id, const std::function<Result<void>(RunController&)>& change)
{
    const Change changing(*this);
    const auto found = m_runs.find(id);
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", id);
    PATHLOOM_CHECK(change(*found->second));
    return found->second->view();
}

Result<v1::Run> Coordinator::get_run(std::int64_t id)
{
    return with_run(id, [](RunController&) -> Result<void> { return {}; });
}

Result<v1::Run> Coordinator::stop_run(std::int64_t id)
{
    return with_run(id, [&](RunController& run) -> Result<void> {
        if (!run.running()) return {};
        RunRow row = run.row();
        row.state = v1::RUN_STATE_STOPPED;
        const std::int64_t now = m_clock.now_ms();
        PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
            v1::Event event = make_event(id, now);
            event.mutable_run_state()->set_state(v1::RUN_STATE_STOPPED);
            events.push_back(std::move(event));
            return m_project->update_run(row);
        }));
        run.set_row(row);
        // Its leases end now; the workers learn it with their next heartbeat. Committed work stays, the rest is done again on
        // resume.
        std::vector<std::string> held;
        for (const auto& [task, lease] : m_cluster.leases)
            if (const auto parsed = parse_task_id(task); parsed && parsed->run == id) held.push_back(task);
        for (const std::string& task : held) release(m_cluster, task);
        m_executors->forget(id);
        m_changed.notify_all();
        return {};
    });
}

Result<v1::Run> Coordinator::resume_run(std::int64_t id)
{
    return with_run(id, [&](RunController& run) -> Result<void> {
        if (run.running()) return {};
        if (run.row().state == v1::RUN_STATE_DONE) return fail(ErrorCode::Usage, "run {} is done; clone it to train on", id);
        RunRow row = run.row();
        row.state = v1::RUN_STATE_RUNNING;
        row.reason.clear();
        row.finished_ms = 0;
        const std::int64_t now = m_clock.now_ms();
        PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>& events) {
            v1::Event event = make_event(id, now);
            event.mutable_run_state()->set_state(v1::RUN_STATE_RUNNING);
            event.mutable_run_state()->set_reason("resumed");
            events.push_back(std::move(event));
            return m_project->update_run(row);
        }));
        run.set_row(row);
        run.task_failures.clear();
        run.announced_stage.clear();
        pump(run);
        return {};
    });
}

v1::ListRunsResponse Coordinator::list_runs()
{
    const std::lock_guard lock(m_mutex);
    v1::ListRunsResponse out;
    for (const auto& [id, run] : m_runs) {
        v1::Run view = run->view();
        view.clear_traffic();
        *out.add_runs() = std::move(view);
    }
    return out;
}

Result<v1::Digest> Coordinator::digest(std::int64_t id)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_runs.find(id);
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", id);
    return found->second->digest();
}

Result<void> Coordinator::store_eval(
    std::int64_t id, const std::string& split, const std::string& route, const std::string& document)
{
    const std::int64_t now = m_clock.now_ms();
    return change_store([&](std::vector<v1::Event>& events) {
        v1::Event event = make_event(id, now);
        event.mutable_eval_done()->set_split(split);
        event.mutable_eval_done()->set_route(route);
        event.mutable_eval_done()->set_result_json(document);
        events.push_back(std::move(event));
        return m_project->set_eval(id, {split, route, document, now});
    });
}

Result<v1::EvalResponse> Coordinator::eval(const v1::EvalRunRequest& request, const Cancelled& cancelled)
{
    const std::string split = request.split().empty() ? "test" : request.split();
    if (split != "valid" && split != "test") return fail(ErrorCode::Usage, "split must be valid or test, got '{}'", split);
    PATHLOOM_TRY(const EvalRoute how, parse_route(request.route()));
    const std::string& route = how.name;

    Change changing(*this);
    const auto found = m_runs.find(request.id());
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", request.id());
    RunController& run = *found->second;
    for (bool asked = false, router_asked = false;;) {
        PATHLOOM_TRY(const auto evals, m_project->evals(request.id()));
        for (const EvalRow& row : evals) {
            if (row.split != split || row.route != route) continue;
            v1::EvalResponse response;
            response.set_result_json(row.result_json);
            return response;
        }
        if (run.row().state == v1::RUN_STATE_FAILED)
            return fail(ErrorCode::Failed, "run {} failed: {}", request.id(), run.row().reason);
        if (run.row().state == v1::RUN_STATE_STOPPED)
            return fail(ErrorCode::Failed, "run {} is stopped; resume it first", request.id());
        if (m_stopping || cancelled()) return fail(ErrorCode::Cancelled, "the evaluation was given up; what is scored is kept");
        if (run.row().state == v1::RUN_STATE_DONE && route != "once") {
            if (!asked) {
                PATHLOOM_CHECK(
                    change_store([&](std::vector<v1::Event>&) { return run.request_windows(*m_project, split, how.oracle); }));
                pump(run);
                asked = true;
            }
            if (const auto job = run.window_job(split, how)) {
                const RunPlan& plan = run.plan();  // runs are never removed while the engine lives, and a plan never changes
                if (!job->waits_for_router()) {
                    changing.lock.unlock();
                    const auto document = do_window_eval(plan, *job, blobs());
                    changing.lock.lock();
                    if (!document) return fail(document.error());
                    PATHLOOM_CHECK(store_eval(request.id(), split, route, *document));
                    continue;
                }
                if (!router_asked) {
                    changing.lock.unlock();
                    const auto assets = prepare_token_routers(plan, *job, blobs());
                    changing.lock.lock();
                    if (!assets) return fail(assets.error());
                    PATHLOOM_CHECK(
                        change_store([&](std::vector<v1::Event>&) { return run.request_token_routers(*m_project, *assets); }));
                    pump(run);
                    router_asked = true;
                }
            }
        }
        if (run.row().state == v1::RUN_STATE_DONE && split == "valid" && route == "once") {
            if (!asked) {
                PATHLOOM_CHECK(change_store([&](std::vector<v1::Event>&) { return run.request_valid_full(*m_project); }));
                pump(run);
                asked = true;
            }
            if (run.wanted_now().finished) {
                PATHLOOM_TRY(const std::string document, run.build_eval(*m_project, Stage::ValidFull));
                PATHLOOM_CHECK(store_eval(request.id(), split, route, document));
                continue;
            }
        }
        m_changed.wait_for(changing.lock, std::chrono::milliseconds(250));
    }
}

Result<v1::ExportPathResponse> Coordinator::export_path(const v1::ExportPathRequest& request)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_runs.find(request.id());
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", request.id());
    return found->second->export_files(request.path());
}

}  // namespace pathloom
