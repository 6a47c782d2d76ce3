// SPDX-License-Identifier: GPL-3.0-or-later
// Loss against position on one's own document: the cumulative mean of each reader with its power law, and what the window alone
// would lose.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/contestants.h"
#include "widgets/models/probe_measures.h"
#include "widgets/views/common/measurement.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace pathloom {

class PlotWidget;
class Table;
class ThemeController;
struct ExportTarget;

class LossPage final : public QWidget {
    Q_OBJECT
public:
    LossPage(HelperSession& session, Contestants& contestants, ThemeController& theme, QWidget* parent = nullptr);
    void setDocument(const QString& name, qint64 tokens);  ///< tokens 0: not encoded yet
    void setProject(const QString& folder) { m_project = folder; }  ///< that keeps the curves; "" = none
    void run();
    [[nodiscard]] bool isRunning() const { return m_measurement.isRunning(); }
    [[nodiscard]] const QVector<LossCurveFacts>& curves() const { return m_curves; }
    [[nodiscard]] PlotWidget* plot() const { return m_plot; }
    [[nodiscard]] QString title() const;
    [[nodiscard]] ExportTarget exports();  ///< the points, or the picture

Q_SIGNALS:
    void busyChanged();

private:
    void hear(const QString& kind, const QJsonObject& event);
    void showCurves();
    void updateAll();

    Measurement m_measurement;
    Contestants& m_contestants;
    ThemeController& m_theme;
    QString m_project, m_document, m_measured;  // m_measured: the document of the curves
    qint64 m_tokens = 0;
    QVector<LossCurveFacts> m_curves;
    LossFitsModel m_fits;
    int m_expected = 0;
    QLineEdit* m_length;
    QSpinBox* m_windows;
    QSpinBox* m_window;
    QPushButton* m_run;
    QProgressBar* m_progress;
    QLabel* m_note;
    PlotWidget* m_plot;
    Table* m_table;
};

}  // namespace pathloom
