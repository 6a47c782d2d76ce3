// SPDX-License-Identifier: GPL-3.0-or-later
// One translation among those side by side: who translates, from what of the pack, what came of it, and where each word was
// learnt.
#pragma once

#include "widgets/models/translate_models.h"
#include "widgets/models/translator_choices.h"

#include <QFrame>

class QComboBox;
class QLabel;
class QSpinBox;
class QToolButton;

namespace pathloom {

class Table;
class ThemeController;

class TranslationColumn final : public QFrame {
    Q_OBJECT
public:
    TranslationColumn(TranslatorChoices& choices, ThemeController& theme, QWidget* parent = nullptr);
    /// Its place from 1, which tells its controls from those of its neighbours; the last one left cannot be removed.
    void setPlace(int number, bool removable);
    void setPack(const PackFacts& pack);
    void setCondition(const ConditionFacts& condition);
    [[nodiscard]] const ConditionFacts& condition() const { return m_condition; }
    void setTranslation(const TranslationFacts& translation);
    [[nodiscard]] const TranslationFacts& translation() const { return m_translation; }
    [[nodiscard]] PartsModel& parts() { return m_parts; }

Q_SIGNALS:
    void conditionChanged();
    void endpointWanted();  ///< it was chosen, and where it is must be said first; or said anew
    void removeWanted();

private:
    void fill();
    void choose();
    void showTranslation();
    void restyle();

    TranslatorChoices& m_choices;
    ThemeController& m_theme;
    PackFacts m_pack;
    ConditionFacts m_condition;
    TranslationFacts m_translation;
    PartsModel m_parts;
    QComboBox* m_translator;
    QComboBox* m_context;
    QSpinBox* m_shots;
    QToolButton* m_settings;
    QToolButton* m_remove;
    QLabel* m_text;
    QLabel* m_note;
    Table* m_table;
};

}  // namespace pathloom
