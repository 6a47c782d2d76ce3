// SPDX-License-Identifier: GPL-3.0-or-later
// WorkersPane.
#include "widgets/views/workers/workers_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/views/common/connection.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/common/table.h"

#include <QAction>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>

namespace pathloom {
namespace {

bool present(const WorkerRow& worker)
{
    return worker.state != QLatin1String("lost") && worker.state != QLatin1String("left");
}

}  // namespace

WorkersPane::WorkersPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Workers"), theme, parent)
    , m_session(session)
    , m_table(new Table(QStringLiteral("workers.table"), tr("Workers"), theme))
    , m_local(new QSpinBox)
{
    setObjectName(QStringLiteral("workers"));
    m_table->setSource(&session.workers(), SortRole, WorkersModel::Name);
    m_table->setDotColumn(WorkersModel::State);
    m_table->setWidths({10, 11, 12, 7, 6, 5, 5, 8, 8, 16, 12}, WorkersModel::Task);
    setContent(m_table);
    auto* label = new QLabel(tr("Local workers"));
    label->setContentsMargins(0, 0, 6, 0);
    label->setBuddy(m_local);
    addToolWidget(label);
    m_local->setObjectName(QStringLiteral("workers.local"));
    m_local->setAccessibleName(tr("Local workers"));
    m_local->setToolTip(tr("Worker processes the engine keeps on its own machine; each uses one core"));
    m_local->setRange(0, 256);
    m_local->setKeyboardTracking(false);
    addToolWidget(m_local);
    connect(m_local, &QSpinBox::valueChanged, this, &WorkersPane::applyLocalWorkers);
    connect(m_table, &Table::selectedChanged, this, &WorkersPane::selectionChanged);
    m_connection = new ConnectionState(
        *this, session, [&session] { return session.workers().rowCount() > 0; }, tr("No workers. A run needs at least one."),
        tr("Start a Local Worker"));
    connect(this, &PaneFrame::emptyActionTriggered, this, [this] { m_local->setValue(m_local->value() + 1); });
    const auto changed = [this] {
        m_connection->update();
        updateStatus();
    };
    connect(&session.workers(), &QAbstractItemModel::rowsInserted, this, changed);
    connect(&session.workers(), &QAbstractItemModel::rowsRemoved, this, changed);
    connect(&session.workers(), &QAbstractItemModel::dataChanged, this, changed);
    connect(&session.workers(), &QAbstractItemModel::modelReset, this, changed);
    connect(
        &session.client(), &EngineClient::stateChanged, this, [this] { m_local->setEnabled(m_session.client().isConnected()); });
    m_local->setEnabled(session.client().isConnected());
    updateStatus();
}

void WorkersPane::setCommands(const QList<QAction*>& commands)
{
    for (QAction* command : commands) {
        addToolAction(command);
        m_table->addAction(command);
    }
}

const WorkerRow* WorkersPane::selected() const
{
    const qint64 key = m_table->selectedKey(KeyRole);
    return key == 0 ? nullptr : m_session.workers().rowByKey(key);
}

void WorkersPane::applyLocalWorkers()
{
    const int count = m_local->value();
    m_session.client().setLocalWorkers(this, count, [this](Result<QVector<WorkerRow>> rows) {
        if (rows)
            m_session.setWorkerRows(*rows);
        else
            Q_EMIT notice(QString::fromStdString(rows.error().message));
    });
}

void WorkersPane::drainSelected()
{
    const WorkerRow* worker = selected();
    if (!worker) return;
    m_session.client().drainWorker(this, worker->id, [this](Result<QVector<WorkerRow>> rows) {
        if (rows)
            m_session.setWorkerRows(*rows);
        else
            Q_EMIT notice(QString::fromStdString(rows.error().message));
    });
}

void WorkersPane::killSelected()
{
    const WorkerRow* worker = selected();
    if (!worker) return;
    const qint64 id = worker->id;
    const QString text = tr("Kill %1? The task it holds is lost and done again by another worker.").arg(worker->name);
    if (Messages::ask(this, tr("Kill Worker"), text, {{tr("Kill"), true}, {tr("Cancel")}}, 1, 1) != 0) return;
    m_session.client().killWorker(this, id, [this](Result<QVector<WorkerRow>> rows) {
        if (rows)
            m_session.setWorkerRows(*rows);
        else
            Q_EMIT notice(QString::fromStdString(rows.error().message));
    });
}

void WorkersPane::updateStatus()
{
    int local = 0;
    int here = 0;
    double speed = 0;
    for (const WorkerRow& worker : m_session.workers().rows()) {
        if (!present(worker)) continue;
        ++here;
        if (worker.local && worker.state != QLatin1String("draining")) ++local;
        if (worker.state == QLatin1String("compute")) speed += worker.tokensPerSecond;
    }
    if (!m_local->hasFocus()) {
        const QSignalBlocker blocker(m_local);
        m_local->setValue(local);
    }
    setStatus(counted(here, tr("1 worker"), tr("%1 workers"))
            + (speed > 0 ? tr(", %1 tokens/s together").arg(countText(speed)) : QString()),
        m_session.lastHeardMs() > 0 ? tr("as of %1").arg(clockText(m_session.lastHeardMs())) : QString());
}

void WorkersPane::showEvent(QShowEvent* event)
{
    PaneFrame::showEvent(event);
    m_session.setWorkersWatched(true);
    if (m_session.client().isConnected()) m_session.refreshWorkers();
}

void WorkersPane::hideEvent(QHideEvent* event)
{
    m_session.setWorkersWatched(false);
    PaneFrame::hideEvent(event);
}

}  // namespace pathloom
