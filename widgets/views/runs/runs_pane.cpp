// SPDX-License-Identifier: GPL-3.0-or-later
// RunsPane.
#include "widgets/views/runs/runs_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/views/common/connection.h"
#include "widgets/views/common/table.h"

#include <QAction>

namespace pathloom {

RunsPane::RunsPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Runs"), theme, parent)
    , m_session(session)
    , m_table(new Table(QStringLiteral("runs.table"), tr("Runs"), theme))
{
    setObjectName(QStringLiteral("runs"));
    m_table->setSource(&session.runs(), SortRole, RunsModel::Id, Qt::DescendingOrder);
    m_table->setDotColumn(RunsModel::State);
    m_table->setWidths({3, 13, 10, 14, 6, 8, 8, 8, 8, 8, 5, 7, 12, 16}, RunsModel::Name);
    setContent(m_table);
    connect(m_table, &Table::selectedChanged, this, &RunsPane::selectionChanged);
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { Q_EMIT activated(index.data(KeyRole).toLongLong()); });
    m_connection = new ConnectionState(
        *this, session, [&session] { return session.runs().rowCount() > 0; },
        tr("No runs yet. Choose a preset, look at the estimate, and start one."), tr("New Run\u2026"));
    connect(&session, &Session::runsChanged, this, [this] {
        m_connection->update();
        updateStatus();
        if (!selected() && m_table->model()->rowCount() > 0) m_table->selectRow(0);
        Q_EMIT selectionChanged();
    });
    updateStatus();
}

void RunsPane::setCommands(const QList<QAction*>& commands)
{
    for (QAction* command : commands) {
        if (command->isSeparator()) {
            addToolSeparator();
            continue;
        }
        addToolAction(command);
        m_table->addAction(command);
    }
}

const RunRow* RunsPane::selected() const
{
    const qint64 key = m_table->selectedKey(KeyRole);
    return key == 0 ? nullptr : m_session.runs().rowByKey(key);
}

void RunsPane::select(qint64 run)
{
    m_table->selectKey(run, KeyRole);
}

void RunsPane::updateStatus()
{
    const auto& rows = m_session.runs().rows();
    int running = 0;
    for (const RunRow& run : rows) running += run.state == RunPhase::Running ? 1 : 0;
    setStatus(
        counted(qint64(rows.size()), tr("1 run"), tr("%1 runs")) + (running > 0 ? tr(", %1 running").arg(running) : QString()),
        m_session.lastHeardMs() > 0 ? tr("as of %1").arg(clockText(m_session.lastHeardMs())) : QString());
}

}  // namespace pathloom
