// SPDX-License-Identifier: GPL-3.0-or-later
// Monitor.
#include "app/monitor.h"

#include "widgets/views/curves/curves_view.h"
#include "widgets/views/paths/path_picture.h"
#include "widgets/views/sync/sync_picture.h"

namespace pathloom {

Monitor::Monitor(Session& session, ThemeController& theme, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_paths(new PathPicture(theme))
    , m_sync(new SyncPicture(theme))
    , m_curves(new CurvesView(theme))
{
    m_paths->setObjectName(QStringLiteral("paths"));
    m_sync->setObjectName(QStringLiteral("sync"));
    m_curves->setObjectName(QStringLiteral("curves"));
    connect(&session, &Session::shownRunChanged, this, &Monitor::showRun);
    connect(&session, &Session::frame, this, [this] {
        if (m_session.shownHistory() != m_shown) showRun();  // chosen before its first event had arrived
        m_paths->refresh();
        m_sync->refresh();
        m_curves->refresh();
    });
    connect(&session.client(), &EngineClient::stateChanged, this, &Monitor::showConnection);
    connect(&session.client(), &EngineClient::retryTick, this, &Monitor::showConnection);
    for (PaneFrame* pane : panes()) {
        connect(pane, &PaneFrame::emptyActionTriggered, this, &Monitor::newRunRequested);
        connect(pane, &PaneFrame::reconnectRequested, &session.client(), &EngineClient::retryNow);
    }
    showRun();
}

QVector<PaneFrame*> Monitor::panes() const
{
    return {paths(), sync(), curves()};
}

PaneFrame* Monitor::paths() const
{
    return m_paths;
}

PaneFrame* Monitor::sync() const
{
    return m_sync;
}

PaneFrame* Monitor::curves() const
{
    return m_curves;
}

void Monitor::showRun()
{
    const RunHistory* run = m_session.shownHistory();
    m_shown = run;
    m_paths->setHistory(run);
    m_sync->setHistory(run);
    m_curves->setHistory(run);
}

void Monitor::showConnection()
{
    const EngineClient& client = m_session.client();
    const bool lost = client.state() == EngineClient::State::Lost && m_session.shownHistory() != nullptr;
    for (PaneFrame* pane : panes()) {
        if (lost)
            pane->showLost(m_session.lastHeardMs(), client.retryInSeconds());
        else if (pane->state() == PaneFrame::State::Lost && client.isConnected())
            pane->showContent();
    }
}

}  // namespace pathloom
