// SPDX-License-Identifier: GPL-3.0-or-later
// The command table: everything the app can be told to do.
#include "app/command_palette.h"
#include "app/main_window.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/views/corpora/corpora_pane.h"
#include "widgets/views/log/log_pane.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/runs/runs_pane.h"
#include "widgets/views/welcome/welcome_page.h"
#include "widgets/views/workers/workers_pane.h"

#include <QDockWidget>
#include <QMenuBar>
#include <QMessageBox>

namespace pathloom {
namespace {

QKeySequence keys(const char* text)
{
    return QKeySequence(QLatin1String(text));
}

/// Alt+1 ... Alt+9, Alt+0, then with Shift.
QKeySequence paneKey(int number)
{
    return QKeySequence(QStringLiteral("Alt+%1%2").arg(number > 10 ? QStringLiteral("Shift+") : QString()).arg(number % 10));
}

QString s(const char* text)
{
    return QString::fromLatin1(text);
}

}  // namespace

QVector<Command> MainWindow::projectCommands()
{
    const auto closed = [this] { return !m_project.isOpen(); };
    const auto open = [this] { return m_project.isOpen(); };
    return {
        {s("project.sample"), s("file"), tr("Try the &Sample"), tr("Open a project with the sample corpus and train on it"), {},
            s("sample"), [this] { openSample(false); }, closed},
        {s("project.open"), s("file"), tr("&Open Project\u2026"), tr("Open a project folder"), keys("Ctrl+O"), s("open"),
            [this] { chooseProject(false); }, closed},
        {s("project.new"), s("file"), tr("&New Project\u2026"), tr("Make a project in an empty folder"), keys("Ctrl+Shift+N"),
            s("add"), [this] { chooseProject(true); }, closed},
        {s("engine.connect"), s("file"), tr("&Connect to Engine\u2026"), tr("Watch and steer an engine that runs already"), {},
            s("module"), [this] { showConnectDialog(); }, closed},
        {s("engine.reconnect"), s("file"), tr("&Reconnect Now"), tr("Try a lost engine again at once"), keys("Ctrl+R"),
            s("refresh"), [this] { m_session.client().retryNow(); },
            [this] {
                const auto state = m_session.client().state();
                return state == EngineClient::State::Lost || state == EngineClient::State::Refused;
            },
            {}, true},
        {s("project.close"), s("file"), tr("C&lose Project"), tr("Let go of the engine and go back to the welcome page"),
            keys("Ctrl+W"), s("close"), [this] { closeProject(false); }, open},
        {s("app.quit"), s("file"), tr("&Quit"), tr("Close the window"), keys("Ctrl+Q"), {}, [this] { close(); }, {}, {}, true},
    };
}

QVector<Command> MainWindow::runCommands()
{
    const auto connected = [this] { return m_session.client().isConnected(); };
    const auto answer = [this](const Result<RunRow>& run) { reportRun(run); };
    const auto worker = [this] {
        const WorkerRow* row = m_session.client().isConnected() ? m_workersPane->selected() : nullptr;
        return row && row->state != QLatin1String("lost") && row->state != QLatin1String("left");
    };
    return {
        {s("run.new"), s("run"), tr("&New Run\u2026"), tr("Choose a preset, see what it costs, start it"), keys("Ctrl+N"),
            s("run"), [this] { newRun(); }, connected},
        {s("run.stop"), s("run"), tr("&Stop"), tr("Stop the selected run; it can be resumed"), keys("Ctrl+."), s("stop"),
            [this, answer] {
                withSelectedRun([this, answer](const RunRow& run) { m_session.client().stopRun(this, run.id, answer); });
            },
            [this] { return hasSelectedRun({RunPhase::Running}); }},
        {s("run.resume"), s("run"), tr("&Resume"), tr("Go on with the selected run where it stopped"), keys("Ctrl+Shift+."),
            s("resume"),
            [this, answer] {
                withSelectedRun([this, answer](const RunRow& run) { m_session.client().resumeRun(this, run.id, answer); });
            },
            [this] {
                return hasSelectedRun({RunPhase::Stopped, RunPhase::Failed});
            }},
        {s("run.clone"), s("run"), tr("&Clone\u2026"), tr("A new run with the selected run's settings"), keys("Ctrl+D"),
            s("clone"), [this] { cloneSelected(); },
            [this] {
                return hasSelectedRun({RunPhase::Running, RunPhase::Stopped, RunPhase::Done, RunPhase::Failed});
            }},
        {s("run.evaluate"), s("run"), tr("&Evaluate"), tr("Score the selected run on the test split, each sequence routed once"),
            keys("Ctrl+E"), s("log-axis"), [this] { evaluateSelected(); },
            [this] {
                return hasSelectedRun({RunPhase::Stopped, RunPhase::Done});
            }},
        {s("run.show"), s("run"), tr("Show in &Monitor"), tr("Show the selected run's pictures"), keys("Ctrl+M"), s("path"),
            [this] { withSelectedRun([this](const RunRow& run) { m_session.showRun(run.id); }); },
            [this] {
                return hasSelectedRun({RunPhase::Running, RunPhase::Stopped, RunPhase::Done, RunPhase::Failed});
            }},
        {s("corpus.import"), s("run"), tr("&Import Corpus\u2026"), tr("Import text files and folders as a corpus"),
            keys("Ctrl+I"), s("import"), [this] { openImport({}); }, connected, {}, true},
        {s("probe.add"), s("run"), tr("&Add Documents to the Probe\u2026"), tr("Open long documents and ask them"), {},
            s("document"),
            [this] {
                m_commands.trigger(QStringLiteral("view.probe"));
                m_probe->chooseDocuments();
            },
            [this] { return m_workspace; }},
        {s("probe.films"), s("run"), tr("&Film Options\u2026"), tr("How films are read: text in pictures, its languages, speech"),
            {}, s("film"),
            [this] {
                m_commands.trigger(QStringLiteral("view.probe"));
                m_probe->chooseFilmReading();
            },
            [this] { return m_workspace; }},
        {s("worker.drain"), s("run"), tr("&Drain Worker"), tr("Let the selected worker finish its task, then leave"), {},
            s("drain"), [this] { m_workersPane->drainSelected(); }, worker, {}, true},
        {s("worker.kill"), s("run"), tr("&Kill Worker\u2026"), tr("End the selected worker at once; its task goes to another"),
            {}, s("kill"), [this] { m_workersPane->killSelected(); }, worker},
    };
}

QVector<Command> MainWindow::viewCommands()
{
    const auto open = [this] { return m_workspace; };
    QVector<Command> commands{
        {s("layout.train"), s("view"), tr("&Train Layout"), tr("Paths, sync and curves of a running run"), keys("Ctrl+1"),
            s("path"), [this] { applyLayout(QStringLiteral("train")); }, open},
        {s("layout.inspect"), s("view"), tr("&Inspect Layout"), tr("Results, runs and corpora"), keys("Ctrl+2"), s("search"),
            [this] { applyLayout(QStringLiteral("inspect")); }, open},
        {s("layout.probe"), s("view"), tr("&Probe Layout"), tr("Long documents and what can be read from them"), keys("Ctrl+3"),
            s("document"), [this] { applyLayout(QStringLiteral("probe")); }, open},
        {s("layout.restore"), s("view"), tr("&Restore Default Layout"), tr("Put every pane back where it came from"),
            keys("Ctrl+0"), {}, [this] { applyLayout(QStringLiteral("train")); }, open},
    };
    int number = 0;
    for (const QString& id : std::as_const(m_dockOrder)) {
        QDockWidget* dock = m_docks.value(id);
        Command command{QStringLiteral("view.") + id, s("view"), dock->windowTitle(),
            tr("Show the pane %1").arg(dock->windowTitle()), paneKey(++number), {},
            [dock] {
                dock->show();
                dock->raise();
                if (auto* pane = qobject_cast<PaneFrame*>(dock->widget()); pane && pane->content())
                    pane->content()->setFocus(Qt::ShortcutFocusReason);
            },
            open, {}, number == 1};
        commands.append(command);
        commands.append({QStringLiteral("hide.") + id, s("hide"), tr("Hide %1").arg(dock->windowTitle()),
            tr("Hide the pane %1").arg(dock->windowTitle()), {}, {}, [dock] { dock->hide(); },
            [this, dock] { return m_workspace && !dock->isHidden(); }});
    }
    const auto theme = [this](const char* name, const QString& text, const QString& tip, bool first) {
        const QString value = s(name);
        return Command{QStringLiteral("theme.") + value, s("view"), text, tip, {}, {}, [this, value] { setTheme(value); }, {},
            [this, value] { return m_themeChoice == value; }, first};
    };
    commands.append(theme("light", tr("&Light Theme"), tr("Dark on light"), true));
    commands.append(theme("dark", tr("&Dark Theme"), tr("Light on dark"), false));
    commands.append(theme("system", tr("S&ystem Theme"), tr("As the desktop is set"), false));
    return commands;
}

QVector<Command> MainWindow::helpCommands()
{
    return {
        {s("help.palette"), s("help"), tr("Command &Palette\u2026"), tr("Find any command by a few letters"),
            keys("Ctrl+Shift+P"), s("search"),
            [this] {
                auto* palette = new CommandPalette(m_commands, this);
                palette->move(mapToGlobal(QPoint((width() - palette->width()) / 2, 60)));
                palette->show();
            }},
        {s("help.shortcuts"), s("help"), tr("Keyboard &Shortcuts"), tr("All shortcuts on one sheet"), keys("F1"), s("info"),
            [this] { (new ShortcutSheet(m_commands, this))->show(); }},
        {s("log.search"), s("help"), tr("Search the &Event Log"), tr("Show the event log and search it"), keys("Ctrl+Shift+F"),
            s("log"),
            [this] {
                m_commands.trigger(QStringLiteral("view.log"));
                m_log->focusSearch();
            },
            [this] { return m_workspace; }},
        {s("log.copy"), s("help"), tr("&Copy Diagnostics"), tr("Version, connection and the event log, to paste into a report"),
            {}, s("copy"), [this] { m_log->copyDiagnostics(); }},
        {s("help.about"), s("help"), tr("&About Pathloom"), tr("Version and licence"), {}, {}, [this] { showAbout(); }, {}, {},
            true},
    };
}

void MainWindow::buildMenus()
{
    struct Entry {
        QString key;
        QString title;
    };
    QHash<QString, QMenu*> menus;
    for (const Entry& entry : {Entry{s("file"), tr("&File")}, Entry{s("run"), tr("&Run")}, Entry{s("view"), tr("&View")},
             Entry{s("help"), tr("&Help")}}) {
        menus.insert(entry.key, menuBar()->addMenu(entry.title));
        menus.value(entry.key)->setToolTipsVisible(true);
    }
    for (const Command& command : m_commands.all()) {
        if (command.menu == QLatin1String("hide") && !menus.contains(s("hide")))
            menus.insert(s("hide"), menus.value(s("view"))->addMenu(tr("&Hide")));
        QMenu* menu = menus.value(command.menu);
        if (command.separatorBefore) menu->addSeparator();
        menu->addAction(m_commands.action(command.id));
    }
    for (QMenu* menu : std::as_const(menus)) connect(menu, &QMenu::aboutToShow, &m_commands, &Commands::refresh);
    const auto actions = [this](std::initializer_list<const char*> ids) {
        QList<QAction*> list;
        for (const char* id : ids) list.append(m_commands.action(s(id)));
        return list;
    };
    m_welcome->setCommands(actions({"project.sample", "project.open", "project.new", "engine.connect"}));
    m_runs->setCommands(actions({"run.new", "run.stop", "run.resume", "run.clone", "run.evaluate", "run.show"}));
    m_workersPane->setCommands(actions({"worker.drain", "worker.kill"}));
    m_corpora->setCommands(actions({"corpus.import"}));
}

void MainWindow::showAbout()
{
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("About Pathloom"),
        tr("<h3>Pathloom %1</h3><p>A research workbench for paths of shared modules.</p>"
           "<p>Free software under the GNU General Public License, version 3 or later.</p>")
            .arg(QStringLiteral(PATHLOOM_VERSION)),
        QMessageBox::Ok, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

}  // namespace pathloom
