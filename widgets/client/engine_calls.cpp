// SPDX-License-Identifier: GPL-3.0-or-later
// EngineClient: one function a remote call, from values to messages and back.
#include "widgets/client/engine_client_private.h"

namespace pathloom {
namespace {

constexpr int workDeadlineMs = 600'000;  // scoring waits for the workers

QVector<WorkerRow> workerRows(const v1::ListWorkersResponse& response)
{
    QVector<WorkerRow> rows;
    for (const auto& worker : response.workers()) rows.append(toValue(worker));
    return rows;
}

}  // namespace

#define PATHLOOM_START(method) [](auto* stub, auto... a) { stub->method(a...); }

void EngineClient::listPresets(QObject* context, Handler<QVector<PresetRow>> handler)
{
    call<v1::ListPresetsRequest, v1::ListPresetsResponse>(
        context, callDeadlineMs, {}, PATHLOOM_START(ListPresets),
        [](const v1::ListPresetsResponse& m) {
            QVector<PresetRow> rows;
            for (const auto& preset : m.presets()) rows.append(toValue(preset));
            return rows;
        },
        std::move(handler));
}

void EngineClient::estimateRun(QObject* context, const QString& specJson, const QStringList& set, Handler<EstimateFacts> handler)
{
    v1::EstimateRunRequest request;
    request.set_spec_json(specJson.toStdString());
    for (const QString& s : set) request.add_set(s.toStdString());
    call<v1::EstimateRunRequest, v1::RunEstimate>(
        context, callDeadlineMs, request, PATHLOOM_START(EstimateRun), [](const v1::RunEstimate& m) { return toValue(m); },
        std::move(handler));
}

void EngineClient::listCorpora(QObject* context, Handler<QVector<CorpusRow>> handler)
{
    call<v1::ListCorporaRequest, v1::ListCorporaResponse>(
        context, callDeadlineMs, {}, PATHLOOM_START(ListCorpora),
        [](const v1::ListCorporaResponse& m) {
            QVector<CorpusRow> rows;
            for (const auto& corpus : m.corpora()) rows.append(toValue(corpus));
            return rows;
        },
        std::move(handler));
}

void EngineClient::listDocuments(
    QObject* context, const QString& corpus, const QString& domain, qint64 offset, int limit, Handler<DocumentPage> handler)
{
    v1::ListDocumentsRequest request;
    request.set_corpus(corpus.toStdString());
    request.set_domain(domain.toStdString());
    request.set_offset(offset);
    request.set_limit(limit);
    call<v1::ListDocumentsRequest, v1::ListDocumentsResponse>(
        context, callDeadlineMs, request, PATHLOOM_START(ListDocuments),
        [](const v1::ListDocumentsResponse& m) {
            DocumentPage page;
            page.total = m.total();
            for (const auto& document : m.documents()) page.documents.append(toValue(document));
            return page;
        },
        std::move(handler));
}

void EngineClient::startRun(QObject* context, const StartOrder& order, Handler<RunRow> handler)
{
    v1::StartRunRequest request;
    request.set_spec_json(order.specJson.toStdString());
    request.set_preset(order.preset.toStdString());
    request.set_name(order.name.toStdString());
    for (const QString& s : order.set) request.add_set(s.toStdString());
    call<v1::StartRunRequest, v1::Run>(
        context, 60'000, request, PATHLOOM_START(StartRun), [](const v1::Run& m) { return toValue(m); }, std::move(handler));
}

void EngineClient::cloneRun(QObject* context, qint64 run, const QStringList& set, const QString& name, Handler<RunRow> handler)
{
    v1::CloneRunRequest request;
    request.set_id(run);
    request.set_name(name.toStdString());
    for (const QString& s : set) request.add_set(s.toStdString());
    call<v1::CloneRunRequest, v1::Run>(
        context, 60'000, request, PATHLOOM_START(CloneRun), [](const v1::Run& m) { return toValue(m); }, std::move(handler));
}

void EngineClient::listRuns(QObject* context, Handler<QVector<RunRow>> handler)
{
    call<v1::ListRunsRequest, v1::ListRunsResponse>(
        context, callDeadlineMs, {}, PATHLOOM_START(ListRuns),
        [](const v1::ListRunsResponse& m) {
            QVector<RunRow> rows;
            for (const auto& run : m.runs()) rows.append(toValue(run));
            return rows;
        },
        std::move(handler));
}

void EngineClient::stopRun(QObject* context, qint64 run, Handler<RunRow> handler)
{
    v1::RunRequest request;
    request.set_id(run);
    call<v1::RunRequest, v1::Run>(
        context, callDeadlineMs, request, PATHLOOM_START(StopRun), [](const v1::Run& m) { return toValue(m); },
        std::move(handler));
}

void EngineClient::resumeRun(QObject* context, qint64 run, Handler<RunRow> handler)
{
    v1::RunRequest request;
    request.set_id(run);
    call<v1::RunRequest, v1::Run>(
        context, callDeadlineMs, request, PATHLOOM_START(ResumeRun), [](const v1::Run& m) { return toValue(m); },
        std::move(handler));
}

void EngineClient::evalRun(QObject* context, qint64 run, const QString& split, Handler<QString> handler)
{
    v1::EvalRunRequest request;
    request.set_id(run);
    request.set_split(split.toStdString());
    request.set_route("once");
    call<v1::EvalRunRequest, v1::EvalResponse>(
        context, workDeadlineMs, request, PATHLOOM_START(EvalRun),
        [](const v1::EvalResponse& m) { return QString::fromStdString(m.result_json()); }, std::move(handler));
}

void EngineClient::getRouting(QObject* context, qint64 run, int points, Handler<RoutingFacts> handler)
{
    v1::GetRoutingRequest request;
    request.set_run(run);
    request.set_points(points);
    call<v1::GetRoutingRequest, v1::RoutingView>(
        context, 60'000, request, PATHLOOM_START(GetRouting), [](const v1::RoutingView& m) { return toValue(m); },
        std::move(handler));
}

void EngineClient::listPathDocuments(
    QObject* context, qint64 run, int path, qint64 offset, int limit, Handler<DocumentPage> handler)
{
    v1::ListPathDocumentsRequest request;
    request.set_run(run);
    request.set_path(path);
    request.set_offset(offset);
    request.set_limit(limit);
    call<v1::ListPathDocumentsRequest, v1::ListPathDocumentsResponse>(
        context, callDeadlineMs, request, PATHLOOM_START(ListPathDocuments),
        [](const v1::ListPathDocumentsResponse& m) { return toValue(m); }, std::move(handler));
}

void EngineClient::routeText(QObject* context, qint64 run, const QString& text, Handler<RouteFacts> handler)
{
    v1::RouteTextRequest request;
    request.set_run(run);
    request.set_text(text.toStdString());
    call<v1::RouteTextRequest, v1::RouteTextResponse>(
        context, 60'000, request, PATHLOOM_START(RouteText), [](const v1::RouteTextResponse& m) { return toValue(m); },
        std::move(handler));
}

void EngineClient::listWorkers(QObject* context, Handler<QVector<WorkerRow>> handler)
{
    call<v1::ListWorkersRequest, v1::ListWorkersResponse>(
        context, callDeadlineMs, {}, PATHLOOM_START(ListWorkers), workerRows, std::move(handler));
}

void EngineClient::setLocalWorkers(QObject* context, int count, Handler<QVector<WorkerRow>> handler)
{
    v1::SetLocalWorkersRequest request;
    request.set_count(count);
    call<v1::SetLocalWorkersRequest, v1::ListWorkersResponse>(
        context, callDeadlineMs, request, PATHLOOM_START(SetLocalWorkers), workerRows, std::move(handler));
}

void EngineClient::drainWorker(QObject* context, qint64 worker, Handler<QVector<WorkerRow>> handler)
{
    v1::WorkerRequest request;
    request.set_worker(worker);
    call<v1::WorkerRequest, v1::ListWorkersResponse>(
        context, callDeadlineMs, request, PATHLOOM_START(DrainWorker), workerRows, std::move(handler));
}

void EngineClient::killWorker(QObject* context, qint64 worker, Handler<QVector<WorkerRow>> handler)
{
    v1::WorkerRequest request;
    request.set_worker(worker);
    call<v1::WorkerRequest, v1::ListWorkersResponse>(
        context, callDeadlineMs, request, PATHLOOM_START(KillWorker), workerRows, std::move(handler));
}

void EngineClient::shutdownEngine(QObject* context, Done handler)
{
    call<v1::ShutdownRequest, v1::ShutdownResponse>(
        context, connectDeadlineMs, {}, PATHLOOM_START(Shutdown), [](const v1::ShutdownResponse&) { return true; },
        std::move(handler));
}

#undef PATHLOOM_START

/// The import stream: every message goes straight to the GUI thread (a few a second), so no mailbox.
struct EngineClient::ImportFlight final : Flight, grpc::ClientReadReactor<v1::ImportProgress> {
    std::function<void(const v1::ImportProgress&)> onProgress;
    std::function<void(const grpc::Status&)> onDone;
    v1::ImportCorpusRequest request;
    v1::ImportProgress progress;

    void OnReadDone(bool ok) override
    {
        if (!ok) return;
        onProgress(progress);
        StartRead(&progress);
    }
    void OnDone(const grpc::Status& status) override { onDone(status); }
};

qint64 EngineClient::importCorpus(
    QObject* context, const ImportOrder& order, std::function<void(ImportProgressFacts)> progress, Handler<CorpusRow> finished)
{
    static qint64 nextId = 0;
    const qint64 id = ++nextId;
    QPointer<QObject> guard(context);
    if (!m_wire) {
        QMetaObject::invokeMethod(
            this,
            [guard, finished] {
                if (guard) finished(fail(ErrorCode::Unreachable, "no engine is connected; open a project first"));
            },
            Qt::QueuedConnection);
        return id;
    }
    const auto flight = std::make_shared<ImportFlight>();
    flight->request.set_name(order.name.toStdString());
    for (const QString& path : order.paths) flight->request.add_paths(path.toStdString());
    flight->request.set_domain(order.domain.toStdString());
    flight->request.set_vocabulary(order.vocabulary);
    flight->request.set_tokenizer_model(order.tokenizerModel.toStdString());
    flight->request.set_seed(order.seed);
    fill(*flight->request.mutable_films(), order.films);
    auto corpus = std::make_shared<CorpusRow>();  // written on gRPC's thread before the queued call that reads it
    flight->onProgress = [this, guard, progress, corpus](const v1::ImportProgress& m) {
        if (m.has_corpus()) *corpus = toValue(m.corpus());
        const ImportProgressFacts facts{QString::fromStdString(m.stage()), m.done(), m.total()};
        QMetaObject::invokeMethod(
            this,
            [guard, progress, facts] {
                if (guard && progress) progress(facts);
            },
            Qt::QueuedConnection);
    };
    flight->onDone = [this, guard, finished, corpus, wire = m_wire.get(), flight = flight.get()](const grpc::Status& status) {
        wire->land(flight, [&](const std::shared_ptr<Flight>& owner) {
            QMetaObject::invokeMethod(
                this,
                [owner, guard, finished, corpus, status] {
                    if (!guard) return;
                    if (!status.ok())
                        finished(fail(toError(status)));
                    else
                        finished(*corpus);
                },
                Qt::QueuedConnection);
        });
    };
    m_wire->add(flight);
    {
        const std::lock_guard lock(m_wire->mutex);
        m_wire->imports[id] = flight.get();
    }
    m_wire->stub->async()->ImportCorpus(&flight->context, &flight->request, flight.get());
    flight->StartRead(&flight->progress);
    flight->StartCall();
    return id;
}

void EngineClient::cancelImport(qint64 id)
{
    if (!m_wire) return;
    const std::lock_guard lock(m_wire->mutex);
    const auto found = m_wire->imports.find(id);
    if (found != m_wire->imports.end()) found->second->context.TryCancel();
}

}  // namespace pathloom
