// SPDX-License-Identifier: GPL-3.0-or-later
// ResultsPane.
#include "widgets/views/results/results_pane.h"

#include "widgets/theme/icons.h"
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

ResultsPane::ResultsPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Results"), theme, parent)
    , m_session(session)
    , m_table(new Table(QStringLiteral("results.table"), tr("Scored runs"), theme))
    , m_bars(new RoutingBars(theme))
{
    setObjectName(QStringLiteral("results"));
    m_table->setSource(&session.results(), SortRole, ResultsModel::Perplexity);
    m_table->setWidths({18, 14, 6, 11, 14, 13});
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
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("results.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(m_table);
    splitter->addWidget(lower);
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 3);
    setContent(splitter);
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
    const int unit = fontMetrics().horizontalAdvance(QLatin1Char('0'));
    for (int column = ResultsModel::FirstDomain; column < m_session.results().columnCount(); ++column) {
        const QString title = m_session.results().headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        m_table->setColumnWidth(column, std::max(8 * unit, fontMetrics().horizontalAdvance(title)) + 34);
    }
    const int rows = m_session.results().rowCount();
    setStatus(tr("%n scored run(s), test split, lower perplexity is better", nullptr, rows));
    if (rows > 0 && m_table->selectedKey(KeyRole) == 0) {
        for (const ResultRow& row : m_session.results().rows())
            if (row.paths > 1) m_table->selectKey(row.run, KeyRole);
        if (m_table->selectedKey(KeyRole) == 0) m_table->selectRow(0);
    }
    updateBars();
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
