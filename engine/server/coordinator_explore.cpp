// SPDX-License-Identifier: GPL-3.0-or-later
// The router explorer's questions. What they need is copied under the lock; the work is done without it.
#include "engine/server/coordinator.h"
#include "engine/server/explore.h"
#include "engine/server/route_text.h"

namespace pathloom {

Result<std::pair<const RunPlan*, ExploreJob>> Coordinator::explore_job(std::int64_t run)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_runs.find(run);
    if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", run);
    PATHLOOM_TRY(ExploreJob job, found->second->explore_job());
    return std::pair(&found->second->plan(), std::move(job));  // runs are never removed while the engine lives
}

Result<v1::RoutingView> Coordinator::routing(const v1::GetRoutingRequest& request)
{
    PATHLOOM_TRY(const auto job, explore_job(request.run()));
    return routing_view(*job.first, job.second, request.points(), blobs());
}

Result<v1::ListPathDocumentsResponse> Coordinator::path_documents(const v1::ListPathDocumentsRequest& request)
{
    PATHLOOM_TRY(const auto job, explore_job(request.run()));
    std::string hash;
    {
        const std::lock_guard lock(m_mutex);
        const std::string& corpus = job.first->spec.data.corpus;
        PATHLOOM_TRY(const auto row, m_project->find_corpus(corpus));
        if (!row) return fail(ErrorCode::NotFound, "there is no corpus named '{}' any more; see corpus list", corpus);
        hash = row->documents_hash;
    }
    PATHLOOM_TRY(const auto documents, read_documents(blobs(), hash));
    return documents_of_path(*job.first, job.second, documents, request);
}

Result<v1::RouteTextResponse> Coordinator::route_text(const v1::RouteTextRequest& request)
{
    if (request.text().find_first_not_of(" \t\r\n") == std::string::npos)
        return fail(ErrorCode::Usage, "there is no text to route; give a sentence");
    const RunPlan* plan = nullptr;
    RouteTextJob job;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_runs.find(request.run());
        if (found == m_runs.end()) return fail(ErrorCode::NotFound, "there is no run {}; see run list", request.run());
        PATHLOOM_TRY(job, found->second->route_text_job());
        plan = &found->second->plan();
        PATHLOOM_TRY(const auto row, m_project->find_corpus(plan->spec.data.corpus));
        if (!row)
            return fail(ErrorCode::NotFound, "there is no corpus named '{}' any more; see corpus list", plan->spec.data.corpus);
        job.tokenizer = row->tokenizer_hash;
    }
    return pathloom::route_text(*plan, job, request.text(), blobs());
}

}  // namespace pathloom
