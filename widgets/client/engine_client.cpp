// SPDX-License-Identifier: GPL-3.0-or-later
// EngineClient: gRPC's callback API on one side, queued calls and a frame timer on the other.
#include "widgets/client/engine_client.h"

#include "widgets/client/watch_stream.h"

#include <QRandomGenerator>

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace pathloom {
namespace {

constexpr int protocolVersion = 1;
constexpr int callDeadlineMs = 10'000;
constexpr int connectDeadlineMs = 5'000;
constexpr int workDeadlineMs = 600'000;  // scoring waits for the workers
constexpr int frameMs = 33;

Error toError(const grpc::Status& status)
{
    using Code = grpc::StatusCode;
    ErrorCode code = ErrorCode::Failed;
    switch (status.error_code()) {
    case Code::INVALID_ARGUMENT:
        code = ErrorCode::Usage;
        break;
    case Code::NOT_FOUND:
        code = ErrorCode::NotFound;
        break;
    case Code::ALREADY_EXISTS:
        code = ErrorCode::Exists;
        break;
    case Code::DATA_LOSS:
        code = ErrorCode::Corrupt;
        break;
    case Code::RESOURCE_EXHAUSTED:
        code = ErrorCode::DiskFull;
        break;
    case Code::UNIMPLEMENTED:
        code = ErrorCode::Unsupported;
        break;
    case Code::UNAUTHENTICATED:
    case Code::PERMISSION_DENIED:
        code = ErrorCode::Unauthorised;
        break;
    case Code::UNAVAILABLE:
    case Code::DEADLINE_EXCEEDED:
        code = ErrorCode::Unreachable;
        break;
    case Code::CANCELLED:
        code = ErrorCode::Cancelled;
        break;
    default:
        break;
    }
    std::string message = status.error_message();
    if (code == ErrorCode::Unreachable) message = "the engine does not answer (" + message + "); check that it is running";
    if (message.empty()) message = "the engine gave no reason";
    return {code, message};
}

std::chrono::system_clock::time_point deadline(int ms)
{
    return std::chrono::system_clock::now() + std::chrono::milliseconds(ms);
}

QVector<WorkerRow> workerRows(const v1::ListWorkersResponse& response)
{
    QVector<WorkerRow> rows;
    for (const auto& worker : response.workers()) rows.append(toValue(worker));
    return rows;
}

/// The import stream: every message goes straight to the GUI thread (a few a second), so no mailbox.
class ImportReactor final : public grpc::ClientReadReactor<v1::ImportProgress> {
public:
    std::function<void(const v1::ImportProgress&)> onProgress;
    std::function<void(const grpc::Status&)> onDone;
    grpc::ClientContext context;
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

}  // namespace

/// One channel and the calls in flight on it. Callbacks hold it by shared_ptr; close() waits until none is left.
struct EngineClient::Wire {
    std::unique_ptr<v1::Engine::Stub> stub;
    std::string token;
    std::mutex mutex;
    std::condition_variable idle;
    std::set<grpc::ClientContext*> calls;
    std::map<qint64, grpc::ClientContext*> imports;

    void add(grpc::ClientContext* context)
    {
        const std::lock_guard lock(mutex);
        calls.insert(context);
    }
    void remove(grpc::ClientContext* context)
    {
        const std::lock_guard lock(mutex);
        calls.erase(context);
        std::erase_if(imports, [context](const auto& entry) { return entry.second == context; });
        idle.notify_all();
    }
    void close()
    {
        std::unique_lock lock(mutex);
        for (auto* context : calls) context->TryCancel();
        idle.wait(lock, [this] { return calls.empty(); });
    }
};

EngineClient::EngineClient(QObject* parent)
    : QObject(parent)
{
    m_retryTimer.setSingleShot(true);
    connect(&m_retryTimer, &QTimer::timeout, this, &EngineClient::attempt);
    m_retryTickTimer.setInterval(1000);
    connect(&m_retryTickTimer, &QTimer::timeout, this, &EngineClient::retryTick);
    m_frameTimer.setSingleShot(true);
    m_frameTimer.setInterval(frameMs);
    connect(&m_frameTimer, &QTimer::timeout, this, &EngineClient::drainMailbox);
}

EngineClient::~EngineClient()
{
    closeWire();
}

void EngineClient::closeWire()
{
    ++m_generation;
    m_frameTimer.stop();
    m_watch.reset();
    if (m_wire) m_wire->close();
    m_wire.reset();
}

void EngineClient::setState(State state, const QString& reason)
{
    m_state = state;
    m_reason = reason;
    if (state == State::Lost)
        m_retryTickTimer.start();
    else
        m_retryTickTimer.stop();
    Q_EMIT stateChanged();
}

int EngineClient::retryInSeconds() const
{
    return m_retryTimer.isActive() ? (m_retryTimer.remainingTime() + 999) / 1000 : 0;
}

void EngineClient::connectTo(const QString& address, const QString& token, qint64 lastSeqSeen)
{
    m_retryTimer.stop();
    m_address = address;
    m_token = token;
    m_lastSeq = lastSeqSeen;
    m_attempts = 0;
    setState(State::Connecting);
    attempt();
}

void EngineClient::disconnectFromEngine()
{
    m_retryTimer.stop();
    closeWire();
    m_address.clear();
    m_token.clear();
    setState(State::Disconnected);
}

void EngineClient::retryNow()
{
    if (m_state != State::Lost && m_state != State::Refused) return;
    m_retryTimer.stop();
    setState(State::Connecting);
    attempt();
}

void EngineClient::attempt()
{
    closeWire();
    grpc::ChannelArguments arguments;
    // A subchannel of our own: a fresh attempt must not wait out the back-off of the one before.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    arguments.SetMaxReceiveMessageSize(64 << 20);
    auto wire = std::make_shared<Wire>();
    wire->token = m_token.toStdString();
    wire->stub
        = v1::Engine::NewStub(grpc::CreateCustomChannel(m_address.toStdString(), grpc::InsecureChannelCredentials(), arguments));
    m_wire = wire;
    call<v1::GetInfoRequest, v1::EngineInfo>(
        this, connectDeadlineMs, v1::GetInfoRequest(), [](auto* stub, auto... a) { stub->GetInfo(a...); },
        [](const v1::EngineInfo& m) { return toValue(m); }, Handler<EngineFacts>([this](Result<EngineFacts> facts) {
            if (!facts) {
                const QString why = QString::fromStdString(facts.error().message);
                if (facts.error().code == ErrorCode::Unauthorised)
                    setState(State::Refused, tr("The engine refused the token: %1").arg(why));
                else
                    lose(why);
                return;
            }
            if (facts->protocol != protocolVersion) {
                setState(State::Refused,
                    tr("The engine speaks protocol %1 and this app %2; install the same version of both")
                        .arg(facts->protocol)
                        .arg(protocolVersion));
                return;
            }
            if (!m_projectPath.isEmpty() && m_projectPath != facts->projectPath) {
                m_lastSeq = 0;
                m_lastEventMs = 0;
                Q_EMIT engineChanged();
            }
            m_projectPath = facts->projectPath;
            m_facts = *facts;
            m_attempts = 0;
            startWatch();
            setState(State::Connected);
        }));
}

void EngineClient::lose(const QString& why)
{
    m_frameTimer.stop();
    m_watch.reset();
    const double plain = std::min<double>(m_backoff.maxMs, m_backoff.firstMs * double(1 << std::min(m_attempts, 10)));
    ++m_attempts;
    const double jitter = 1.0 + m_backoff.jitter * (2.0 * QRandomGenerator::global()->generateDouble() - 1.0);
    m_retryTimer.start(int(plain * jitter));
    setState(State::Lost, why);
}

void EngineClient::startWatch()
{
    const quint64 generation = m_generation;
    m_watch = std::make_unique<WatchStream>(*m_wire->stub, m_token.toStdString(), m_lastSeq + 1, [this, generation] {
        QMetaObject::invokeMethod(
            this,
            [this, generation] {
                if (generation == m_generation && !m_frameTimer.isActive()) m_frameTimer.start();
            },
            Qt::QueuedConnection);
    });
}

void EngineClient::drainMailbox()
{
    if (!m_watch) return;
    const WatchStream::Batch batch = m_watch->drain();
    int fresh = 0;
    for (const auto& event : batch.events) {
        if (event.seq() <= m_lastSeq) continue;
        m_lastSeq = event.seq();
        m_lastEventMs = event.time_ms();
        ++fresh;
        if (m_onEvent) m_onEvent(event);
    }
    if (fresh > 0) Q_EMIT eventsArrived(fresh);
    if (!batch.ended) return;
    const Error error = toError(batch.status);
    if (error.code == ErrorCode::Unauthorised)
        setState(State::Refused, QString::fromStdString(error.message));
    else
        lose(batch.status.ok() ? tr("the engine closed the event stream") : QString::fromStdString(error.message));
}

template <class Request, class Response, class Start, class Convert, class T>
void EngineClient::call(QObject* context, int deadlineMs, Request request, Start start, Convert convert, Handler<T> handler)
{
    QPointer<QObject> guard(context);
    if (!m_wire) {
        QMetaObject::invokeMethod(
            this,
            [guard, handler] {
                if (guard) handler(fail(ErrorCode::Unreachable, "no engine is connected; open a project first"));
            },
            Qt::QueuedConnection);
        return;
    }
    struct InFlight {
        grpc::ClientContext context;
        Request request;
        Response response;
    };
    auto flight = std::make_shared<InFlight>();
    flight->request = std::move(request);
    flight->context.AddMetadata("authorization", "Bearer " + m_wire->token);
    flight->context.set_deadline(deadline(deadlineMs));
    auto wire = m_wire;
    wire->add(&flight->context);
    const quint64 generation = m_generation;
    start(wire->stub->async(), &flight->context, &flight->request, &flight->response,
        [this, wire, flight, generation, guard, handler, convert](grpc::Status status) {
            // On a gRPC thread: only hand over. `this` outlives us, because closeWire() waits for remove().
            QMetaObject::invokeMethod(
                this,
                [this, flight, generation, guard, handler, convert, status] {
                    if (!guard || generation != m_generation) return;
                    if (!status.ok())
                        handler(fail(toError(status)));
                    else
                        handler(convert(flight->response));
                },
                Qt::QueuedConnection);
            wire->remove(&flight->context);
        });
}

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
    auto* reactor = new ImportReactor;  // deletes itself in onDone, which gRPC calls exactly once
    auto wire = m_wire;
    reactor->context.AddMetadata("authorization", "Bearer " + wire->token);
    reactor->request.set_name(order.name.toStdString());
    for (const QString& path : order.paths) reactor->request.add_paths(path.toStdString());
    reactor->request.set_domain(order.domain.toStdString());
    reactor->request.set_vocabulary(order.vocabulary);
    reactor->request.set_tokenizer_model(order.tokenizerModel.toStdString());
    reactor->request.set_seed(order.seed);
    auto corpus = std::make_shared<CorpusRow>();  // written on gRPC's thread before the queued call that reads it
    reactor->onProgress = [this, guard, progress, corpus](const v1::ImportProgress& m) {
        if (m.has_corpus()) *corpus = toValue(m.corpus());
        const ImportProgressFacts facts{QString::fromStdString(m.stage()), m.done(), m.total()};
        QMetaObject::invokeMethod(
            this,
            [guard, progress, facts] {
                if (guard && progress) progress(facts);
            },
            Qt::QueuedConnection);
    };
    reactor->onDone = [this, guard, finished, corpus, wire, reactor](const grpc::Status& status) {
        QMetaObject::invokeMethod(
            this,
            [guard, finished, corpus, status] {
                if (!guard) return;
                if (!status.ok())
                    finished(fail(toError(status)));
                else
                    finished(*corpus);
            },
            Qt::QueuedConnection);
        const auto keep = wire;
        keep->remove(&reactor->context);
        delete reactor;
    };
    {
        const std::lock_guard lock(wire->mutex);
        wire->calls.insert(&reactor->context);
        wire->imports[id] = &reactor->context;
    }
    wire->stub->async()->ImportCorpus(&reactor->context, &reactor->request, reactor);
    reactor->StartRead(&reactor->progress);
    reactor->StartCall();
    return id;
}

void EngineClient::cancelImport(qint64 id)
{
    if (!m_wire) return;
    const std::lock_guard lock(m_wire->mutex);
    const auto found = m_wire->imports.find(id);
    if (found != m_wire->imports.end()) found->second->TryCancel();
}

}  // namespace pathloom
