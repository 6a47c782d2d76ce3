// SPDX-License-Identifier: GPL-3.0-or-later
// FakeEngine.
#include "tests/gui/shell/fake_engine.h"

#include "engine/core/files.h"
#include "engine/core/version.h"

#include <chrono>

namespace pathloom {
namespace {

const char* const specJson = R"({"seed":1,"data":{"batch":8,"corpus":"sample","sequence":128},
  "model":{"blocks":["full","full","full","full"],"d_model":64},
  "topology":{"levels":[{"blocks":[0,1],"modules":2},{"blocks":[2,3],"modules":2}],"replicas":1},
  "routing":{"router":"kmeans","prefix":32},"training":{"lr":0.002,"phases":4,"tau":5,"warm_start_steps":10,"precision":"fp32"},
  "outer":{"optimizer":"nesterov","lr":0.7,"momentum":0.9,"combine":"shard-weighted","sqrt_paths":true}})";

std::shared_ptr<grpc::ServerCredentials> credentials(const TlsFiles& tls)
{
    if (tls.empty()) return grpc::InsecureServerCredentials();
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = read_file(tls.ca).value();
    options.pem_key_cert_pairs.push_back({read_file(tls.key).value(), read_file(tls.cert).value()});
    return grpc::SslServerCredentials(options);
}

const grpc::Status refused(grpc::StatusCode::UNAUTHENTICATED, "wrong token");

}  // namespace

FakeEngine::FakeEngine(const TlsFiles& tls)
    : m_credentials(credentials(tls))
{
    for (const char* domain : {"prose", "code"}) {
        if (corpora.empty()) corpora.emplace_back().set_name("sample");
        auto* info = corpora[0].add_domains();
        info->set_name(domain);
        info->set_documents(10);
        info->set_tokens(5000);
        info->set_bytes(20000);
    }
    corpora[0].set_documents(20);
    corpora[0].set_tokens(10000);
    corpora[0].set_bytes(40000);
    auto* rejected = corpora[0].add_rejected();
    rejected->set_path("notes/broken.txt");
    rejected->set_reason("byte 14 is not UTF-8");
    auto& worker = workers.emplace_back();
    worker.set_id(1);
    worker.set_name("local-1");
    worker.set_host("here");
    worker.set_local(true);
    worker.set_state("idle");
    start();
}

FakeEngine::~FakeEngine()
{
    stop();
}

void FakeEngine::start()
{
    {
        const std::lock_guard lock(mutex);
        m_stopping = false;
    }
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(m_address.empty() ? "127.0.0.1:0" : m_address, m_credentials, &port);
    builder.RegisterService(this);
    m_server = builder.BuildAndStart();
    if (m_address.empty()) m_address = "127.0.0.1:" + std::to_string(port);
}

void FakeEngine::stop()
{
    if (!m_server) return;
    {
        const std::lock_guard lock(mutex);
        m_stopping = true;
    }
    m_grown.notify_all();
    m_server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    m_server->Wait();
    m_server.reset();
}

void FakeEngine::append(v1::Event event)
{
    {
        const std::lock_guard lock(mutex);
        event.set_seq(std::int64_t(m_log.size()) + 1);
        event.set_time_ms(1'700'000'000'000 + 1000 * event.seq());
        m_log.push_back(std::move(event));
    }
    m_grown.notify_all();
}

std::vector<std::int64_t> FakeEngine::watchedFrom()
{
    const std::lock_guard lock(mutex);
    return m_watchedFrom;
}

std::vector<std::string> FakeEngine::calls()
{
    const std::lock_guard lock(mutex);
    return m_calls;
}

v1::StartRunRequest FakeEngine::lastStart()
{
    const std::lock_guard lock(mutex);
    return m_lastStart;
}

bool FakeEngine::allowed(const grpc::ServerContext* context, const char* call)
{
    m_calls.emplace_back(call);
    const auto found = context->client_metadata().find("authorization");
    return found != context->client_metadata().end() && found->second == "Bearer secret";
}

grpc::Status FakeEngine::GetInfo(grpc::ServerContext* context, const v1::GetInfoRequest*, v1::EngineInfo* info)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "GetInfo")) return refused;
    info->set_version("9.9.9");
    info->set_protocol(protocol_version);
    info->set_project_path("/fake");
    info->set_last_seq(std::int64_t(m_log.size()));
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListPresets(
    grpc::ServerContext* context, const v1::ListPresetsRequest*, v1::ListPresetsResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListPresets")) return refused;
    for (const char* name : {"dense", "sample-2x2"}) {
        auto* preset = response->add_presets();
        preset->set_name(name);
        preset->set_title(name);
        preset->set_description("Two levels of two modules: four paths.");
        preset->set_spec_json(specJson);
    }
    return grpc::Status::OK;
}

