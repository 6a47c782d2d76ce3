// SPDX-License-Identifier: GPL-3.0-or-later
// MainWindow: opening, closing, status. Commands and layouts have files of their own.
#include "app/main_window.h"

#include "app/monitor.h"
#include "widgets/models/formats.h"
#include "widgets/theme/painting.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/theme/theme.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/corpora/corpora_pane.h"
#include "widgets/views/corpora/import_dialog.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/run_form/run_form.h"
#include "widgets/views/runs/runs_pane.h"
#include "widgets/views/welcome/connect_dialog.h"
#include "widgets/views/welcome/welcome_page.h"
#include "widgets/views/workers/workers_pane.h"

#include <QApplication>
#include <QCloseEvent>
#include <QComboBox>
#include <QDateTime>
#include <QDir>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QGuiApplication>
#include <QLabel>
#include <QMessageBox>
#include <QScreen>
#include <QSignalBlocker>
#include <QStatusBar>
#include <QTabBar>

namespace pathloom {

MainWindow::MainWindow(ThemeController& theme, QWidget* parent)
    : QMainWindow(parent)
    , m_theme(theme)
    , m_project(m_session)
{
    setObjectName(QStringLiteral("main_window"));
    setWindowTitle(QStringLiteral("Pathloom"));
    setAcceptDrops(true);
    m_systemTheme = theme.name();
    m_workers = m_settings.localWorkers();
    setTheme(m_settings.theme(), false);
    buildPanes();
    m_commands.add(projectCommands());
    m_commands.add(runCommands());
    m_commands.add(viewCommands());
    m_commands.add(helpCommands());
    buildMenus();
    buildToolBar();
    buildStatusBar();
    connect(m_welcome, &WelcomePage::openRequested, this, &MainWindow::openFolder);
    connect(&m_project, &Project::busy, this, [this](const QString& text) {
        m_welcome->showBusy(text);
        if (m_workspace) showNotice(text);
    });
    connect(&m_project, &Project::opened, this, [this] {
        setWorkspaceShown(true);
        if (!m_project.folder().isEmpty()) {
            m_settings.addRecentProject(m_project.folder());
            m_welcome->setRecent(m_settings.recentProjects());
        }
        m_probe->setProject(m_project.folder());
        m_commands.refresh();
    });
    connect(&m_project, &Project::problem, this, [this](const QString& what, const QString& details) {
        m_welcome->showProblem(what, details);
        if (m_workspace) showNotice(what);
    });
    connect(&m_project.engine(), &LocalEngine::failed, this, [this](const QString& what, const QString& details) {
        if (m_workspace) showProblem(what, details);
    });
    connect(&m_project, &Project::notice, this, &MainWindow::showNotice);
    connect(&m_project, &Project::sampleReady, this, [this] {
        if (std::exchange(m_startSample, false) && m_session.runs().rowCount() == 0) {
            StartOrder order;
            order.preset = QStringLiteral("sample-2x2");
            m_session.client().startRun(this, order, [this](const Result<RunRow>& run) { reportRun(run); });
        }
    });
    connect(&m_project, &Project::closed, this, [this] {
        m_probe->setProject({});
        if (m_quitting) {
            // Later: Qt ignores a close() from inside of closeEvent().
            QMetaObject::invokeMethod(this, &QWidget::close, Qt::QueuedConnection);
            return;
        }
        setWorkspaceShown(false);
    });
    connect(&m_session, &Session::notice, this, &MainWindow::showNotice);
    connect(&m_session, &Session::runsChanged, this, [this] {
        updateRunSwitcher();
        m_commands.refresh();
    });
    connect(&m_session, &Session::shownRunChanged, this, &MainWindow::updateRunSwitcher);
    connect(&m_session.client(), &EngineClient::stateChanged, this, [this] {
        updateStatus();
        m_commands.refresh();
    });
    connect(&m_session.client(), &EngineClient::retryTick, this, &MainWindow::updateStatus);
    m_ageTimer.setInterval(1000);
    connect(&m_ageTimer, &QTimer::timeout, this, &MainWindow::updateStatus);
    m_welcome->setRecent(m_settings.recentProjects());
    resize(1440, 900);
    if (!m_settings.geometry().isEmpty()) restoreGeometry(m_settings.geometry());
    const QRect screen = QGuiApplication::primaryScreen()->availableGeometry();
    if (!screen.intersects(frameGeometry())) move(screen.topLeft());  // it was on a screen that is gone
    setWorkspaceShown(false);
    updateStatus();
}

MainWindow::~MainWindow()
{
    m_session.client().disconnect(this);
    m_session.disconnect(this);
    m_project.disconnect(this);
    for (QDockWidget* dock : std::as_const(m_docks)) dock->disconnect(this);  // they hide with the window
    hide();  // now, not in the base's destructor: panes hear of it while the session they belong to still lives
}

void MainWindow::openFolder(const QString& folder)
{
    m_project.openFolder(folder, m_workers);
}

void MainWindow::openSample(bool train)
{
    m_startSample = train;
    m_project.openSample(m_workers);
}

void MainWindow::connectRemote(const EngineTarget& target)
{
    m_project.connectRemote(target);
}

void MainWindow::chooseProject(bool fresh)
{
    const QString title = fresh ? tr("Choose an Empty Folder for the New Project") : tr("Open Project");
    const QString folder = Messages::chooseFolder(this, title, QDir::homePath());
    if (folder.isEmpty()) return;
    if (fresh && !QDir(folder).isEmpty()) {
        m_welcome->showProblem(tr("%1 is not empty. Choose an empty folder, or open it as a project.").arg(folder), {});
        return;
    }
    openFolder(folder);
}

void MainWindow::showConnectDialog()
{
    auto* dialog = new ConnectDialog(m_theme, m_settings.lastEngine(), this);
    connect(dialog, &ConnectDialog::letIn, this, [this](const EngineTarget& target) {
        m_settings.setLastEngine(target);
        connectRemote(target);
    });
    dialog->open();
}

void MainWindow::openImport(const QStringList& paths)
{
    auto* dialog = new ImportDialog(m_session, m_theme, this);
    dialog->setFilmReading(m_settings.filmReading());
    connect(dialog, &ImportDialog::filmReadingChosen, this, [this](const FilmReading& reading) {
        m_settings.setFilmReading(reading);
        m_probe->setFilmReading(reading);
    });
    dialog->addPaths(paths);
    connect(dialog, &ImportDialog::imported, this, [this](const QString& corpus) {
        showNotice(tr("Corpus %1 is ready").arg(corpus));
        m_corpora->select(corpus);
    });
    dialog->show();
}

RunForm* MainWindow::newRun()
{
    if (m_form) m_form->close();
    m_form = new RunForm(m_session, m_theme, this);
    connect(m_form, &RunForm::started, this, [this](qint64 run) {
        m_session.showRun(run);
        m_runs->select(run);
        showNotice(tr("Run %1 started").arg(run));
    });
    m_form->show();
    return m_form;
}

void MainWindow::withSelectedRun(const std::function<void(const RunRow&)>& action)
{
    if (const RunRow* run = m_runs->selected()) {
        const RunRow copy = *run;
        action(copy);
    }
}

bool MainWindow::hasSelectedRun(std::initializer_list<RunPhase> states) const
{
    const RunRow* run = m_session.client().isConnected() ? m_runs->selected() : nullptr;
    return run && std::find(states.begin(), states.end(), run->state) != states.end();
}

void MainWindow::reportRun(const Result<RunRow>& run)
{
    if (!run) showNotice(QString::fromStdString(run.error().message));
    m_session.refreshRuns();
}

void MainWindow::cloneSelected()
{
    withSelectedRun([this](const RunRow& run) { newRun()->cloneOf(run); });
}

void MainWindow::evaluateSelected()
{
    withSelectedRun([this](const RunRow& run) {
        showNotice(tr("Scoring %1 on the test split").arg(run.name));
        m_session.client().evalRun(this, run.id, QStringLiteral("test"), [this, name = run.name](const Result<QString>& result) {
            showNotice(result ? tr("%1 is scored").arg(name) : QString::fromStdString(result.error().message));
            m_session.refreshRuns();
        });
    });
}

bool MainWindow::mayClose(Project::End& end)
{
    end = Project::End::Stop;
    if (m_quiet || !m_project.isLocal() || !m_session.hasRunningRuns()) return true;
    const int answer = Messages::ask(this, tr("Runs Are Training"),
        tr("Runs are training on this computer. Stopped runs resume when the project is opened again."),
        {{tr("Stop the Engine")}, {tr("Leave It Running")}, {tr("Cancel")}}, 1, 2);
    if (answer == 1) end = Project::End::LeaveRunning;
    return answer != 2;
}

void MainWindow::closeProject(bool quit)
{
    Project::End end = Project::End::Stop;
    if (!mayClose(end)) return;
    m_settings.setLayout(saveState(Settings::layoutVersion));
    m_quitting = quit;
    setEnabled(!quit);
    m_project.close(end);
}

void MainWindow::closeQuietly()
{
    m_quiet = true;
    close();
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (m_project.isOpen() || m_project.engine().isChild()) {
        event->ignore();  // the engine is let go of first; Project::closed comes back here
        if (!m_quitting) closeProject(true);
        return;
    }
    m_settings.setGeometry(saveGeometry());
    m_settings.setTheme(m_themeChoice);
    event->accept();
    Q_EMIT closedDown();
}

void MainWindow::childEvent(QChildEvent* event)
{
    QMainWindow::childEvent(event);
    if (!event->polished()) return;
    if (auto* bar = qobject_cast<QTabBar*>(event->child()))
        bar->setAccessibleName(tr("Panes"));  // Qt makes them as docks are stacked
}

/// Documents dropped anywhere are for the probe; the corpora pane takes its own.
void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (m_workspace && !droppedPaths(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    m_commands.trigger(QStringLiteral("view.probe"));
    m_probe->addDocuments(droppedPaths(event->mimeData()));
}

void MainWindow::showProblem(const QString& what, const QString& details)
{
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Engine Stopped"),
        tr("%1. What was received stays in view; close the project and open it again to start the engine anew.").arg(what),
        QMessageBox::Close, this);
    box->setObjectName(QStringLiteral("problem"));
    if (!details.isEmpty()) box->setDetailedText(details);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::showNotice(const QString& text)
{
    m_notice->setText(text);
    m_notice->setToolTip(text);
}

void MainWindow::setTheme(const QString& name, bool remember)
{
    m_themeChoice = name;
    m_theme.setName(name == QLatin1String("system") ? m_systemTheme : name);
    if (remember) m_settings.setTheme(name);
}

void MainWindow::setSystemTheme(const QString& name)
{
    m_systemTheme = name;
    if (m_themeChoice == QLatin1String("system")) m_theme.setName(name);
}

void MainWindow::updateStatus()
{
    const EngineClient& client = m_session.client();
    const Tokens& tokens = m_theme.theme().tokens();
    QString text;
    QColor colour = tokens.muted;
    switch (client.state()) {
    case EngineClient::State::Disconnected:
        text = tr("No engine");
        break;
    case EngineClient::State::Connecting:
        text = tr("Connecting");
        break;
    case EngineClient::State::Connected:
        text = tr("Connected");
        colour = tokens.ok;
        break;
    case EngineClient::State::Lost:
        text = tr("Lost, reconnecting in %1 s").arg(client.retryInSeconds());
        colour = tokens.warn;
        break;
    case EngineClient::State::Refused:
        text = tr("Refused");
        colour = tokens.fail;
        break;
    }
    m_connection->setText(QStringLiteral("<span style=\"color:%1\">\u25cf</span> %2").arg(colour.name(), text));
    m_connection->setToolTip(client.stateReason().isEmpty() ? client.address() : client.stateReason());
    const bool known = client.state() != EngineClient::State::Disconnected && !client.facts().version.isEmpty();
    m_engine->setText(known ? tr("Engine %1").arg(client.facts().version) : QString());
    m_engine->setToolTip(known
            ? tr("%1, %2 cores, process %3").arg(client.facts().isa).arg(client.facts().cores).arg(client.facts().pid)
            : QString());
    int workers = 0;
    for (const WorkerRow& worker : m_session.workers().rows())
        workers += worker.state != QLatin1String("lost") && worker.state != QLatin1String("left") ? 1 : 0;
    m_workersLabel->setText(known ? counted(workers, tr("1 worker"), tr("%1 workers")) : QString());
    const qint64 last = client.lastEventMs();
    m_age->setText(
        known && last > 0 ? tr("Last event %1 ago").arg(ageText(QDateTime::currentMSecsSinceEpoch() - last)) : QString());
    for (QLabel* label : {m_engine, m_workersLabel, m_age}) label->setVisible(!label->text().isEmpty());
    QString title = QStringLiteral("Pathloom");
    if (m_project.isOpen())
        title = QStringLiteral("%1 \u2014 Pathloom")
                    .arg(m_project.folder().isEmpty() ? client.address() : QDir(m_project.folder()).dirName());
    if (windowTitle() != title) setWindowTitle(title);
}

void MainWindow::updateRunSwitcher()
{
    const QSignalBlocker blocker(m_runSwitcher);
    m_runSwitcher->clear();
    for (auto it = m_session.history().runs.rbegin(); it != m_session.history().runs.rend(); ++it)
        m_runSwitcher->addItem(tr("Run %1 \u00b7 %2").arg(it->first).arg(it->second.name), QVariant(it->first));
    m_runSwitcher->setEnabled(m_runSwitcher->count() > 0);
    m_runSwitcher->setCurrentIndex(m_runSwitcher->findData(QVariant(m_session.shownRun())));
}

}  // namespace pathloom
