// SPDX-License-Identifier: GPL-3.0-or-later
// Type a sentence: its translations side by side, each by the translator and from the part of the pack that its column names.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/translator_choices.h"

#include <QHash>
#include <QPointer>
#include <QTimer>
#include <QWidget>

class QPlainTextEdit;
class QPushButton;
class QSplitter;

namespace pathloom {

class ThemeController;
class TranslationColumn;
struct ExportTarget;

class TranslatePage final : public QWidget {
    Q_OBJECT
public:
    TranslatePage(HelperSession& session, TranslatorChoices& choices, ThemeController& theme, QWidget* parent = nullptr);
    /// An empty pack: nothing is asked until there is one.
    void setPack(const PackFacts& pack, const QString& from);
    void setSentence(const QString& sentence);
    TranslationColumn* addColumn(const ConditionFacts& condition);
    [[nodiscard]] const QVector<TranslationColumn*>& columns() const { return m_columns; }
    [[nodiscard]] bool isWaiting() const { return !m_asked.isEmpty() || m_delay.isActive(); }
    [[nodiscard]] ExportTarget exports() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void removeColumn(TranslationColumn* column);
    void placeColumns();
    void send();
    void askAll(bool sending);
    void ask(TranslationColumn* column, bool sending);
    void forget(const TranslationColumn* column);
    void updateReady();
    [[nodiscard]] ConditionFacts nextCondition() const;

    HelperSession& m_session;
    TranslatorChoices& m_choices;
    ThemeController& m_theme;
    PackFacts m_pack;
    QString m_from;
    QTimer m_delay;
    QHash<qint64, QPointer<TranslationColumn>> m_asked;
    QVector<TranslationColumn*> m_columns;
    QPlainTextEdit* m_sentence;
    QPushButton* m_send;
    QPushButton* m_add;
    QSplitter* m_splitter;
};

}  // namespace pathloom
