// SPDX-License-Identifier: GPL-3.0-or-later
// chrF over the number of example sentences, both directions, with what the choice of the examples is worth as a band.
#pragma once

#include "widgets/models/translate_models.h"
#include "widgets/models/translator_choices.h"
#include "widgets/views/common/measurement.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace pathloom {

class ChecklistButton;
class PlotWidget;
class Table;
class ThemeController;
struct ExportTarget;

class CurvePage final : public QWidget {
    Q_OBJECT
public:
    CurvePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent = nullptr);
    void setPack(const PackFacts& pack);
    void run();
    [[nodiscard]] bool isRunning() const { return m_measurement.isRunning(); }
    [[nodiscard]] ShotsModel& points() { return m_points; }
    [[nodiscard]] PlotWidget* plot() const { return m_plot; }
    [[nodiscard]] ExportTarget exports();

Q_SIGNALS:
    void busyChanged();

private:
    [[nodiscard]] QString title() const;
    void fillContexts();
    void showCurves();
    void updateAll();

    Measurement m_measurement;
    TranslatorChoices& m_choices;
    ThemeController& m_theme;
    ShotsModel m_points;
    PackFacts m_pack;
    QVector<ScoreFacts> m_scores;
    ChecklistButton* m_translators;
    QComboBox* m_context;
    QSpinBox* m_seeds;
    QPushButton* m_run;
    QProgressBar* m_progress;
    QLabel* m_note;
    PlotWidget* m_plot;
    Table* m_table;
};

}  // namespace pathloom
