// SPDX-License-Identifier: GPL-3.0-or-later
// The list of runs with what can be done to the selected one.
#pragma once

#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

namespace pathloom {

class ConnectionState;
class Table;

class RunsPane final : public PaneFrame {
    Q_OBJECT
public:
    RunsPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    /// Commands on the selected run: buttons on the title line and entries of the context menu.
    void setCommands(const QList<QAction*>& commands);
    [[nodiscard]] const RunRow* selected() const;  ///< null when none; valid until the next event loop turn
    void select(qint64 run);
    [[nodiscard]] Table* table() const { return m_table; }

Q_SIGNALS:
    void selectionChanged();
    void activated(qint64 run);  ///< double click or Enter: show it in the monitor

private:
    void updateStatus();

    Session& m_session;
    Table* m_table;
    ConnectionState* m_connection;
};

}  // namespace pathloom
