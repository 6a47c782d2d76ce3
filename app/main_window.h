// SPDX-License-Identifier: GPL-3.0-or-later
// The window: docks made by factories, commands from one table, a status bar. What panes do is in widgets/views.
#pragma once

#include "app/commands.h"
#include "app/project.h"
#include "app/settings.h"
#include "widgets/models/session.h"

#include <QHash>
#include <QMainWindow>
#include <QPointer>

class QComboBox;
class QDockWidget;
class QLabel;
class QProgressBar;

namespace pathloom {

class CorporaPane;
class LogPane;
class Monitor;
class PaneFrame;
class ProbePane;
class ResultsPane;
class RouterPane;
class RunForm;
class RunsPane;
class ThemeController;
class TranslatePane;
class WelcomePage;
class WorkersPane;

class MainWindow final : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(ThemeController& theme, QWidget* parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] Session& session() { return m_session; }
    [[nodiscard]] Project& project() { return m_project; }
    [[nodiscard]] Commands& commands() { return m_commands; }
    [[nodiscard]] WelcomePage* welcome() const { return m_welcome; }
    [[nodiscard]] QDockWidget* dock(const QString& id) const { return m_docks.value(id); }
    [[nodiscard]] PaneFrame* pane(const QString& id) const;
    [[nodiscard]] bool isWorkspaceShown() const { return m_workspace; }

    void setWorkers(int workers) { m_workers = workers; }
    void openFolder(const QString& folder);
    void openSample(bool train);  ///< train: start the sample run when the project has no run yet
    void connectRemote(const EngineTarget& target);
    /// "light", "dark" or "system"; remembered when `remember`.
    void setTheme(const QString& name, bool remember = true);
    /// The desktop's own choice, "light" or "dark": shown at once when the theme is "system".
    void setSystemTheme(const QString& name);
    void applyLayout(const QString& name);  ///< "train", "inspect", "probe"
    RunForm* newRun();
    void showNotice(const QString& text);
    void showProblem(const QString& what, const QString& details);
    /// Close without asking; the engine is stopped. For the tour and for tests.
    void closeQuietly();

Q_SIGNALS:
    void closedDown();  ///< the engine has been let go of and the window is closed

protected:
    void closeEvent(QCloseEvent* event) override;
    void childEvent(QChildEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    [[nodiscard]] QVector<Command> projectCommands();
    [[nodiscard]] QVector<Command> runCommands();
    [[nodiscard]] QVector<Command> viewCommands();
    [[nodiscard]] QVector<Command> helpCommands();
    void buildMenus();
    void buildPanes();
    void buildToolBar();
    void buildStatusBar();
    void addPane(const QString& id, PaneFrame* pane);
    void setWorkspaceShown(bool shown);
    void restoreLayout();
    void updatePaneTitles();
    void updateStatus();
    void updateRunSwitcher();
    void openImport(const QStringList& paths);
    void chooseProject(bool fresh);
    void showConnectDialog();
    void withSelectedRun(const std::function<void(const RunRow&)>& action);
    void reportRun(const Result<RunRow>& run);
    void cloneSelected();
    void evaluateSelected();
    void closeProject(bool quit);
    void showAbout();
    [[nodiscard]] bool mayClose(Project::End& end);
    [[nodiscard]] bool hasSelectedRun(std::initializer_list<RunPhase> states) const;

    ThemeController& m_theme;
    Settings m_settings;
    Session m_session;
    Project m_project;
    Commands m_commands;
    WelcomePage* m_welcome = nullptr;
    Monitor* m_monitor = nullptr;
    RunsPane* m_runs = nullptr;
    WorkersPane* m_workersPane = nullptr;
    CorporaPane* m_corpora = nullptr;
    LogPane* m_log = nullptr;
    ResultsPane* m_results = nullptr;
    RouterPane* m_router = nullptr;
    ProbePane* m_probe = nullptr;
    TranslatePane* m_translate = nullptr;
    QPointer<RunForm> m_form;
    QHash<QString, QDockWidget*> m_docks;
    QStringList m_dockOrder;
    QToolBar* m_toolBar = nullptr;
    QComboBox* m_runSwitcher = nullptr;
    QLabel* m_connection = nullptr;
    QLabel* m_engine = nullptr;
    QLabel* m_workersLabel = nullptr;
    QLabel* m_age = nullptr;
    QLabel* m_notice = nullptr;
    QTimer m_ageTimer;
    QString m_themeChoice;
    QString m_layoutName;
    QString m_systemTheme;
    int m_workers = 2;
    bool m_workspace = false;
    bool m_startSample = false;
    bool m_quitting = false;
    bool m_quiet = false;
};

}  // namespace pathloom
