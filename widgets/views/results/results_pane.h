// SPDX-License-Identifier: GPL-3.0-or-later
// Scored runs side by side, and where the selected one routes each domain.
#pragma once

#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

class QSplitter;

namespace pathloom {

class ConnectionState;
class RoutingBars;
class Table;

class ResultsPane final : public PaneFrame {
    Q_OBJECT
public:
    ResultsPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    [[nodiscard]] Table* table() const { return m_table; }
    void select(qint64 run);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void updateAll();
    void updateBars();

    Session& m_session;
    Table* m_table;
    RoutingBars* m_bars;
    ConnectionState* m_connection;
    QSplitter* m_splitter;
};

}  // namespace pathloom
