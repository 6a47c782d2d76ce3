// SPDX-License-Identifier: GPL-3.0-or-later
// The workers: what each does, how fresh its heartbeat is, and how to send it away.
#pragma once

#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

class QSpinBox;

namespace pathloom {

class ConnectionState;
class Table;

class WorkersPane final : public PaneFrame {
    Q_OBJECT
public:
    WorkersPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    void setCommands(const QList<QAction*>& commands);
    [[nodiscard]] const WorkerRow* selected() const;
    void drainSelected();
    void killSelected();  ///< asks first: the task it holds is done again by another worker
    [[nodiscard]] Table* table() const { return m_table; }

Q_SIGNALS:
    void selectionChanged();
    void notice(const QString& text);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void updateStatus();
    void applyLocalWorkers();

    Session& m_session;
    Table* m_table;
    QSpinBox* m_local;
    ConnectionState* m_connection;
};

}  // namespace pathloom
