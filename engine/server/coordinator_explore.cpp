// SPDX-License-Identifier: GPL-3.0-or-later
// The router explorer's questions. What they need is copied under the lock; the work is done without it.
#include "engine/server/coordinator.h"
#include "engine/server/explore.h"

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

}  // namespace pathloom
