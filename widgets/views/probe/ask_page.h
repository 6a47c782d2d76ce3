// SPDX-License-Identifier: GPL-3.0-or-later
// Ask the open documents: the answer as it grows, the places it was read from, and those places in the text.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/contestants.h"
#include "widgets/models/probe_facts.h"
#include "widgets/models/probe_measures.h"
#include "widgets/views/probe/document_view.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;

namespace pathloom {

class Table;
class ThemeController;

class AskPage final : public QWidget {
    Q_OBJECT
public:
    AskPage(HelperSession& session, ProbeDocumentsModel& documents, Contestants& contestants, ThemeController& theme,
        QWidget* parent = nullptr);
    /// Shows the document's text; "" = none.
    void showDocument(const QString& name);
    [[nodiscard]] QString shownDocument() const { return m_shown; }
    void ask(const QString& question, const QString& prefix = {});  ///< prefix: what the answer begins with; "" = "Answer:"
    [[nodiscard]] bool isAsking() const { return m_request != 0 || m_besideRequest != 0; }
    [[nodiscard]] QString answerText() const;
    [[nodiscard]] Table* documentTable() const { return m_documentTable; }
    [[nodiscard]] DocumentView* documentView() const { return m_view; }
    [[nodiscard]] TextView* textView() const { return m_view->textView(); }
    [[nodiscard]] DensityStrip* strip() const { return m_view->strip(); }
    [[nodiscard]] PassagesModel& passages() { return m_passages; }
    [[nodiscard]] BesideModel& beside() { return m_beside; }
    void updateReady();  ///< documents have changed

Q_SIGNALS:
    void busyChanged();
    void problem(const QString& text);

private:
    QWidget* makeLeft(ThemeController& theme);
    void hear(const QJsonObject& event);
    void askBeside();
    void hearBeside(const QJsonObject& event);
    void showAnswer();
    void goToPassage();

    HelperSession& m_session;
    ProbeDocumentsModel& m_documents;
    Contestants& m_contestants;
    PassagesModel m_passages;
    ProbeAnswer m_answer;
    QString m_shown;
    qint64 m_request = 0;
    qint64 m_besideRequest = 0;
    QString m_askedQuestion, m_askedPrefix;
    BesideModel m_beside;  ///< the reader's answer and those of who was chosen beside it
    Table* m_documentTable;
    Table* m_passageTable;
    Table* m_besideTable;
    QLineEdit* m_question;
    QLineEdit* m_prefix;
    QPushButton* m_ask;
    QLabel* m_answerLabel;
    QLabel* m_note;
    DocumentView* m_view;
};

}  // namespace pathloom
