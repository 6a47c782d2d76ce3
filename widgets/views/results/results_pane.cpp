// SPDX-License-Identifier: GPL-3.0-or-later
// ResultsPane.
#include "widgets/views/results/results_pane.h"

#include "widgets/theme/icons.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/connection.h"
#include "widgets/views/common/table.h"
#include "widgets/views/results/routing_bars.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>

namespace pathloom {
namespace {
constexpr int sideBySideWidth = 1100;
}

ResultsPane::ResultsPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Results"), theme, parent)
    , m_session(session)
    , m_table(new Table(QStringLiteral("results.table"), tr("Scored runs"), theme))
    , m_bars(new RoutingBars(theme))
{
    setObjectName(QStringLiteral("results"));
    m_table->setSource(&session.results(), SortRole, ResultsModel::Perplexity);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("results.routing.scroll"));
    scroll->setAccessibleName(tr("Routing histogram"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(m_bars);
    auto* lower = new QWidget;
    auto* column = new QVBoxLayout(lower);
    column->setContentsMargins(0, 8, 0, 0);
    column->setSpacing(0);
    auto* title = new QLabel(tr("Share of test sequences by path"));
    title->setContentsMargins(12, 0, 12, 4);
    QFont bold = Theme::bodyFont();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    column->addWidget(title);
    column->addWidget(scroll, 1);
    m_splitter = new QSplitter(Qt::Vertical);
    m_splitter->setObjectName(QStringLiteral("results.splitter"));
    m_splitter->setChildrenCollapsible(false);
    m_splitter->addWidget(m_table);
    m_splitter->addWidget(lower);
    m_splitter->setStretchFactor(0, 2);
    m_splitter->setStretchFactor(1, 3);
    setContent(m_splitter);
    auto* copy = new QAction(icon(u"copy"), tr("Copy Table"), this);
    copy->setToolTip(tr("Copy Table: as text, with the routing histograms"));
    connect(copy, &QAction::triggered, this,
        [&session] { QGuiApplication::clipboard()->setText(resultsText(session.results().rows())); });
    addToolAction(copy);
    m_table->addAction(copy);
    connect(m_table, &Table::selectedChanged, this, &ResultsPane::updateBars);
    m_connection = new ConnectionState(
        *this, session, [&session] { return session.results().rowCount() > 0; },
        tr("No scored runs yet. A run is scored on the test split when it is done."), tr("New Run\u2026"));
    connect(&session, &Session::resultsChanged, this, &ResultsPane::updateAll);
    updateAll();
}

void ResultsPane::updateAll()
{
    m_connection->update();
    // The domains are what the table is for: preset, paths and parameters give way to them.
    QVector<int> widths{12, 12, 4, 6, 6, 6};
    QVector<int> kept{ResultsModel::Name, ResultsModel::Perplexity, ResultsModel::Ratio};
    for (int column = ResultsModel::FirstDomain; column < m_session.results().columnCount(); ++column) {
        widths.append(5);
        kept.append(column);
    }
    kept << ResultsModel::Paths << ResultsModel::Parameters << ResultsModel::Preset;
    m_table->setWidths(widths, ResultsModel::Name, kept);
    const int rows = m_session.results().rowCount();
    setStatus(tr("%1, test split, lower perplexity is better").arg(counted(rows, tr("1 scored run"), tr("%1 scored runs"))));
    if (rows > 0 && m_table->selectedKey(KeyRole) == 0) {
        for (const ResultRow& row : m_session.results().rows())
            if (row.paths > 1) m_table->selectKey(row.run, KeyRole);
        if (m_table->selectedKey(KeyRole) == 0) m_table->selectRow(0);
    }
    updateBars();
}

void ResultsPane::resizeEvent(QResizeEvent* event)
{
    PaneFrame::resizeEvent(event);
    const Qt::Orientation wanted = width() >= sideBySideWidth ? Qt::Horizontal : Qt::Vertical;
    if (m_splitter->orientation() == wanted) return;
    m_splitter->setOrientation(wanted);
    if (wanted == Qt::Horizontal)
        m_splitter->setSizes({width() * 68 / 100, width() * 32 / 100});
    else
        m_splitter->setSizes({height() * 2 / 5, height() * 3 / 5});
}

void ResultsPane::select(qint64 run)
{
    m_table->selectKey(run, KeyRole);
}

void ResultsPane::updateBars()
{
    const qint64 key = m_table->selectedKey(KeyRole);
    const ResultRow* found = nullptr;
    for (const ResultRow& row : m_session.results().rows())
        if (row.run == key) found = &row;
    m_bars->setResult(found);
}

}  // namespace pathloom
