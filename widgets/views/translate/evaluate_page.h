// SPDX-License-Identifier: GPL-3.0-or-later
// The evaluation set by each chosen translator from each chosen part of the pack.
#pragma once

#include "widgets/models/translate_models.h"
#include "widgets/models/translator_choices.h"
#include "widgets/views/common/measurement.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace pathloom {

class ChecklistButton;
class Table;
class ThemeController;
struct ExportTarget;

class EvaluatePage final : public QWidget {
    Q_OBJECT
public:
    EvaluatePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent = nullptr);
    void setPack(const PackFacts& pack, const QString& from);
    void run();
    [[nodiscard]] bool isRunning() const { return m_measurement.isRunning(); }
    [[nodiscard]] ScoresModel& scores() { return m_scores; }
    [[nodiscard]] ExportTarget exports() const;

Q_SIGNALS:
    void busyChanged();

private:
    [[nodiscard]] QVector<ConditionFacts> chosen() const;
    void hear(const QJsonObject& event);
    void fillContexts();
    void updateAll();

    Measurement m_measurement;
    TranslatorChoices& m_choices;
    ScoresModel m_scores;
    PackFacts m_pack;
    QString m_from;
    QStringList m_contexts;  ///< ticked, also those the pack cannot give
    ChecklistButton* m_translators;
    ChecklistButton* m_context;
    QSpinBox* m_shots;
    QPushButton* m_run;
    QProgressBar* m_progress;
    QLabel* m_note;
    Table* m_table;
};

}  // namespace pathloom