grpc::Status FakeEngine::EstimateRun(
    grpc::ServerContext* context, const v1::EstimateRunRequest* request, v1::RunEstimate* estimate)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "EstimateRun")) return refused;
    if (!estimateError.empty()) return {grpc::StatusCode::INVALID_ARGUMENT, estimateError};
    estimate->set_spec_json(request->spec_json());
    estimate->set_paths(4);
    estimate->set_modules(6);
    estimate->set_path_parameters(1'234'567);
    estimate->set_total_parameters(2'345'678);
    estimate->set_worker_bytes(30'000'000);
    estimate->set_sync_bytes_per_phase(40'000'000);
    estimate->set_data_parallel_bytes_per_phase(800'000'000);
    estimate->set_total_steps_per_path(30);
    estimate->set_flops_per_path(1.5e12);
    estimate->set_explanation("embed 0.5 M\nlevel 0: 2 x 0.4 M\nlevel 1: 2 x 0.4 M");
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListCorpora(
    grpc::ServerContext* context, const v1::ListCorporaRequest*, v1::ListCorporaResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListCorpora")) return refused;
    for (const auto& corpus : corpora) *response->add_corpora() = corpus;
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListDocuments(
    grpc::ServerContext* context, const v1::ListDocumentsRequest* request, v1::ListDocumentsResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListDocuments")) return refused;
    response->set_total(20);
    for (std::int64_t i = request->offset(); i < std::min<std::int64_t>(20, request->offset() + request->limit()); ++i) {
        auto* document = response->add_documents();
        document->set_id(i);
        document->set_source("doc.jsonl:" + std::to_string(i));
    }
    return grpc::Status::OK;
}

grpc::Status FakeEngine::StartRun(grpc::ServerContext* context, const v1::StartRunRequest* request, v1::Run* run)
{
    {
        const std::lock_guard lock(mutex);
        if (!allowed(context, "StartRun")) return refused;
        m_lastStart = *request;
        auto& made = runs.emplace_back();
        made.set_id(std::int64_t(runs.size()));
        made.set_name(request->name().empty() ? request->preset() : request->name());
        made.set_preset(request->preset());
        made.set_state(v1::RUN_STATE_RUNNING);
        made.set_spec_json(specJson);
        *run = made;
    }
    v1::Event event;
    event.set_run(run->id());
    event.mutable_run_created()->set_name(run->name());
    append(event);
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListRuns(grpc::ServerContext* context, const v1::ListRunsRequest*, v1::ListRunsResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListRuns")) return refused;
    for (const auto& run : runs) *response->add_runs() = run;
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListWorkers(
    grpc::ServerContext* context, const v1::ListWorkersRequest*, v1::ListWorkersResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListWorkers")) return refused;
    for (const auto& worker : workers) *response->add_workers() = worker;
    return grpc::Status::OK;
}

grpc::Status FakeEngine::KillWorker(
    grpc::ServerContext* context, const v1::WorkerRequest* request, v1::ListWorkersResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "KillWorker")) return refused;
    for (auto& worker : workers) {
        if (worker.id() == request->worker()) worker.set_state("lost");
        *response->add_workers() = worker;
    }
    return grpc::Status::OK;
}

grpc::Status FakeEngine::GetRouting(grpc::ServerContext* context, const v1::GetRoutingRequest*, v1::RoutingView* view)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "GetRouting")) return refused;
    if (!routingError.empty()) return {grpc::StatusCode::INTERNAL, routingError};
    view->set_router("discriminative");
    view->add_domains("prose");
    view->add_domains("code");
    const int counts[3] = {10, 30, 60};
    for (int path = 0; path < 3; ++path) {
        auto* row = view->add_confusion();
        row->set_path(path);
        row->add_by_domain(counts[path]);
        row->add_by_domain(counts[path]);
    }
    for (int i = 0; i < 2; ++i) {
        auto* point = view->add_points();
        point->set_x(float(i));
        point->set_y(float(i));
        point->set_path(i);
        point->set_split("train");
    }
    view->add_explained(0.4);
    view->add_explained(0.2);
    return grpc::Status::OK;
}

grpc::Status FakeEngine::ListPathDocuments(
    grpc::ServerContext* context, const v1::ListPathDocumentsRequest* request, v1::ListPathDocumentsResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "ListPathDocuments")) return refused;
    response->set_total(500);
    for (std::int64_t i = request->offset(); i < std::min<std::int64_t>(500, request->offset() + request->limit()); ++i) {
        auto* document = response->add_documents();
        document->set_sequences(3);
        document->set_of(4);
        document->mutable_document()->set_id(i);
        document->mutable_document()->set_source("doc.jsonl:" + std::to_string(i));
        document->mutable_document()->set_domain("prose");
        document->mutable_document()->set_opening("It was late.");
    }
    return grpc::Status::OK;
}

grpc::Status FakeEngine::RouteText(
    grpc::ServerContext* context, const v1::RouteTextRequest* request, v1::RouteTextResponse* response)
{
    const std::lock_guard lock(mutex);
    if (!allowed(context, "RouteText")) return refused;
    response->set_router("discriminative");
    response->set_tokens(2);
    response->set_prefix(32);
    response->set_read(request->text());
    const double probabilities[2] = {0.75, 0.25};
    for (int i = 0; i < 2; ++i) {
        auto* cell = response->add_cells();
        cell->set_path(1 - i);
        cell->set_probability(probabilities[i]);
    }
    return grpc::Status::OK;
}

grpc::Status FakeEngine::Shutdown(grpc::ServerContext* context, const v1::ShutdownRequest*, v1::ShutdownResponse*)
{
    const std::lock_guard lock(mutex);
    return allowed(context, "Shutdown") ? grpc::Status::OK : refused;
}

grpc::Status FakeEngine::Watch(
    grpc::ServerContext* context, const v1::WatchRequest* request, grpc::ServerWriter<v1::WatchResponse>* writer)
{
    std::unique_lock lock(mutex);
    if (!allowed(context, "Watch")) return refused;
    m_watchedFrom.push_back(request->from_seq());
    std::size_t next = std::size_t(std::max<std::int64_t>(1, request->from_seq())) - 1;
    while (!m_stopping && !context->IsCancelled()) {
        if (next < m_log.size()) {
            v1::WatchResponse response;
            for (; next < m_log.size(); ++next) *response.add_events() = m_log[next];
            lock.unlock();
            const bool sent = writer->Write(response);
            lock.lock();
            if (!sent) break;
            continue;
        }
        m_grown.wait_for(lock, std::chrono::milliseconds(50));  // a cancelled call has nobody to notify us
    }
    return grpc::Status::OK;
}

}  // namespace pathloom
