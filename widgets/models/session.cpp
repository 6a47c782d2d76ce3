// SPDX-License-Identifier: GPL-3.0-or-later
// Session: what each event makes stale, and when it is asked for again.
#include "widgets/models/session.h"

#include "pathloom/v1/events.pb.h"

#include <QDateTime>

namespace pathloom {
namespace {
constexpr int pollMs = 1000;
constexpr int workersMs = 2000;
}  // namespace

Session::Session(QObject* parent)
    : QObject(parent)
{
    m_client.setEventHandler([this](const v1::Event& event) { onEvent(event); });
    connect(&m_client, &EngineClient::eventsArrived, this, &Session::onArrived);
    connect(&m_client, &EngineClient::stateChanged, this, &Session::onState);
    connect(&m_client, &EngineClient::engineChanged, this, [this] {
        m_history = {};
        m_log.clear();
        m_shownRun = 0;
        m_chosen = false;
        Q_EMIT shownRunChanged();
    });
    m_pollTimer.setSingleShot(true);
    m_pollTimer.setInterval(pollMs);
    connect(&m_pollTimer, &QTimer::timeout, this, &Session::poll);
    m_workerTimer.setInterval(workersMs);
    connect(&m_workerTimer, &QTimer::timeout, this, [this] {
        if (m_client.isConnected()) refreshWorkers();
    });
}

void Session::open(const EngineTarget& target)
{
    m_client.connectTo(target, m_history.lastSeq);
}

void Session::close()
{
    m_client.disconnectFromEngine();
    m_history = {};
    m_log.clear();
    m_runs.setRows({});
    m_workers.setRows({});
    m_corpora.setRows({});
    m_presets.setPresets({});
    m_results.setRows({});
    m_shownRun = 0;
    m_chosen = false;
    m_lastHeardMs = 0;
    Q_EMIT shownRunChanged();
    Q_EMIT runsChanged();
    Q_EMIT corporaChanged();
    Q_EMIT resultsChanged();
    Q_EMIT frame();
}

bool Session::hasRunningRuns() const
{
    const auto& rows = m_runs.rows();
    return std::any_of(rows.begin(), rows.end(), [](const RunRow& run) { return run.state == RunPhase::Running; });
}

const RunHistory* Session::shownHistory() const
{
    const auto it = m_history.runs.find(m_shownRun);
    return it == m_history.runs.end() ? nullptr : &it->second;
}

void Session::showRun(qint64 run)
{
    m_chosen = run != 0;
    if (run == m_shownRun) return;
    m_shownRun = run;
    Q_EMIT shownRunChanged();
}

void Session::onEvent(const v1::Event& event)
{
    m_history.apply(event);
    switch (event.body_case()) {
    case v1::Event::kRunCreated:
    case v1::Event::kRunState:
        m_resultsDirty = true;
        [[fallthrough]];
    case v1::Event::kStage:
    case v1::Event::kRunPlanned:
    case v1::Event::kTaskCommitted:
    case v1::Event::kValidPoint:
        m_runsDirty = true;
        break;
    case v1::Event::kTaskLost:
        m_runsDirty = m_workersDirty = true;
        break;
    case v1::Event::kEvalDone:
        m_resultsDirty = m_runsDirty = true;
        break;
    case v1::Event::kWorkerJoined:
    case v1::Event::kWorkerActivity:
    case v1::Event::kWorkerGone:
        m_workersDirty = true;
        break;
    case v1::Event::kCorpusImported:
        m_corporaDirty = true;
        break;
    default:
        break;
    }
}

void Session::onArrived()
{
    m_lastHeardMs = QDateTime::currentMSecsSinceEpoch();
    m_log.sync(m_history);
    const qint64 newest = m_history.runs.empty() ? 0 : m_history.runs.rbegin()->first;
    if (!m_chosen && newest != m_shownRun) {
        m_shownRun = newest;
        Q_EMIT shownRunChanged();
    }
    if (m_resultsDirty) {
        m_resultsDirty = false;
        m_results.setRows(resultRows(m_history));
        Q_EMIT resultsChanged();
    }
    Q_EMIT frame();
    if ((m_runsDirty || m_workersDirty || m_corporaDirty) && !m_pollTimer.isActive()) m_pollTimer.start();
}

void Session::onState()
{
    if (!m_client.isConnected()) return;
    m_lastHeardMs = QDateTime::currentMSecsSinceEpoch();
    m_client.listPresets(this, [this](Result<QVector<PresetRow>> rows) {
        if (rows)
            m_presets.setPresets(*rows);
        else
            Q_EMIT notice(QString::fromStdString(rows.error().message));
    });
    refreshRuns();
    refreshCorpora();
    refreshWorkers();
}

void Session::poll()
{
    if (!m_client.isConnected()) return;
    if (m_runsDirty) refreshRuns();
    if (m_workersDirty) refreshWorkers();
    if (m_corporaDirty) refreshCorpora();
}

void Session::refreshRuns()
{
    m_runsDirty = false;
    m_client.listRuns(this, [this](Result<QVector<RunRow>> rows) {
        if (!rows) return;  // a lost engine is told by the connection state
        m_lastHeardMs = QDateTime::currentMSecsSinceEpoch();
        m_runs.setRows(*rows);
        Q_EMIT runsChanged();
    });
}

void Session::refreshCorpora()
{
    m_corporaDirty = false;
    m_client.listCorpora(this, [this](Result<QVector<CorpusRow>> rows) {
        if (!rows) return;
        m_corpora.setRows(*rows);
        Q_EMIT corporaChanged();
    });
}

void Session::refreshWorkers()
{
    m_workersDirty = false;
    m_client.listWorkers(this, [this](Result<QVector<WorkerRow>> rows) {
        if (!rows) return;
        m_lastHeardMs = QDateTime::currentMSecsSinceEpoch();
        m_workers.setRows(*rows);
    });
}

void Session::setWorkersWatched(bool watched)
{
    if (watched == m_workerTimer.isActive()) return;
    if (watched)
        m_workerTimer.start();
    else
        m_workerTimer.stop();
}

}  // namespace pathloom
