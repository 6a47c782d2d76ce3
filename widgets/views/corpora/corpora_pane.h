// SPDX-License-Identifier: GPL-3.0-or-later
// The project's corpora; of the selected one its domains, documents and what was left out.
#pragma once

#include "widgets/models/documents_model.h"
#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

class QComboBox;
class QLabel;
class QTabWidget;
class QTableView;

namespace pathloom {

class ConnectionState;
class Table;

class CorporaPane final : public PaneFrame {
    Q_OBJECT
public:
    CorporaPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    void setCommands(const QList<QAction*>& commands);
    void select(const QString& corpus);
    [[nodiscard]] DocumentsModel& documents() { return *m_documents; }
    [[nodiscard]] QTabWidget* tabs() const { return m_tabs; }

Q_SIGNALS:
    void importRequested(const QStringList& paths);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    QWidget* makeDetails(ThemeController& theme);
    void showSelected();
    void updateStatus();

    Session& m_session;
    DomainsModel m_domains;
    RejectedModel m_rejected;
    DocumentsModel* m_documents;
    Table* m_table;
    QLabel* m_summary;
    QTabWidget* m_tabs;
    QComboBox* m_domain;
    QTableView* m_documentTable;
    Table* m_domainTable;
    Table* m_rejectedTable;
    QLabel* m_documentCount;
    ConnectionState* m_connection;
    CorpusRow m_shown;
};

}  // namespace pathloom
