// SPDX-License-Identifier: GPL-3.0-or-later
// v1::Engine: a thin door to the coordinator.
#pragma once

#include "engine/server/auth.h"
#include "engine/server/coordinator.h"
#include "pathloom/v1/engine.grpc.pb.h"

namespace pathloom {

class EngineService final : public v1::Engine::Service {
public:
    EngineService(Coordinator& coordinator, const TokenAuth& auth)
        : m_coordinator(coordinator)
        , m_auth(auth)
    {
    }
    using Context = grpc::ServerContext;
    grpc::Status GetInfo(Context*, const v1::GetInfoRequest*, v1::EngineInfo*) override;
    grpc::Status ListPresets(Context*, const v1::ListPresetsRequest*, v1::ListPresetsResponse*) override;
    grpc::Status EstimateRun(Context*, const v1::EstimateRunRequest*, v1::RunEstimate*) override;
    grpc::Status ImportCorpus(Context*, const v1::ImportCorpusRequest*, grpc::ServerWriter<v1::ImportProgress>*) override;
    grpc::Status ListCorpora(Context*, const v1::ListCorporaRequest*, v1::ListCorporaResponse*) override;
    grpc::Status GetCorpus(Context*, const v1::GetCorpusRequest*, v1::Corpus*) override;
    grpc::Status ListDocuments(Context*, const v1::ListDocumentsRequest*, v1::ListDocumentsResponse*) override;
    grpc::Status StartRun(Context*, const v1::StartRunRequest*, v1::Run*) override;
    grpc::Status ListRuns(Context*, const v1::ListRunsRequest*, v1::ListRunsResponse*) override;
    grpc::Status GetRun(Context*, const v1::GetRunRequest*, v1::Run*) override;
    grpc::Status StopRun(Context*, const v1::RunRequest*, v1::Run*) override;
    grpc::Status ResumeRun(Context*, const v1::RunRequest*, v1::Run*) override;
    grpc::Status CloneRun(Context*, const v1::CloneRunRequest*, v1::Run*) override;
    grpc::Status DigestRun(Context*, const v1::RunRequest*, v1::Digest*) override;
    grpc::Status EvalRun(Context*, const v1::EvalRunRequest*, v1::EvalResponse*) override;
    grpc::Status ExportPath(Context*, const v1::ExportPathRequest*, v1::ExportPathResponse*) override;
    grpc::Status GetRouting(Context*, const v1::GetRoutingRequest*, v1::RoutingView*) override;
    grpc::Status RouteText(Context*, const v1::RouteTextRequest*, v1::RouteTextResponse*) override;
    grpc::Status ListPathDocuments(Context*, const v1::ListPathDocumentsRequest*, v1::ListPathDocumentsResponse*) override;
    grpc::Status Watch(Context*, const v1::WatchRequest*, grpc::ServerWriter<v1::WatchResponse>*) override;
    grpc::Status ListWorkers(Context*, const v1::ListWorkersRequest*, v1::ListWorkersResponse*) override;
    grpc::Status SetLocalWorkers(Context*, const v1::SetLocalWorkersRequest*, v1::ListWorkersResponse*) override;
    grpc::Status DrainWorker(Context*, const v1::WorkerRequest*, v1::ListWorkersResponse*) override;
    grpc::Status KillWorker(Context*, const v1::WorkerRequest*, v1::ListWorkersResponse*) override;
    grpc::Status Shutdown(Context*, const v1::ShutdownRequest*, v1::ShutdownResponse*) override;

private:
    Coordinator& m_coordinator;
    const TokenAuth& m_auth;
};

}  // namespace pathloom
