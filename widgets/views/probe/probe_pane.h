// SPDX-License-Identifier: GPL-3.0-or-later
// Long documents: a library of them, questions with evidence, and recall. The reader runs in a process of its own.
#pragma once

#include "widgets/client/film_reading.h"
#include "widgets/client/helper_session.h"
#include "widgets/models/contestants.h"
#include "widgets/models/probe_facts.h"
#include "widgets/theme/pane_frame.h"

#include <QElapsedTimer>

#include <functional>

class QTabWidget;

namespace pathloom {

class AskPage;
class KeptPage;
class LossPage;
class RecallPage;
struct ExportTarget;

class ProbePane final : public PaneFrame {
    Q_OBJECT
public:
    explicit ProbePane(ThemeController& theme, QWidget* parent = nullptr);
    /// Files and folders; each text below them becomes a document.
    void addDocuments(const QStringList& paths);
    void chooseDocuments();
    /// The folder of the project open on this computer keeps what is measured; "" = none does.
    void setProject(const QString& folder);
    /// How films opened from now on are read.
    void setFilmReading(const FilmReading& reading) { m_filmReading = reading; }
    [[nodiscard]] const FilmReading& filmReading() const { return m_filmReading; }
    void chooseFilmReading();
    void cancel();
    [[nodiscard]] bool isBusy() const;
    [[nodiscard]] HelperSession& session() { return m_session; }
    [[nodiscard]] ProbeDocumentsModel& documents() { return m_documents; }
    [[nodiscard]] AskPage* askPage() const { return m_ask; }
    [[nodiscard]] RecallPage* recallPage() const { return m_recall; }
    [[nodiscard]] LossPage* lossPage() const { return m_loss; }
    [[nodiscard]] KeptPage* keptPage() const { return m_kept; }
    [[nodiscard]] Contestants& contestants() { return m_contestants; }
    [[nodiscard]] QTabWidget* tabs() const { return m_tabs; }

Q_SIGNALS:
    void filmReadingChosen(const pathloom::FilmReading& reading);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void hear(const QJsonObject& event);
    void changeDocument(const QString& name, const std::function<void(ProbeDocument&)>& change);
    void removeSelected();
    void updateAll();
    void askForContestants();
    [[nodiscard]] ExportTarget shownExport() const;

    ThemeController& m_theme;
    HelperSession m_session;
    ProbeDocumentsModel m_documents;
    Contestants m_contestants;
    bool m_contestantsKnown = false;
    QStringList m_asked;  // paths given, to start over with
    int m_adding = 0;
    FilmReading m_filmReading;
    QElapsedTimer m_clock;
    QString m_notice;
    QTabWidget* m_tabs;
    AskPage* m_ask;
    RecallPage* m_recall;
    LossPage* m_loss;
    KeptPage* m_kept;
    QAction* m_addAction;
    QAction* m_filmsAction;
    QAction* m_removeAction;
    QAction* m_cancelAction;
};

}  // namespace pathloom
