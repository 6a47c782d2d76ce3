// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Sync": the sync picture with its toolbar, over one run's history.
#pragma once

#include "widgets/theme/pane_frame.h"

namespace pathloom {

class SyncCanvas;
struct RunHistory;

class SyncPicture : public PaneFrame {
    Q_OBJECT
public:
    explicit SyncPicture(ThemeController& theme, QWidget* parent = nullptr);
    /// Show this run (not owned; must stay valid until the next call); null shows the empty state.
    void setHistory(const RunHistory* history);
    /// Called on each frame tick. Does nothing while hidden (catches up when shown) or while nothing changed.
    void refresh();
    SyncCanvas* canvas() const { return m_canvas; }
    int rebuilds() const { return m_rebuilds; }

protected:
    void showEvent(QShowEvent* event) override;

private:
    void rebuild();
    void updateStatus();
    quint64 fingerprint() const;

    ThemeController& m_controller;
    const RunHistory* m_history = nullptr;
    SyncCanvas* m_canvas = nullptr;
    QAction* m_follow = nullptr;
    bool m_dirty = true;
    quint64 m_seen = 0;
    int m_rebuilds = 0;
};

}  // namespace pathloom
