// SPDX-License-Identifier: GPL-3.0-or-later
// MainWindow's docks and the named layouts, which are never changed by what the user does to the docks.
#include "app/main_window.h"
#include "app/monitor.h"
#include "widgets/theme/icons.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/theme/theme.h"
#include "widgets/views/corpora/corpora_pane.h"
#include "widgets/views/log/log_pane.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/results/results_pane.h"
#include "widgets/views/router/router_pane.h"
#include "widgets/views/runs/runs_pane.h"
#include "widgets/views/translate/translate_pane.h"
#include "widgets/views/welcome/welcome_page.h"
#include "widgets/views/workers/workers_pane.h"

#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QPainter>
#include <QStatusBar>
#include <QToolBar>
#include <QToolButton>

namespace pathloom {
namespace {

/// A pane has its own title line; the dock only needs something to be dragged by.
class Grip final : public QWidget {
public:
    Grip(ThemeController& theme, QWidget* parent)
        : QWidget(parent)
        , m_theme(theme)
    {
        setCursor(Qt::OpenHandCursor);
        setToolTip(QObject::tr("Drag to move this pane; double-click to detach it"));
        setFixedHeight(6);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.fillRect(rect(), m_theme.theme().tokens().surface);
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_theme.theme().tokens().line);
        painter.drawRoundedRect(QRectF(width() / 2.0 - 12, 3, 24, 2), 1, 1);
    }

private:
    ThemeController& m_theme;
};

}  // namespace

void MainWindow::addPane(const QString& id, PaneFrame* pane)
{
    auto* dock = new QDockWidget(pane->title(), this);
    dock->setObjectName(QStringLiteral("dock.") + id);
    dock->setAccessibleName(pane->title());
    dock->setWidget(pane);
    dock->setTitleBarWidget(new Grip(m_theme, dock));
    m_docks.insert(id, dock);
    m_dockOrder.append(id);
    addDockWidget(Qt::LeftDockWidgetArea, dock);
    connect(dock, &QDockWidget::visibilityChanged, this, [this] {
        m_commands.refresh();
        updatePaneTitles();
    });
    connect(dock, &QDockWidget::topLevelChanged, this, &MainWindow::updatePaneTitles);
    connect(dock, &QDockWidget::dockLocationChanged, this, &MainWindow::updatePaneTitles);
}

void MainWindow::updatePaneTitles()
{
    for (QDockWidget* dock : std::as_const(m_docks)) {
        auto* frame = qobject_cast<PaneFrame*>(dock->widget());
        if (!frame) continue;
        bool tabbed = false;
        for (const QDockWidget* other : tabifiedDockWidgets(dock)) tabbed = tabbed || !other->isHidden();
        frame->setTitleShown(!tabbed || dock->isFloating());
    }
}

PaneFrame* MainWindow::pane(const QString& id) const
{
    const QDockWidget* found = m_docks.value(id);
    return found ? qobject_cast<PaneFrame*>(found->widget()) : nullptr;
}

void MainWindow::buildPanes()
{
    m_welcome = new WelcomePage(m_theme);
    setCentralWidget(m_welcome);
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks | GroupedDragging);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    m_monitor = new Monitor(m_session, m_theme, this);
    m_runs = new RunsPane(m_session, m_theme);
    m_workersPane = new WorkersPane(m_session, m_theme);
    m_corpora = new CorporaPane(m_session, m_theme);
    m_log = new LogPane(m_session, m_theme);
    m_results = new ResultsPane(m_session, m_theme);
    m_router = new RouterPane(m_session, m_theme);
    addPane(QStringLiteral("paths"), m_monitor->paths());
    addPane(QStringLiteral("sync"), m_monitor->sync());
    addPane(QStringLiteral("curves"), m_monitor->curves());
    addPane(QStringLiteral("runs"), m_runs);
    addPane(QStringLiteral("workers"), m_workersPane);
    addPane(QStringLiteral("log"), m_log);
    addPane(QStringLiteral("results"), m_results);
    addPane(QStringLiteral("corpora"), m_corpora);
    addPane(QStringLiteral("router"), m_router);
    m_probe = new ProbePane(m_theme);
    m_probe->setFilmReading(m_settings.filmReading());
    connect(m_probe, &ProbePane::filmReadingChosen, this, [this](const FilmReading& r) { m_settings.setFilmReading(r); });
    addPane(QStringLiteral("probe"), m_probe);
    m_translate = new TranslatePane(m_theme);
    addPane(QStringLiteral("translate"), m_translate);
    const auto newRunHere = [this] { m_commands.trigger(QStringLiteral("run.new")); };
    connect(m_monitor, &Monitor::newRunRequested, this, newRunHere);
    connect(m_runs, &PaneFrame::emptyActionTriggered, this, newRunHere);
    connect(m_results, &PaneFrame::emptyActionTriggered, this, newRunHere);
    connect(m_router, &PaneFrame::emptyActionTriggered, this, newRunHere);
    connect(m_runs, &RunsPane::selectionChanged, &m_commands, &Commands::refresh);
    connect(m_runs, &RunsPane::activated, this, [this](qint64 run) { m_session.showRun(run); });
    connect(m_workersPane, &WorkersPane::selectionChanged, &m_commands, &Commands::refresh);
    connect(m_workersPane, &WorkersPane::notice, this, &MainWindow::showNotice);
    connect(m_corpora, &CorporaPane::importRequested, this, &MainWindow::openImport);
}

