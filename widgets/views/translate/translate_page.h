// SPDX-License-Identifier: GPL-3.0-or-later
// Type a sentence: its translation under each condition, and for every word where it was learnt.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/translate_facts.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QPlainTextEdit;

namespace pathloom {

class Table;
class ThemeController;

/// The conditions shown side by side.
QVector<ConditionFacts> usualConditions();

class TranslatePage final : public QWidget {
    Q_OBJECT
public:
    TranslatePage(HelperSession& session, ThemeController& theme, QWidget* parent = nullptr);
    void setPack(const PackFacts& pack, const QString& from);
    void setSentence(const QString& sentence);
    [[nodiscard]] ConditionsModel& conditions() { return m_conditions; }
    [[nodiscard]] PartsModel& parts() { return m_parts; }
    [[nodiscard]] Table* table() const { return m_table; }
    [[nodiscard]] bool isWaiting() const { return m_waiting > 0 || m_delay.isActive(); }

private:
    void ask();
    void showParts();

    HelperSession& m_session;
    ConditionsModel m_conditions;
    PartsModel m_parts;
    PackFacts m_pack;
    QString m_from;
    QTimer m_delay;
    quint64 m_generation = 0;
    int m_waiting = 0;
    QVector<qint64> m_asked;
    QPlainTextEdit* m_sentence;
    Table* m_table;
    Table* m_partsTable;
    QLabel* m_translation;
    QLabel* m_note;
};

}  // namespace pathloom
