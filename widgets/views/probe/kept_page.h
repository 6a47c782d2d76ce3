// SPDX-License-Identifier: GPL-3.0-or-later
// What the project has kept of earlier probes: every answer with what was asked and what was right.
#pragma once

#include "widgets/client/helper_session.h"
#include "widgets/models/probe_measures.h"

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace pathloom {

class Table;
class ThemeController;
struct ExportTarget;

class KeptPage final : public QWidget {
    Q_OBJECT
public:
    KeptPage(HelperSession& session, ThemeController& theme, QWidget* parent = nullptr);
    void setProject(const QString& folder);  ///< "" = nothing is kept here
    /// Reads again what the project holds; at once when the page is shown, else when it is.
    void refresh();
    [[nodiscard]] KeptResultsModel& results() { return m_results; }
    [[nodiscard]] ExportTarget exports() const;

protected:
    void showEvent(QShowEvent* event) override;

private:
    void hear(const QJsonObject& event);
    void showResult();
    void updateNote();

    HelperSession& m_session;
    QString m_project;
    KeptResultsModel m_results;
    qint64 m_request = 0;
    qint64 m_total = 0;
    bool m_stale = true;
    QString m_problem;
    QLabel* m_note;
    QPushButton* m_again;
    Table* m_table;
    QPlainTextEdit* m_inspector;
};

}  // namespace pathloom
