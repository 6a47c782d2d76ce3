// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Paths": the path picture, its details and the time scrubber, over one run's history.
#pragma once

#include "widgets/theme/pane_frame.h"
#include "widgets/views/paths/path_state.h"

class QComboBox;
class QSlider;
class QToolButton;

namespace pathloom {

class PathCanvas;
class PathPanel;
struct RunHistory;

class PathPicture : public PaneFrame {
    Q_OBJECT
public:
    explicit PathPicture(ThemeController& theme, QWidget* parent = nullptr);
    /// Show this run (not owned; must stay valid until the next call); null shows the empty state.
    void setHistory(const RunHistory* history);
    /// Show the run as it was; followLive() goes back to now.
    void scrubTo(qint64 timeMs);
    void followLive();
    bool isLive() const { return m_live; }
    PathCanvas* canvas() const { return m_canvas; }

private:
    void buildToolBar();
    void buildContent();
    void rebuild() override;
    void updatePanel();
    void updateStatus();
    quint64 fingerprint() const override;

    ThemeController& m_controller;
    const RunHistory* m_history = nullptr;
    PathCanvas* m_canvas = nullptr;
    PathPanel* m_panel = nullptr;
    QWidget* m_picture = nullptr;
    QComboBox* m_colour = nullptr;
    QSlider* m_scrub = nullptr;
    QLabel* m_scrubTime = nullptr;
    QToolButton* m_liveButton = nullptr;
    QAction* m_imageAction = nullptr;
    bool m_live = true;
    qint64 m_scrubMs = 0;
};

}  // namespace pathloom
