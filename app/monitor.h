// SPDX-License-Identifier: GPL-3.0-or-later
// The monitor's pictures, all showing the session's chosen run, drawn by the frame tick and only while visible.
#pragma once

#include "widgets/models/session.h"

#include <QObject>
#include <QVector>

namespace pathloom {

class CurvesView;
class PaneFrame;
class PathPicture;
class SyncPicture;
class ThemeController;

class Monitor final : public QObject {
    Q_OBJECT
public:
    Monitor(Session& session, ThemeController& theme, QObject* parent = nullptr);
    [[nodiscard]] PaneFrame* paths() const;
    [[nodiscard]] PaneFrame* sync() const;
    [[nodiscard]] PaneFrame* curves() const;

Q_SIGNALS:
    void newRunRequested();

private:
    void showRun();
    void showConnection();
    [[nodiscard]] QVector<PaneFrame*> panes() const;

    Session& m_session;
    PathPicture* m_paths;
    SyncPicture* m_sync;
    CurvesView* m_curves;
    const RunHistory* m_shown = nullptr;  // what the pictures hold, to compare only
};

}  // namespace pathloom
