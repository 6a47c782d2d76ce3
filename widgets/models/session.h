// SPDX-License-Identifier: GPL-3.0-or-later
// One opened project: the client, the fold over its events, and the models every pane shares.
#pragma once

#include "widgets/client/engine_client.h"
#include "widgets/models/log_model.h"
#include "widgets/models/results.h"
#include "widgets/models/run_history.h"
#include "widgets/models/table_models.h"

#include <QObject>
#include <QTimer>

namespace pathloom {

/// Keeps the models fresh: events mark lists dirty, and a dirty list is asked for again at most once a second.
class Session final : public QObject {
    Q_OBJECT
public:
    explicit Session(QObject* parent = nullptr);

    [[nodiscard]] EngineClient& client() { return m_client; }
    [[nodiscard]] const EngineClient& client() const { return m_client; }
    [[nodiscard]] const ProjectHistory& history() const { return m_history; }
    [[nodiscard]] RunsModel& runs() { return m_runs; }
    [[nodiscard]] WorkersModel& workers() { return m_workers; }
    [[nodiscard]] CorporaModel& corpora() { return m_corpora; }
    [[nodiscard]] PresetsModel& presets() { return m_presets; }
    [[nodiscard]] LogModel& log() { return m_log; }
    [[nodiscard]] ResultsModel& results() { return m_results; }

    void open(const EngineTarget& target);  ///< another engine or the same again
    void close();  ///< disconnect and forget everything
    [[nodiscard]] bool hasRunningRuns() const;
    /// The run whose pictures are shown; 0 = none. Follows the newest run until chosen by hand.
    [[nodiscard]] qint64 shownRun() const { return m_shownRun; }
    [[nodiscard]] const RunHistory* shownHistory() const;
    void showRun(qint64 run);

    void refreshRuns();
    void refreshCorpora();
    void refreshWorkers();
    void setWorkersWatched(bool watched);  ///< a visible pane shows heartbeat ages
    void setWorkerRows(const QVector<WorkerRow>& rows) { m_workers.setRows(rows); }
    [[nodiscard]] qint64 lastHeardMs() const { return m_lastHeardMs; }  ///< local clock, 0 = never

Q_SIGNALS:
    void frame();  ///< events were folded in; at most every 33 ms
    void shownRunChanged();
    void resultsChanged();
    void corporaChanged();
    void runsChanged();
    void notice(const QString& text);  ///< something failed in the background

private:
    void onEvent(const v1::Event& event);
    void onArrived();
    void onState();
    void poll();

    EngineClient m_client;
    ProjectHistory m_history;
    RunsModel m_runs;
    WorkersModel m_workers;
    CorporaModel m_corpora;
    PresetsModel m_presets;
    LogModel m_log;
    ResultsModel m_results;
    QTimer m_pollTimer;
    QTimer m_workerTimer;
    qint64 m_shownRun = 0;
    bool m_chosen = false;
    bool m_runsDirty = false;
    bool m_workersDirty = false;
    bool m_corporaDirty = false;
    bool m_resultsDirty = false;
    qint64 m_lastHeardMs = 0;
};

}  // namespace pathloom
