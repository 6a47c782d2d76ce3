// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/engine_service.h"

#include "engine/model/presets.h"
#include "engine/server/reply.h"

#include <chrono>

namespace pathloom {

namespace {
/// How long a quiet Watch waits before it looks whether its reader has gone.
constexpr std::chrono::milliseconds watch_wait(250);
/// Events a message at most, so that a long replay does not become one huge message.
constexpr int watch_batch = 500;
}  // namespace

#define PATHLOOM_ALLOW(roles)                                                                                                    \
    if (auto allowed = m_auth.check(*context, roles); !allowed.ok()) return allowed

grpc::Status EngineService::GetInfo(Context* context, const v1::GetInfoRequest*, v1::EngineInfo* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(Result<v1::EngineInfo>(m_coordinator.info()), response);
}

grpc::Status EngineService::EstimateRun(Context* context, const v1::EstimateRunRequest* request, v1::RunEstimate* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.estimate(*request), response);
}

grpc::Status EngineService::ListCorpora(Context* context, const v1::ListCorporaRequest*, v1::ListCorporaResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(Result<v1::ListCorporaResponse>(m_coordinator.list_corpora()), response);
}

grpc::Status EngineService::GetCorpus(Context* context, const v1::GetCorpusRequest* request, v1::Corpus* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.get_corpus(request->name()), response);
}

grpc::Status EngineService::ListDocuments(
    Context* context, const v1::ListDocumentsRequest* request, v1::ListDocumentsResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.list_documents(*request), response);
}

grpc::Status EngineService::StartRun(Context* context, const v1::StartRunRequest* request, v1::Run* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.start_run(*request), response);
}

grpc::Status EngineService::ListRuns(Context* context, const v1::ListRunsRequest*, v1::ListRunsResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(Result<v1::ListRunsResponse>(m_coordinator.list_runs()), response);
}

grpc::Status EngineService::GetRun(Context* context, const v1::GetRunRequest* request, v1::Run* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.get_run(request->id()), response);
}

grpc::Status EngineService::StopRun(Context* context, const v1::RunRequest* request, v1::Run* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.stop_run(request->id()), response);
}

grpc::Status EngineService::ResumeRun(Context* context, const v1::RunRequest* request, v1::Run* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.resume_run(request->id()), response);
}

grpc::Status EngineService::CloneRun(Context* context, const v1::CloneRunRequest* request, v1::Run* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.clone_run(*request), response);
}

grpc::Status EngineService::DigestRun(Context* context, const v1::RunRequest* request, v1::Digest* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.digest(request->id()), response);
}

grpc::Status EngineService::EvalRun(Context* context, const v1::EvalRunRequest* request, v1::EvalResponse* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.eval(*request, [context] { return context->IsCancelled(); }), response);
}

grpc::Status EngineService::ExportPath(Context* context, const v1::ExportPathRequest* request, v1::ExportPathResponse* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.export_path(*request), response);
}

grpc::Status EngineService::GetRouting(Context* context, const v1::GetRoutingRequest* request, v1::RoutingView* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.routing(*request), response);
}

grpc::Status EngineService::ListPathDocuments(
    Context* context, const v1::ListPathDocumentsRequest* request, v1::ListPathDocumentsResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.path_documents(*request), response);
}

grpc::Status EngineService::RouteText(Context* context, const v1::RouteTextRequest* request, v1::RouteTextResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(m_coordinator.route_text(*request), response);
}

grpc::Status EngineService::ListWorkers(Context* context, const v1::ListWorkersRequest*, v1::ListWorkersResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    return reply(Result<v1::ListWorkersResponse>(m_coordinator.list_workers()), response);
}

grpc::Status EngineService::SetLocalWorkers(
    Context* context, const v1::SetLocalWorkersRequest* request, v1::ListWorkersResponse* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.set_local_workers(request->count()), response);
}

grpc::Status EngineService::DrainWorker(Context* context, const v1::WorkerRequest* request, v1::ListWorkersResponse* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.drain_worker(request->worker()), response);
}

grpc::Status EngineService::KillWorker(Context* context, const v1::WorkerRequest* request, v1::ListWorkersResponse* response)
{
    PATHLOOM_ALLOW(operators);
    return reply(m_coordinator.kill_worker(request->worker()), response);
}

grpc::Status EngineService::ListPresets(Context* context, const v1::ListPresetsRequest*, v1::ListPresetsResponse* response)
{
    PATHLOOM_ALLOW(viewers);
    auto presets = load_presets();
    if (!presets) return to_status(presets.error());
    for (const auto& preset : *presets) {
        auto* out = response->add_presets();
        out->set_name(preset.name);
        out->set_title(preset.title);
        out->set_description(preset.description);
        out->set_spec_json(preset.spec_json);
    }
    return grpc::Status::OK;
}

grpc::Status EngineService::ImportCorpus(
    Context* context, const v1::ImportCorpusRequest* request, grpc::ServerWriter<v1::ImportProgress>* writer)
{
    PATHLOOM_ALLOW(operators);
    auto corpus = m_coordinator.import_corpus(*request, [&](const v1::ImportProgress& progress) {
        return !context->IsCancelled() && !m_coordinator.stopping() && writer->Write(progress);
    });
    if (!corpus) return to_status(corpus.error());
    v1::ImportProgress last;
    last.set_stage("store");
    *last.mutable_corpus() = *corpus;
    writer->Write(last);
    return grpc::Status::OK;
}

grpc::Status EngineService::Watch(
    Context* context, const v1::WatchRequest* request, grpc::ServerWriter<v1::WatchResponse>* writer)
{
    PATHLOOM_ALLOW(viewers);
    EventHub& events = m_coordinator.events();
    std::int64_t next = std::max<std::int64_t>(1, request->from_seq());
    if (next > events.last_seq() + 1)
        return to_status(
            Error{ErrorCode::Usage, fmt::format("from_seq {} is beyond the log, which ends at {}", next, events.last_seq())});
    // One message at once, also when there is nothing to replay: a reader then knows how far the log goes.
    bool greeted = false;
    while (!context->IsCancelled() && !m_coordinator.stopping()) {
        auto batch = events.read(next, request->run(), watch_batch);
        if (!batch) return to_status(batch.error());
        next = batch->next_seq;
        if (!batch->events.empty() || !greeted) {
            v1::WatchResponse response;
            for (auto& event : batch->events) *response.add_events() = std::move(event);
            response.set_last_seq(events.last_seq());
            if (!writer->Write(response)) break;
            greeted = true;
        } else {
            events.wait_beyond(next - 1, watch_wait);
        }
    }
    return grpc::Status::OK;
}

grpc::Status EngineService::Shutdown(Context* context, const v1::ShutdownRequest*, v1::ShutdownResponse*)
{
    PATHLOOM_ALLOW(operators);
    m_coordinator.request_shutdown();
    return grpc::Status::OK;
}

}  // namespace pathloom
