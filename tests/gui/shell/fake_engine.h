// SPDX-License-Identifier: GPL-3.0-or-later
// An Engine service inside the test: answers from plain values and streams a log the test writes to.
#pragma once

#include "engine/core/rpc.h"
#include "pathloom/v1/engine.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace pathloom {

class FakeEngine final : public v1::Engine::Service {
public:
    /// With certificates: mutual TLS.
    explicit FakeEngine(const TlsFiles& tls = {});
    ~FakeEngine() override;
    void start();  ///< on the same address after the first time
    void stop();  ///< every stream ends, nobody answers any more
    [[nodiscard]] std::string address() const { return m_address; }

    void append(v1::Event event);  ///< gets the next number and goes to every watcher
    std::vector<std::int64_t> watchedFrom();
    std::vector<std::string> calls();
    v1::StartRunRequest lastStart();

    std::mutex mutex;  ///< guards the values below
    std::vector<v1::Run> runs;
    std::vector<v1::Corpus> corpora;
    std::vector<v1::WorkerInfo> workers;
    std::string estimateError;
    std::string routingError;

    grpc::Status GetInfo(grpc::ServerContext*, const v1::GetInfoRequest*, v1::EngineInfo*) override;
    grpc::Status ListPresets(grpc::ServerContext*, const v1::ListPresetsRequest*, v1::ListPresetsResponse*) override;
    grpc::Status EstimateRun(grpc::ServerContext*, const v1::EstimateRunRequest*, v1::RunEstimate*) override;
    grpc::Status ListCorpora(grpc::ServerContext*, const v1::ListCorporaRequest*, v1::ListCorporaResponse*) override;
    grpc::Status ListDocuments(grpc::ServerContext*, const v1::ListDocumentsRequest*, v1::ListDocumentsResponse*) override;
    grpc::Status StartRun(grpc::ServerContext*, const v1::StartRunRequest*, v1::Run*) override;
    grpc::Status ListRuns(grpc::ServerContext*, const v1::ListRunsRequest*, v1::ListRunsResponse*) override;
    grpc::Status ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*, v1::ListWorkersResponse*) override;
    grpc::Status KillWorker(grpc::ServerContext*, const v1::WorkerRequest*, v1::ListWorkersResponse*) override;
    grpc::Status GetRouting(grpc::ServerContext*, const v1::GetRoutingRequest*, v1::RoutingView*) override;
    grpc::Status ListPathDocuments(
        grpc::ServerContext*, const v1::ListPathDocumentsRequest*, v1::ListPathDocumentsResponse*) override;
    grpc::Status RouteText(grpc::ServerContext*, const v1::RouteTextRequest*, v1::RouteTextResponse*) override;
    grpc::Status Shutdown(grpc::ServerContext*, const v1::ShutdownRequest*, v1::ShutdownResponse*) override;
    grpc::Status Watch(grpc::ServerContext*, const v1::WatchRequest*, grpc::ServerWriter<v1::WatchResponse>*) override;

private:
    bool allowed(const grpc::ServerContext* context, const char* call);
    std::unique_ptr<grpc::Server> m_server;
    std::string m_address;
    std::shared_ptr<grpc::ServerCredentials> m_credentials;
    std::condition_variable m_grown;
    std::vector<v1::Event> m_log;
    std::vector<std::int64_t> m_watchedFrom;
    std::vector<std::string> m_calls;
    v1::StartRunRequest m_lastStart;
    bool m_stopping = false;
};

}  // namespace pathloom
