// SPDX-License-Identifier: GPL-3.0-or-later
// RouterPane.
#include "widgets/views/router/router_pane.h"

#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/connection.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/table.h"
#include "widgets/views/router/flow_picture.h"
#include "widgets/views/router/router_map.h"
#include "widgets/views/router/router_tabs.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace pathloom {
namespace {

QScrollArea* scrolling(QWidget* widget)
{
    auto* scroll = new QScrollArea;
    scroll->setObjectName(widget->objectName() + QStringLiteral(".scroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(widget);
    return scroll;
}

}  // namespace

RouterPane::RouterPane(Session& session, ThemeController& theme, QWidget* parent)
    : PaneFrame(tr("Router"), theme, parent)
    , m_session(session)
    , m_tabs(new QTabWidget)
    , m_confusion(new HeatMap(QStringLiteral("router.confusion"), tr("Sequences by path and domain"), theme))
    , m_map(new RouterMap(theme))
    , m_flow(new FlowPicture(theme))
    , m_flowChoice(new QComboBox)
    , m_flowText(new QLabel)
    , m_gradients(new GradientTab(theme))
    , m_text(new TextTab(session, theme))
    , m_documents(new DocumentsModel(
          [this](const QString& run, const QString& path, qint64 offset, int limit, DocumentsModel::Answer answer) {
              m_session.client().listPathDocuments(this, run.toLongLong(), path.toInt(), offset, limit, std::move(answer));
          },
          this))
    , m_table(new QTableView)
    , m_documentsTitle(new QLabel)
{
    setObjectName(QStringLiteral("router"));
    m_documents->setSequencesShown(true);
    m_tabs->setObjectName(QStringLiteral("router.tabs"));
    m_tabs->setAccessibleName(tr("Parts of the router"));
    m_tabs->tabBar()->setAccessibleName(tr("Parts of the router"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(makeShards(theme), tr("Shards"));
    m_tabs->addTab(makeMap(), tr("Map"));
    m_tabs->addTab(makeMoves(), tr("Re-sharding"));
    m_tabs->addTab(m_gradients, tr("Gradients"));
    setContent(m_tabs);
    addExports(*this, [this] { return exportOf(shownPicture()); });
    m_connection = new ConnectionState(
        *this, session, [this] { return m_facts.has_value(); }, tr("No routed run is open. Start one to see who trains on what."),
        tr("New Run\u2026"));
    connect(m_tabs, &QTabWidget::currentChanged, this, &RouterPane::updateStatus);
    connect(m_confusion, &HeatMap::currentChanged, this,
        [this](int row, int) { choosePath(m_facts ? m_facts->paths.value(row, -1) : -1); });
    connect(m_map, &RouterMap::pathChosen, this, &RouterPane::choosePath);
    connect(m_text, &TextTab::routed, this, [this](int path) { m_map->setHighlighted(path); });
    connect(&session, &Session::frame, this, &PaneFrame::refresh);
    connect(&session, &Session::shownRunChanged, this, &RouterPane::invalidate);
    connect(&session.client(), &EngineClient::stateChanged, this, &RouterPane::invalidate);
    invalidate();
}

QWidget* RouterPane::makeShards(ThemeController& theme)
{
    Q_UNUSED(theme)
    m_table->setObjectName(QStringLiteral("router.documents"));
    m_table->setAccessibleName(tr("Documents of the path"));
    m_table->setModel(m_documents);
    m_table->setShowGrid(false);
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->setCornerButtonEnabled(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->verticalHeader()->setDefaultSectionSize(24);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setStretchLastSection(true);
    const int unit = m_table->fontMetrics().horizontalAdvance(QLatin1Char('0'));
    const QVector<int> widths{11, 18, 12, 6, 8, 8};
    for (int i = 0; i < int(widths.size()); ++i) m_table->setColumnWidth(i, widths[i] * unit + 12);
    m_table->setColumnHidden(DocumentsModel::Bytes, true);
    m_documentsTitle->setObjectName(QStringLiteral("router.documents.title"));
    auto* lower = new QWidget;
    auto* column = new QVBoxLayout(lower);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* heading = new QHBoxLayout;
    heading->setContentsMargins(12, 6, 12, 4);
    heading->addWidget(m_documentsTitle);
    column->addLayout(heading);
    column->addWidget(m_table, 1);
    connect(m_documents, &DocumentsModel::loaded, this, [this] {
        m_documentsTitle->setText(m_documents->error().isEmpty()
                ? tr("Path %1 reads %2").arg(m_path).arg(counted(m_documents->total(), tr("1 document"), tr("%1 documents")))
                : m_documents->error());
    });
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setObjectName(QStringLiteral("router.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(scrolling(m_confusion));
    splitter->addWidget(lower);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({300, 200});
    return splitter;
}

QWidget* RouterPane::makeMap()
{
    auto* colours = new QComboBox;
    colours->setObjectName(QStringLiteral("router.map.colours"));
    colours->setAccessibleName(tr("What the colours of the map mean"));
    colours->addItems({tr("Colour by path"), tr("Colour by domain")});
    connect(colours, &QComboBox::currentIndexChanged, this, [this](int index) { m_map->setByDomain(index == 1); });
    auto* left = new QWidget;
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 0, 12, 0);
    row->addWidget(colours);
    row->addStretch(1);
    column->addLayout(row);
    column->addWidget(m_map, 1);
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->setObjectName(QStringLiteral("router.map.splitter"));
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(left);
    splitter->addWidget(m_text);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    splitter->setSizes({420, 260});
    return splitter;
}

QWidget* RouterPane::makeMoves()
{
    m_flowChoice->setObjectName(QStringLiteral("router.flow.choice"));
    m_flowChoice->setAccessibleName(tr("Re-sharding shown"));
    m_flowText->setObjectName(QStringLiteral("router.flow.text"));
    m_flowText->setFont(Theme::labelFont());
    m_flowText->setWordWrap(true);
    m_flowChoice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    connect(m_flowChoice, &QComboBox::currentIndexChanged, this, &RouterPane::showMoves);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(4);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(12);
    row->addWidget(m_flowChoice);
    row->addWidget(m_flowText, 1);
    column->addLayout(row);
    column->addWidget(m_flow, 1);
    return page;
}

quint64 RouterPane::fingerprint() const
{
    const RunHistory* run = m_session.shownHistory();
    if (!run) return 0;
    quint64 sum = quint64(run->id) * 1099511628211ULL + run->routings.size() * 8191 + run->paths.size() + quint64(run->state) * 3
        + quint64(qHash(run->stage));
    for (const ModuleState& module : run->modules) sum = sum * 31 + module.cosines.size();
    return sum;
}

void RouterPane::rebuild()
{
    const RunHistory* run = m_session.shownHistory();
    const bool routed = run && !run->routings.empty();
    if (!run || run->id != m_run || !routed) {
        m_facts.reset();
        m_routing = -1;
        m_asking = false;
        ++m_generation;
        m_run = run ? run->id : 0;
        m_path = -1;
        m_text->setRun(0);
    }
    m_gradients->setHistory(run);
    m_connection->update();
    if (!m_session.client().isConnected()) return;
    if (run && !routed) {
        if (run->state == int(RunPhase::Failed))
            return showError(tr("Run \u201c%1\u201d failed before it was routed").arg(run->name), run->reason,
                tr("Mend its settings and start it again."), run->specJson);
        return showLoading(
            tr("\u201c%1\u201d is not routed yet: %2").arg(run->name, run->stage.isEmpty() ? tr("starting") : run->stage));
    }
    if (!run) return;
    const int newest = run->routings.back().routing;
    if (newest != m_routing && !m_asking) fetch();
    if (!m_facts) return showLoading(tr("Asking who got what in \u201c%1\u201d").arg(run->name));
    showMoves();
    updateStatus();
}

void RouterPane::fetch()
{
    const RunHistory* run = m_session.shownHistory();
    m_asking = true;
    const quint64 generation = ++m_generation;
    const int asked = run->routings.back().routing;
    m_session.client().getRouting(this, m_run, 0, [this, generation, asked](const Result<RoutingFacts>& facts) {
        if (generation != m_generation) return;
        m_asking = false;
        m_routing = asked;
        if (!facts) {
            m_facts.reset();
            return showError(tr("The routing could not be read"), QString::fromStdString(facts.error().message),
                tr("Choose another run, or try again when it has gone on."));
        }
        m_facts = *facts;
        showFacts();
    });
}

void RouterPane::showFacts()
{
    const RunHistory* run = m_session.shownHistory();
    if (!run || !m_facts) return;
    m_confusion->setData(confusionData(*run, *m_facts));
    m_map->setFacts(*m_facts, run->name);
    m_text->setRun(m_run);
    {
        const QSignalBlocker quiet(m_flowChoice);
        m_flowChoice->clear();
        for (const RoutingState& routing : run->routings)
            if (!routing.flow.isEmpty()) m_flowChoice->addItem(tr("After outer step %1").arg(routing.phase), routing.routing);
        m_flowChoice->setCurrentIndex(m_flowChoice->count() - 1);
        m_flowChoice->setVisible(m_flowChoice->count() > 0);
    }
    showMoves();
    const int path = m_facts->paths.contains(m_path) ? m_path : m_facts->paths.value(0, -1);
    m_path = -1;
    choosePath(path);
    m_connection->update();
    updateStatus();
}

void RouterPane::choosePath(int path)
{
    if (!m_facts || path < 0 || path == m_path) return;
    m_path = path;
    const int row = int(m_facts->paths.indexOf(path));
    if (m_confusion->currentRow() != row) m_confusion->setCurrent(row, std::max(0, m_confusion->currentColumn()));
    m_documentsTitle->setText(tr("Path %1").arg(path));
    m_documents->show(QString::number(m_run), QString::number(path));
}

void RouterPane::showMoves()
{
    const RunHistory* run = m_session.shownHistory();
    if (!run) return;
    RoutingState shown;
    for (const RoutingState& routing : run->routings)
        if (!routing.flow.isEmpty() && routing.routing == m_flowChoice->currentData().toInt()) shown = routing;
    m_flow->setRouting(shown, run->name);
    if (shown.flow.isEmpty()) {
        m_flowText->clear();
        return;
    }
    const QLocale numbers;
    QString text = tr("%1 of %2 training sequences moved (%3)")
                       .arg(numbers.toString(m_flow->movedSequences()), numbers.toString(m_flow->allSequences()),
                           percentText(double(m_flow->movedSequences()) / double(std::max<qint64>(1, m_flow->allSequences()))));
    if (shown.accuracy > 0)
        text += tr(" \u00b7 the router finds the best path of %1 of held-out data").arg(percentText(shown.accuracy));
    m_flowText->setText(text);
}

void RouterPane::updateStatus()
{
    if (!m_facts) return;
    qint64 sequences = 0;
    for (const auto& row : m_facts->counts)
        for (const qint64 count : row) sequences += count;
    const QLocale numbers;
    setStatus(tr("%1 router, routing %2 \u00b7 %3 sequences of %4 on %5%6")
                  .arg(m_facts->router)
                  .arg(m_facts->routing)
                  .arg(numbers.toString(sequences), counted(m_facts->domains.size(), tr("1 domain"), tr("%1 domains")),
                      counted(m_facts->paths.size(), tr("1 path"), tr("%1 paths")),
                      m_tabs->currentIndex() == 1 ? tr(" \u00b7 %1 on the map").arg(numbers.toString(m_facts->points.size()))
                                                  : QString()));
}

Picture* RouterPane::shownPicture() const
{
    switch (m_tabs->currentIndex()) {
    case 0:
        return m_confusion;
    case 1:
        return m_map;
    case 2:
        return m_flow;
    default:
        return m_gradients->matrix();
    }
}

}  // namespace pathloom
