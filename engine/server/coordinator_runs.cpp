// SPDX-License-Identifier: GPL-3.0-or-later
// Runs: start, stop, resume, clone, look at.
#include "engine/core/machine.h"
#include "engine/model/estimate.h"
#include "engine/model/presets.h"
#include "engine/server/coordinator.h"

#include <algorithm>
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

}  // namespace pathloom
