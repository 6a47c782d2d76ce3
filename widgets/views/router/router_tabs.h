// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the router explorer that hold state of their own: gradients of a module over time, and a text that is tried.
#pragma once

#include "widgets/models/session.h"

#include <QTimer>
#include <QWidget>

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QSlider;

namespace pathloom {

class HeatMap;
struct HeatData;
class ShareBars;
class ThemeController;

/// Cosine of the pseudo-gradients of every two paths through a module, at one outer step.
HeatData cosineData(const RunHistory& run, const ModuleState& module, const CosineStep& step);
/// Rows are paths, columns domains; a cell is the share of the domain's sequences that the path has.
HeatData confusionData(const RunHistory& run, const RoutingFacts& facts);

class GradientTab final : public QWidget {
    Q_OBJECT
public:
    explicit GradientTab(ThemeController& theme, QWidget* parent = nullptr);
    void setHistory(const RunHistory* run);  ///< again whenever it has grown; follows the newest step until the slider is moved
    [[nodiscard]] HeatMap* matrix() const { return m_matrix; }

private:
    void showStep();
    [[nodiscard]] const ModuleState* module() const;

    const RunHistory* m_run = nullptr;
    qint64 m_shown = 0;
    bool m_follow = true;
    QComboBox* m_modules;
    QSlider* m_step;
    QLabel* m_stepText;
    QLabel* m_note;
    HeatMap* m_matrix;
};

/// Type a text, see where the router would send it.
class TextTab final : public QWidget {
    Q_OBJECT
public:
    TextTab(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    void setRun(qint64 run);
    [[nodiscard]] ShareBars* bars() const { return m_bars; }

Q_SIGNALS:
    void routed(int path);  ///< -1 = nowhere

private:
    void ask();
    void show(const Result<RouteFacts>& facts);

    Session& m_session;
    qint64 m_run = 0;
    quint64 m_generation = 0;
    QTimer m_delay;
    QPlainTextEdit* m_text;
    QLabel* m_note;
    ShareBars* m_bars;
};

}  // namespace pathloom