void MainWindow::buildToolBar()
{
    m_toolBar = addToolBar(tr("Main"));
    m_toolBar->setObjectName(QStringLiteral("toolbar"));
    m_toolBar->setMovable(false);
    m_toolBar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_toolBar->setIconSize(QSize(16, 16));
    auto* label = new QLabel(tr("Run"));
    label->setContentsMargins(8, 0, 8, 0);
    m_runSwitcher = new QComboBox;
    m_runSwitcher->setObjectName(QStringLiteral("toolbar.run"));
    m_runSwitcher->setAccessibleName(tr("Run shown in the monitor"));
    m_runSwitcher->setToolTip(tr("Run shown in the monitor"));
    m_runSwitcher->setMinimumWidth(200);
    m_runSwitcher->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_runSwitcher->setEnabled(false);
    label->setBuddy(m_runSwitcher);
    connect(m_runSwitcher, &QComboBox::activated, this,
        [this](int index) { m_session.showRun(m_runSwitcher->itemData(index).toLongLong()); });
    for (const char* id : {"run.new", "run.stop", "run.resume"}) m_toolBar->addAction(m_commands.action(QLatin1String(id)));
    m_toolBar->addSeparator();
    m_toolBar->addWidget(label);
    m_toolBar->addWidget(m_runSwitcher);
    auto* spacer = new QWidget;
    spacer->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_toolBar->addWidget(spacer);
    for (const char* id : {"layout.train", "layout.inspect", "layout.probe"})
        m_toolBar->addAction(m_commands.action(QLatin1String(id)));
    m_toolBar->addSeparator();
    m_toolBar->addAction(m_commands.action(QStringLiteral("help.palette")));
    const auto buttons = m_toolBar->findChildren<QToolButton*>();
    for (QToolButton* button : buttons)
        if (button->defaultAction()) button->setAccessibleName(button->defaultAction()->toolTip());
}

void MainWindow::buildStatusBar()
{
    m_notice = new QLabel;
    m_connection = new QLabel;
    m_engine = new QLabel;
    m_workersLabel = new QLabel;
    m_age = new QLabel;
    m_notice->setObjectName(QStringLiteral("status.notice"));
    m_connection->setObjectName(QStringLiteral("status.connection"));
    m_engine->setObjectName(QStringLiteral("status.engine"));
    m_workersLabel->setObjectName(QStringLiteral("status.workers"));
    m_age->setObjectName(QStringLiteral("status.age"));
    m_notice->setMinimumWidth(1);  // a long notice must not widen the window
    m_notice->setContentsMargins(8, 0, 8, 0);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->addWidget(m_notice, 1);
    for (QLabel* label : {m_connection, m_engine, m_workersLabel, m_age}) {
        label->setFont(Theme::labelFont());
        label->setContentsMargins(6, 0, 6, 0);
        statusBar()->addPermanentWidget(label);
    }
    m_notice->setFont(Theme::labelFont());
}

