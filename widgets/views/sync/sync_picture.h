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
    SyncCanvas* canvas() const { return m_canvas; }

private:
    void rebuild() override;
    void updateStatus();
    quint64 fingerprint() const override;

    ThemeController& m_controller;
    const RunHistory* m_history = nullptr;
    SyncCanvas* m_canvas = nullptr;
    QAction* m_follow = nullptr;
};

}  // namespace pathloom
