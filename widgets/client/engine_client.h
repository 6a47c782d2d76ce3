// SPDX-License-Identifier: GPL-3.0-or-later
// The app's one connection to an engine: asynchronous calls answered on the GUI thread, and the event stream.
#pragma once

#include "engine/core/result.h"
#include "widgets/client/values.h"

#include <QObject>
#include <QPointer>
#include <QTimer>

#include <functional>
#include <memory>

namespace pathloom::v1 {
class Event;
}

namespace pathloom {

class WatchStream;

/// What the client remembers between attempts, so a test can shorten it.
struct Backoff {
    int firstMs = 500;
    int maxMs = 10'000;
    double jitter = 0.2;  ///< each wait is drawn from [1 - jitter, 1 + jitter] x the plain one
};

/// Lives on the GUI thread. No call blocks: each has a deadline and its handler runs later on the GUI thread, unless its context
/// object has died or the client was pointed at another engine meanwhile. The destructor cancels and waits for gRPC's callbacks.
class EngineClient final : public QObject {
    Q_OBJECT
public:
    enum class State { Disconnected, Connecting, Connected, Lost, Refused };
    Q_ENUM(State)

    template <class T>
    using Handler = std::function<void(Result<T>)>;
    using Done = Handler<bool>;
    struct ImportProgressFacts {
        QString stage;
        qint64 done = 0;
        qint64 total = 0;
    };

    explicit EngineClient(QObject* parent = nullptr);
    ~EngineClient() override;

    void setBackoff(const Backoff& backoff) { m_backoff = backoff; }
    /// Called on the GUI thread for each event, in order, before eventsArrived().
    void setEventHandler(std::function<void(const v1::Event&)> handler) { m_onEvent = std::move(handler); }

    /// Start following the engine there. Events continue after `lastSeqSeen`. Refused says what is wrong with the target.
    void connectTo(const EngineTarget& target, qint64 lastSeqSeen = 0);
    /// Only find out whether the engine lets us in: Connected without its events, or Lost or Refused with the reason, once.
    void tryOnce(const EngineTarget& target);
    void disconnectFromEngine();
    void retryNow();

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] bool isConnected() const { return m_state == State::Connected; }
    [[nodiscard]] QString stateReason() const { return m_reason; }  ///< why Lost or Refused
    [[nodiscard]] int retryInSeconds() const;  ///< Lost: time to the next attempt, rounded up
    [[nodiscard]] QString address() const { return m_target.address; }
    [[nodiscard]] const EngineFacts& facts() const { return m_facts; }
    [[nodiscard]] qint64 lastSeq() const { return m_lastSeq; }
    [[nodiscard]] qint64 lastEventMs() const { return m_lastEventMs; }  ///< engine clock; 0 = none yet

    void listPresets(QObject* context, Handler<QVector<PresetRow>> handler);
    void estimateRun(QObject* context, const QString& specJson, const QStringList& set, Handler<EstimateFacts> handler);
    void listCorpora(QObject* context, Handler<QVector<CorpusRow>> handler);
    void listDocuments(
        QObject* context, const QString& corpus, const QString& domain, qint64 offset, int limit, Handler<DocumentPage> handler);
    void startRun(QObject* context, const StartOrder& order, Handler<RunRow> handler);
    void cloneRun(QObject* context, qint64 run, const QStringList& set, const QString& name, Handler<RunRow> handler);
    void listRuns(QObject* context, Handler<QVector<RunRow>> handler);
    void stopRun(QObject* context, qint64 run, Handler<RunRow> handler);
    void resumeRun(QObject* context, qint64 run, Handler<RunRow> handler);
    void evalRun(QObject* context, qint64 run, const QString& split, Handler<QString> handler);  ///< result JSON
    /// What the router explorer shows: at most `points` sequences (0 = the engine's default).
    void getRouting(QObject* context, qint64 run, int points, Handler<RoutingFacts> handler);
    void listPathDocuments(QObject* context, qint64 run, int path, qint64 offset, int limit, Handler<DocumentPage> handler);
    void routeText(QObject* context, qint64 run, const QString& text, Handler<RouteFacts> handler);
    void listWorkers(QObject* context, Handler<QVector<WorkerRow>> handler);
    void setLocalWorkers(QObject* context, int count, Handler<QVector<WorkerRow>> handler);
    void drainWorker(QObject* context, qint64 worker, Handler<QVector<WorkerRow>> handler);
    void killWorker(QObject* context, qint64 worker, Handler<QVector<WorkerRow>> handler);
    void shutdownEngine(QObject* context, Done handler);

    /// Import runs until it ends or cancelImport(); returns its id. `finished` gets the corpus or the error (Cancelled too).
    qint64 importCorpus(QObject* context, const ImportOrder& order, std::function<void(ImportProgressFacts)> progress,
        Handler<CorpusRow> finished);
    void cancelImport(qint64 id);

Q_SIGNALS:
    void stateChanged();
    void retryTick();  ///< once a second while Lost
    void eventsArrived(int count);  ///< at most every 33 ms
    void engineChanged();  ///< connected to another project than before: forget its history

private:
    struct Flight;
    struct ImportFlight;
    struct Wire;
    template <class Request, class Response, class Start, class Convert, class T>
    void call(QObject* context, int deadlineMs, Request request, Start start, Convert convert, Handler<T> handler);
    void setState(State state, const QString& reason = {});
    void attempt();
    void explainThenLose(const QString& why);
    void lose(const QString& why);
    void startWatch();
    void drainMailbox();
    void closeWire();

    Backoff m_backoff;
    std::function<void(const v1::Event&)> m_onEvent;
    State m_state = State::Disconnected;
    QString m_reason;
    EngineTarget m_target;
    bool m_once = false;
    QString m_projectPath;
    EngineFacts m_facts;
    qint64 m_lastSeq = 0;
    qint64 m_lastEventMs = 0;
    int m_attempts = 0;
    quint64 m_generation = 0;
    QTimer m_retryTimer;
    QTimer m_retryTickTimer;
    QTimer m_frameTimer;
    std::shared_ptr<Wire> m_wire;
    std::unique_ptr<WatchStream> m_watch;
};

}  // namespace pathloom