void MainWindow::setWorkspaceShown(bool shown)
{
    m_workspace = shown;
    m_welcome->setVisible(!shown);
    m_toolBar->setVisible(shown);
    if (shown) {
        restoreLayout();
        m_ageTimer.start();
    } else {
        for (QDockWidget* dock : std::as_const(m_docks)) dock->hide();
        m_ageTimer.stop();
        m_welcome->showBusy({});
        showNotice({});
    }
    m_commands.refresh();
    updateStatus();
}

void MainWindow::restoreLayout()
{
    const QByteArray saved = m_settings.layout();
    if (saved.isEmpty() || !restoreState(saved, Settings::layoutVersion)) {
        applyLayout(QStringLiteral("train"));
        return;
    }
    m_toolBar->show();
    bool any = false;
    for (const QDockWidget* dock : std::as_const(m_docks)) any = any || !dock->isHidden();
    updatePaneTitles();
    if (!any) applyLayout(QStringLiteral("train"));
}

void MainWindow::applyLayout(const QString& name)
{
    m_layoutName = name;
    setAnimated(!m_theme.reducedMotion());
    connect(&m_theme, &ThemeController::motionChanged, this, [this] { setAnimated(!m_theme.reducedMotion()); });
    for (QDockWidget* dock : std::as_const(m_docks)) {
        dock->setFloating(false);
        removeDockWidget(dock);
    }
    const auto at = [this](const char* id) { return m_docks.value(QLatin1String(id)); };
    const auto stack = [&](QDockWidget* first, std::initializer_list<const char*> rest) {
        for (const char* id : rest) tabifyDockWidget(first, at(id));
        first->show();
        for (const char* id : rest) at(id)->show();
        first->raise();
    };
    if (name == QLatin1String("inspect")) {
        // The comparison has many columns: it gets the whole width.
        addDockWidget(Qt::LeftDockWidgetArea, at("results"));
        splitDockWidget(at("results"), at("runs"), Qt::Vertical);
        splitDockWidget(at("runs"), at("curves"), Qt::Horizontal);
        stack(at("results"), {});
        stack(at("runs"), {"corpora", "log"});
        stack(at("curves"), {"paths", "router"});
        resizeDocks({at("results"), at("runs")}, {height() * 48 / 100, height() * 52 / 100}, Qt::Vertical);
        resizeDocks({at("runs"), at("curves")}, {width() * 52 / 100, width() * 48 / 100}, Qt::Horizontal);
    } else if (name == QLatin1String("probe")) {
        addDockWidget(Qt::LeftDockWidgetArea, at("probe"));
        stack(at("probe"), {"translate"});
    } else {
        addDockWidget(Qt::LeftDockWidgetArea, at("paths"));
        splitDockWidget(at("paths"), at("curves"), Qt::Horizontal);
        splitDockWidget(at("paths"), at("sync"), Qt::Vertical);
        splitDockWidget(at("curves"), at("runs"), Qt::Vertical);
        stack(at("paths"), {});
        stack(at("sync"), {});
        stack(at("curves"), {});
        stack(at("runs"), {"workers", "results", "corpora", "log"});
        resizeDocks({at("paths"), at("curves")}, {width() * 60 / 100, width() * 40 / 100}, Qt::Horizontal);
        resizeDocks({at("paths"), at("sync")}, {height() / 2, height() / 2}, Qt::Vertical);
        resizeDocks({at("curves"), at("runs")}, {height() * 62 / 100, height() * 38 / 100}, Qt::Vertical);
    }
    // The rest keeps a place to be shown in, and is part of the saved state as hidden.
    for (const QString& id : std::as_const(m_dockOrder)) {
        QDockWidget* dock = m_docks.value(id);
        if (dockWidgetArea(dock) != Qt::NoDockWidgetArea) continue;
        if (name == QLatin1String("probe") && dockWidgetArea(at("runs")) == Qt::NoDockWidgetArea)
            tabifyDockWidget(at("probe"), dock);
        else if (name == QLatin1String("train") && id == QLatin1String("router"))
            tabifyDockWidget(at("sync"), dock);  // it needs the room
        else
            tabifyDockWidget(at("runs"), dock);
        dock->hide();
    }
    updatePaneTitles();
    m_commands.refresh();
}

}  // namespace pathloom
