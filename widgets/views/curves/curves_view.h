// SPDX-License-Identifier: GPL-3.0-or-later
// The pane "Curves": training and validation loss of every path (thin) and their mean (thick), over one run's history.
#pragma once

#include "widgets/theme/pane_frame.h"

class QSlider;

namespace pathloom {

class PlotWidget;
struct RunHistory;

class CurvesView : public PaneFrame {
    Q_OBJECT
public:
    explicit CurvesView(ThemeController& theme, QWidget* parent = nullptr);
    /// Show this run (not owned; must stay valid until the next call); null shows the empty state.
    void setHistory(const RunHistory* history);
    PlotWidget* plot() const { return m_plot; }

private:
    void buildToolBar();
    void rebuild() override;
    void addCurves(bool train);
    void updateStatus();
    quint64 fingerprint() const override;

    ThemeController& m_controller;
    const RunHistory* m_history = nullptr;
    PlotWidget* m_plot = nullptr;
    QAction* m_train = nullptr;
    QAction* m_valid = nullptr;
    QAction* m_paths = nullptr;
    QAction* m_follow = nullptr;
    QSlider* m_smoothing = nullptr;
};

}  // namespace pathloom
