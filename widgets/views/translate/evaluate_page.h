// SPDX-License-Identifier: GPL-3.0-or-later
// The evaluation set under every condition, and chrF over the number of examples.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/translate_facts.h"

#include <QElapsedTimer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace pathloom {

class PlotWidget;
class Table;
class ThemeController;

class EvaluatePage final : public QWidget {
    Q_OBJECT
public:
    EvaluatePage(HelperSession& session, ThemeController& theme, QWidget* parent = nullptr);
    void setPack(const PackFacts& pack, const QString& from);
    void runConditions();
    void runCurve();
    [[nodiscard]] bool isRunning() const { return m_request != 0; }
    [[nodiscard]] ScoresModel& scores() { return m_scores; }
    [[nodiscard]] const QVector<ScoreFacts>& curve() const { return m_curve; }
    [[nodiscard]] QString title() const;
    /// csv: every score; png, svg, pdf: the curve. An error text, empty on success.
    [[nodiscard]] QString exportTo(const QString& path);

Q_SIGNALS:
    void busyChanged();

private:
    void run(const QVector<ConditionFacts>& conditions, bool curve);
    void hear(const QJsonObject& event);
    void showCurve();
    void updateAll();

    HelperSession& m_session;
    ThemeController& m_theme;
    ScoresModel m_scores;
    QVector<ScoreFacts> m_curve;
    PackFacts m_pack;
    QString m_from;
    qint64 m_request = 0;
    bool m_asCurve = false;
    double m_done = 0;
    double m_total = 0;
    QString m_problem;
    QElapsedTimer m_clock;
    QPushButton* m_runConditions;
    QPushButton* m_runCurve;
    QProgressBar* m_progress;
    QLabel* m_note;
    Table* m_table;
    PlotWidget* m_plot;
};

}  // namespace pathloom
