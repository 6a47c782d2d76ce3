// SPDX-License-Identifier: GPL-3.0-or-later
// The event log: level filter, search, follow, copy.
#pragma once

#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

class QComboBox;
class QLineEdit;
class QTableView;

namespace pathloom {

class ConnectionState;

class LogPane final : public PaneFrame {
    Q_OBJECT
public:
    LogPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    [[nodiscard]] LogFilter& filter() { return m_filter; }
    [[nodiscard]] QString diagnostics() const;  ///< version, connection, and the lines shown
    [[nodiscard]] bool isFollowing() const;
    void copyDiagnostics() const;
    void focusSearch();

private:
    void updateStatus();

    Session& m_session;
    LogFilter m_filter;
    QTableView* m_table;
    QComboBox* m_level;
    QLineEdit* m_search;
    QAction* m_follow;
    ConnectionState* m_connection;
};

}  // namespace pathloom
