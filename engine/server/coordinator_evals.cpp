// SPDX-License-Identifier: GPL-3.0-or-later
// Runs: evaluate, export.
#include "engine/server/coordinator.h"

#include <chrono>

namespace pathloom {

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
