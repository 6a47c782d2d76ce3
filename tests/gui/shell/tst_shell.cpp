// SPDX-License-Identifier: GPL-3.0-or-later
// TestShell.
#include "tests/gui/shell/tst_shell.h"

#include "app/command_palette.h"
#include "app/main_window.h"
#include "tests/gui/shell/patience.h"
#include "widgets/theme/pane_frame.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/common/table.h"
#include "widgets/views/run_form/estimate_panel.h"
#include "widgets/views/run_form/run_form.h"
#include "widgets/views/runs/runs_pane.h"
#include "widgets/views/welcome/welcome_page.h"
#include "widgets/views/workers/workers_pane.h"

#include <QAccessible>
#include <QApplication>
#include <QDir>
#include <QDockWidget>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>

namespace pathloom {

void TestShell::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom")).clear();
    m_theme = std::make_unique<ThemeController>();
    m_theme->setName(QStringLiteral("light"));
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
    m_engine = std::make_unique<FakeEngine>();
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->session().client().setBackoff({50, 200, 0.2});
    m_window->show();
}

void TestShell::cleanup()
{
    m_window.reset();
    m_engine.reset();
    m_theme.reset();
}

void TestShell::connectWindow()
{
    m_window->connectRemote({QString::fromStdString(m_engine->address()), QStringLiteral("secret"), {}, {}, {}});
    TRY_VERIFY(m_window->session().client().isConnected());
    TRY_COMPARE(m_window->session().presets().rowCount(), 2);
    TRY_COMPARE(m_window->session().corpora().rowCount(), 1);
}

void TestShell::connectsAndLists()
{
    QVERIFY(m_window->welcome()->isVisible());
    connectWindow();
    QVERIFY(!m_window->welcome()->isVisible());
    QVERIFY(m_window->dock(QStringLiteral("paths"))->isVisible());
    TRY_COMPARE(m_window->session().workers().rowCount(), 1);
    TRY_COMPARE(m_window->pane(QStringLiteral("runs"))->state(), PaneFrame::State::Empty);
    TRY_COMPARE(m_window->pane(QStringLiteral("corpora"))->state(), PaneFrame::State::Content);
    QVERIFY(m_window->findChild<QLabel*>(QStringLiteral("status.connection"))->text().contains(QStringLiteral("Connected")));
    QCOMPARE(m_window->findChild<QLabel*>(QStringLiteral("status.engine"))->text(), QStringLiteral("Engine 9.9.9"));
    m_window->commands().trigger(QStringLiteral("project.close"));
    TRY_VERIFY(m_window->welcome()->isVisible());
    QCOMPARE(m_window->session().corpora().rowCount(), 0);
}

void TestShell::startsARunFromTheForm()
{
    connectWindow();
    RunForm* form = m_window->newRun();
    TRY_VERIFY(form->isEstimated());
    QCOMPARE(form->estimate()->valueOf(QStringLiteral("path_parameters")), QStringLiteral("1.23M"));
    QVERIFY(form->estimate()->valueOf(QStringLiteral("versus")).contains(QStringLiteral("20.0\u00d7")));
    qobject_cast<QSpinBox*>(form->editorOf(QStringLiteral("training.tau")))->setValue(7);
    auto* levels = qobject_cast<QLineEdit*>(form->editorOf(QStringLiteral("topology.levels")));
    QCOMPARE(levels->text(), QStringLiteral("2 x 2"));
    levels->selectAll();
    QTest::keyClicks(levels, QStringLiteral("3 x 2"));
    QVERIFY(!form->isEstimated());
    TRY_VERIFY(form->isEstimated());
    QSignalSpy started(form, &RunForm::started);
    QTest::mouseClick(form->findChild<QPushButton*>(QStringLiteral("run_form.start")), Qt::LeftButton);
    TRY_COMPARE(started.count(), 1);
    const v1::StartRunRequest request = m_engine->lastStart();
    QCOMPARE(request.preset(), std::string("sample-2x2"));
    QStringList set;
    for (const auto& s : request.set()) set.append(QString::fromStdString(s));
    QCOMPARE(set,
        (QStringList{QStringLiteral(R"(topology.levels=[{"blocks":[0,1],"modules":3},{"blocks":[2,3],"modules":2}])"),
            QStringLiteral("training.tau=7")}));
    TRY_COMPARE(m_window->session().runs().rowCount(), 1);
    TRY_COMPARE(m_window->session().shownRun(), qint64(1));
    TRY_VERIFY(m_window->pane(QStringLiteral("paths"))->state() != PaneFrame::State::Empty);
    TRY_COMPARE(m_window->pane(QStringLiteral("runs"))->state(), PaneFrame::State::Content);
}

void TestShell::showsProblemsAtTheirField()
{
    connectWindow();
    RunForm* form = m_window->newRun();
    TRY_VERIFY(form->isEstimated());
    {
        const std::lock_guard lock(m_engine->mutex);
        m_engine->estimateError = "training.tau must be at least 1, got 0";
    }
    QSignalSpy refused(form, &RunForm::refused);  // what ends a tour
    qobject_cast<QSpinBox*>(form->editorOf(QStringLiteral("training.tau")))->setValue(9);
    TRY_VERIFY(form->errorLabelOf(QStringLiteral("training.tau"))->isVisible());
    QCOMPARE(refused.size(), 1);
    QCOMPARE(refused.first().first().toString(), QStringLiteral("training.tau must be at least 1, got 0"));
    if (const QString out = qEnvironmentVariable("PATHLOOM_PICTURES"); !out.isEmpty())
        QVERIFY(form->grab().save(QDir(out).filePath(QStringLiteral("form-refused.png"))));
    QVERIFY(!form->findChild<QPushButton*>(QStringLiteral("run_form.start"))->isEnabled());
    QVERIFY(!form->findChild<QLabel*>(QStringLiteral("run_form.problem"))->isVisible());
    form->close();
}

void TestShell::eventsUpdateThePanes()
{
    connectWindow();
    v1::Event created;
    created.set_run(1);
    created.mutable_run_created()->set_name("mine");
    m_engine->append(created);
    v1::Event log;
    log.set_run(1);
    log.mutable_log()->set_level(v1::LogLine::WARNING);
    log.mutable_log()->set_text("slow disk");
    m_engine->append(log);
    TRY_COMPARE(m_window->session().log().rowCount(), 2);
    QCOMPARE(m_window->session().shownHistory()->name, QStringLiteral("mine"));
    v1::Event eval;
    eval.set_run(1);
    eval.mutable_eval_done()->set_split("test");
    eval.mutable_eval_done()->set_route("once");
    eval.mutable_eval_done()->set_result_json(R"({"perplexity":12.5,"domains":{}})");
    m_engine->append(eval);
    TRY_COMPARE(m_window->session().results().rowCount(), 1);
    QCOMPARE(m_window->pane(QStringLiteral("results"))->state(), PaneFrame::State::Content);
}

void TestShell::aLostEngineKeepsItsDataAndComesBackBySequence()
{
    connectWindow();
    v1::Event log;
    log.mutable_log()->set_text("before");
    m_engine->append(log);
    TRY_COMPARE(m_window->session().log().rowCount(), 1);
    m_engine->stop();
    TRY_COMPARE(m_window->session().client().state(), EngineClient::State::Lost);
    QCOMPARE(m_window->pane(QStringLiteral("log"))->state(), PaneFrame::State::Lost);
    QCOMPARE(m_window->session().log().rowCount(), 1);
    log.mutable_log()->set_text("after");
    m_engine->append(log);
    m_engine->start();
    TRY_VERIFY(m_window->session().client().isConnected());
    TRY_COMPARE(m_window->session().log().rowCount(), 2);
    QCOMPARE(m_window->session().log().index(1, LogModel::Text).data().toString(), QStringLiteral("after"));
    QCOMPARE(m_engine->watchedFrom().front(), std::int64_t(1));
    QCOMPARE(m_engine->watchedFrom().back(), std::int64_t(2));
    QCOMPARE(m_window->pane(QStringLiteral("log"))->state(), PaneFrame::State::Content);
}

void TestShell::aWrongTokenIsRefused()
{
    m_window->connectRemote({QString::fromStdString(m_engine->address()), QStringLiteral("guess"), {}, {}, {}});
    TRY_COMPARE(m_window->session().client().state(), EngineClient::State::Refused);
    QVERIFY(m_window->session().client().stateReason().contains(QStringLiteral("wrong token")));
    QCOMPARE(m_window->pane(QStringLiteral("runs"))->state(), PaneFrame::State::Error);
}

void TestShell::killingAWorkerAsksFirst()
{
    connectWindow();
    auto* pane = qobject_cast<WorkersPane*>(m_window->pane(QStringLiteral("workers")));
    TRY_COMPARE(m_window->session().workers().rowCount(), 1);
    pane->table()->selectRow(0);
    QVERIFY(m_window->commands().action(QStringLiteral("worker.kill"))->isEnabled());
    Messages::setNextAnswer(1);
    m_window->commands().trigger(QStringLiteral("worker.kill"));
    QVERIFY(Messages::lastQuestion().contains(QStringLiteral("local-1")));
    Messages::setNextAnswer(0);
    m_window->commands().trigger(QStringLiteral("worker.kill"));
    TRY_COMPARE(m_window->session().workers().rows().at(0).state, QStringLiteral("lost"));
    const auto calls = m_engine->calls();
    QCOMPARE(std::count(calls.begin(), calls.end(), "KillWorker"), 1);
    TRY_VERIFY(!m_window->commands().action(QStringLiteral("worker.kill"))->isEnabled());
}

void TestShell::everyFocusableWidgetHasAName()
{
    connectWindow();
    m_window->commands().trigger(QStringLiteral("layout.inspect"));
    m_window->commands().trigger(QStringLiteral("layout.train"));
    RunForm* form = m_window->newRun();
    TRY_VERIFY(form->isEstimated());
    m_window->commands().trigger(QStringLiteral("corpus.import"));
    QStringList nameless;
    const auto widgets = m_window->findChildren<QWidget*>();
    for (const QWidget* widget : widgets) {
        if (!(widget->focusPolicy() & Qt::TabFocus) || widget->isHidden() || widget->focusProxy()
            || qobject_cast<const QMenu*>(widget))
            continue;
        const QString className = QLatin1String(widget->metaObject()->className());
        if (className == QLatin1String("QSplitterHandle") || className == QLatin1String("QScrollBar")
            || className == QLatin1String("QComboBoxListView"))
            continue;
        if (widget->objectName().startsWith(QLatin1String("qt_"))) continue;  // Qt's own parts of a named widget
        const QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
        const QString name = accessible ? accessible->text(QAccessible::Name) : QString();
        if (name.isEmpty()) {
            const QWidget* parent = widget->parentWidget();
            nameless.append(QStringLiteral("%1 \"%2\" in %3")
                                .arg(className, widget->objectName(), parent ? parent->objectName() : QString()));
        }
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
    form->close();
}

void TestShell::everyCommandCanBeReachedByKeyboard()
{
    QSet<QAction*> inMenus;
    std::function<void(const QList<QAction*>&)> walk = [&](const QList<QAction*>& actions) {
        for (QAction* action : actions) {
            if (action->menu())
                walk(action->menu()->actions());
            else
                inMenus.insert(action);
        }
    };
    const auto top = m_window->menuBar()->actions();
    for (const QAction* action : top) QVERIFY2(action->text().contains(QLatin1Char('&')), qPrintable(action->text()));
    walk(top);
    QSet<QString> shortcuts;
    for (const Command& command : m_window->commands().all()) {
        QVERIFY2(inMenus.contains(m_window->commands().action(command.id)), qPrintable(command.id));
        QVERIFY2(!command.tip.isEmpty() && !command.text.isEmpty(), qPrintable(command.id));
        if (command.shortcut.isEmpty()) continue;
        const QString keys = command.shortcut.toString();
        QVERIFY2(!shortcuts.contains(keys), qPrintable(keys));
        shortcuts.insert(keys);
    }
}

/// The menus alone: Alt and letters to the entry, Return; and the palette finds each command by its whole name.
void TestShell::everyEnabledCommandIsFoundByItsName()
{
    connectWindow();
    m_window->commands().refresh();
    for (const Command& command : m_window->commands().all()) {
        if (!m_window->commands().action(command.id)->isEnabled()) continue;
        if (command.id == QLatin1String("help.palette")) {
            QVERIFY(!command.shortcut.isEmpty());  // what opens the palette is not in it
            continue;
        }
        CommandPalette palette(m_window->commands(), m_window.get());
        palette.show();
        auto* query = palette.findChild<QLineEdit*>(QStringLiteral("palette.query"));
        QVERIFY(query->hasFocus() || palette.focusWidget() == query);
        query->setText(QString(command.text).remove(QLatin1Char('&')).remove(QChar(0x2026)));
        QVERIFY2(palette.shownIds().contains(command.id), qPrintable(command.id));
        QTest::keyClick(query, Qt::Key_Escape);
    }
}

namespace {

/// Wraps every text that goes through tr(), so that one which does not stands out.
class Marker final : public QTranslator {
public:
    [[nodiscard]] bool isEmpty() const override { return false; }
    QString translate(const char*, const char* source, const char*, int) const override
    {
        return QStringLiteral("[") + QString::fromUtf8(source) + QStringLiteral("]");
    }
};

}  // namespace

void TestShell::everyTextCanBeTranslated()
{
    m_window.reset();
    Marker marker;
    QCoreApplication::installTranslator(&marker);
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->session().client().setBackoff({50, 200, 0.2});
    m_window->show();
    connectWindow();
    RunForm* form = m_window->newRun();
    TRY_VERIFY(form->isEstimated());
    QStringList plain;
    const auto check = [&](const QObject* where, const QString& text) {
        static const QRegularExpression word(QStringLiteral("[A-Za-z]{3}"));
        const QString name = where->objectName();
        // Values, not words: what the engine, the project or the user named.
        static const QStringList data{QStringLiteral("run_form.description"), QStringLiteral("run_form.explanation"),
            QStringLiteral("status.notice"), QStringLiteral("corpora.summary")};
        if (!text.contains(word) || text.contains(QLatin1Char('[')) || data.contains(name) || text == QLatin1String("Pathloom")
            || name.startsWith(QLatin1String("qt_")) || name.startsWith(QLatin1String("run_form.estimate.")))
            return;
        plain.append(QStringLiteral("%1 \"%2\": %3").arg(QLatin1String(where->metaObject()->className()), name, text));
    };
    const auto widgets = m_window->findChildren<QWidget*>();
    for (const QWidget* widget : widgets) {
        if (const auto* label = qobject_cast<const QLabel*>(widget)) check(label, label->text());
        if (const auto* button = qobject_cast<const QAbstractButton*>(widget)) check(button, button->text());
        check(widget, widget->accessibleName());
    }
    const auto actions = m_window->findChildren<QAction*>();
    for (const QAction* action : actions) check(action, action->text());
    for (const Command& command : m_window->commands().all()) {
        QVERIFY2(command.text.contains(QLatin1Char('[')), qPrintable(command.id));
        QVERIFY2(command.tip.contains(QLatin1Char('[')), qPrintable(command.id));
    }
    form->close();
    QCoreApplication::removeTranslator(&marker);
    QVERIFY2(plain.isEmpty(), qPrintable(plain.join(QLatin1Char('\n'))));
}

void TestShell::thePaletteFindsCommands()
{
    QVERIFY(fuzzyScore(QStringLiteral("nr"), QStringLiteral("New Run"))
        > fuzzyScore(QStringLiteral("nr"), QStringLiteral("Open Recent")));
    QCOMPARE(fuzzyScore(QStringLiteral("xyz"), QStringLiteral("New Run")), -1);
    connectWindow();
    auto* palette = new CommandPalette(m_window->commands(), m_window.get());
    palette->show();
    auto* query = palette->findChild<QLineEdit*>(QStringLiteral("palette.query"));
    QTest::keyClicks(query, QStringLiteral("dark th"));
    QCOMPARE(palette->shownIds().value(0), QStringLiteral("theme.dark"));
    QTest::keyClick(query, Qt::Key_Return);
    TRY_COMPARE(m_theme->name(), QStringLiteral("dark"));
    QCOMPARE(m_window->commands().recent().value(0), QStringLiteral("theme.dark"));
}

void TestShell::settingsSurviveARestart()
{
    const QTemporaryDir folder;
    {
        Settings settings;
        settings.addRecentProject(folder.path());
        settings.addRecentProject(QStringLiteral("/gone/away"));
        settings.setLocalWorkers(3);
    }
    m_window->setTheme(QStringLiteral("dark"));
    m_window->resize(1100, 720);
    connectWindow();
    m_window->commands().trigger(QStringLiteral("layout.inspect"));
    QSignalSpy closed(m_window.get(), &MainWindow::closedDown);
    m_window->close();
    TRY_COMPARE(closed.count(), 1);
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->show();
    QCOMPARE(m_theme->name(), QStringLiteral("dark"));
    QCOMPARE(m_window->size(), QSize(1100, 720));
    const Settings settings;
    QCOMPARE(settings.recentProjects(), QStringList{folder.path()});
    QCOMPARE(settings.localWorkers(), 3);
    connectWindow();
    QVERIFY(m_window->dock(QStringLiteral("results"))->isVisible());
    QVERIFY(!m_window->dock(QStringLiteral("sync"))->isVisible());
}

void TestShell::aBrokenEngineIsToldOnTheWelcomePage()
{
    const QTemporaryDir folder;
    m_window->project().engine().setProgram(QStringLiteral("/nonexistent/pathloom-engine"));
    m_window->openFolder(folder.path());
    auto* problem = m_window->findChild<QLabel*>(QStringLiteral("welcome.problem"));
    TRY_VERIFY(problem->isVisible());
    QVERIFY(problem->text().contains(QStringLiteral("/nonexistent/pathloom-engine")));
    QVERIFY(m_window->commands().action(QStringLiteral("project.open"))->isEnabled());
}

void TestShell::levelsAndDifferences()
{
    const auto object = [](const char* json) { return QJsonDocument::fromJson(QByteArray(json)).object(); };
    const QJsonObject spec = object(R"({"model":{"blocks":["full","full","full","full","full"]},
        "topology":{"levels":[{"modules":2,"blocks":[0,1,2,3,4]}]}})");
    const QJsonArray levels = specValue(withLevels(spec, QStringLiteral("2, 3")), QStringLiteral("topology.levels")).toArray();
    QCOMPARE(levels[0].toObject().value(QLatin1String("blocks")).toArray(), (QJsonArray{0, 1}));
    QCOMPARE(levels[1].toObject().value(QLatin1String("blocks")).toArray(), (QJsonArray{2, 3, 4}));
    QVERIFY(withLevels(spec, QStringLiteral("2 x two")).isEmpty());
    QVERIFY(withLevels(spec, QStringLiteral("1 1 1 1 1 1")).isEmpty());
    const SpecDifference gone = specDifference(object(R"({"a":1,"b":2})"), object(R"({"a":1})"));
    QVERIFY(!gone.complete);
    QCOMPARE(specDifference(object(R"({"a":{"x":1}})"), object(R"({"a":{"x":1,"y":"z"}})")).set,
        QStringList{QStringLiteral("a.y=\"z\"")});
    QCOMPARE(fieldOfMessage(QStringLiteral("topology.levels[1].modules must be at least 1, got 0")),
        QStringLiteral("topology.levels"));
    QCOMPARE(fieldOfMessage(QStringLiteral("outer.lr must be positive")), QStringLiteral("outer.lr"));
}

/// Writes every pane to the folder in PATHLOOM_PICTURES, so that a person can look; always checks that nothing is blank.
void TestShell::picturesOfEveryPane()
{
    const QString out = qEnvironmentVariable("PATHLOOM_PICTURES");
    const auto save = [&](const QString& name, QWidget* widget) {
        const QImage image = widget->grab().toImage();
        const QRgb corner = image.pixel(0, 0);
        int different = 0;
        for (int y = 0; y < image.height(); y += 4)
            for (int x = 0; x < image.width(); x += 4) different += image.pixel(x, y) != corner ? 1 : 0;
        QVERIFY2(different > 100, qPrintable(name));
        if (!out.isEmpty()) QVERIFY(image.save(QDir(out).filePath(name + QStringLiteral(".png"))));
    };
    m_window->resize(1440, 900);
    save(QStringLiteral("welcome"), m_window.get());
    connectWindow();
    save(QStringLiteral("empty"), m_window.get());
    RunForm* form = m_window->newRun();
    TRY_VERIFY(form->isEstimated());
    save(QStringLiteral("form"), form);
    m_window->setTheme(QStringLiteral("dark"));
    save(QStringLiteral("form-dark"), form);
    form->close();
    const auto saveDialog = [&](const QString& name, const char* command, const char* className) {
        m_window->commands().trigger(QLatin1String(command));
        QWidget* found = nullptr;
        for (QWidget* widget : QApplication::topLevelWidgets())
            if (widget->isVisible() && widget->inherits(className)) found = widget;
        QVERIFY2(found != nullptr, className);
        save(name, found);
        found->close();
    };
    for (const char* theme : {"dark", "light"}) {
        m_window->setTheme(QLatin1String(theme));
        const QString end = QLatin1Char('-') + QLatin1String(theme);
        saveDialog(QStringLiteral("import") + end, "corpus.import", "pathloom::ImportDialog");
        saveDialog(QStringLiteral("palette") + end, "help.palette", "pathloom::CommandPalette");
        saveDialog(QStringLiteral("shortcuts") + end, "help.shortcuts", "pathloom::ShortcutSheet");
    }
    m_window->setTheme(QStringLiteral("dark"));
    m_window->commands().trigger(QStringLiteral("layout.inspect"));
    v1::Event created;
    created.set_run(1);
    created.mutable_run_created()->set_name("mine");
    created.mutable_run_created()->set_preset("sample-2x2");
    m_engine->append(created);
    v1::Event eval;
    eval.set_run(1);
    eval.mutable_eval_done()->set_split("test");
    eval.mutable_eval_done()->set_route("once");
    eval.mutable_eval_done()->set_result_json(
        R"({"perplexity":42.1,"domains":{"prose":{"perplexity":30.2},"code":{"perplexity":55}},"histogram":[3,4,5,2],
            "routing":{"prose":[3,4,0,0],"code":[0,0,5,2]}})");
    v1::Event plan;
    plan.set_run(1);
    for (int path = 0; path < 4; ++path) plan.mutable_run_planned()->add_paths()->set_path(path);
    m_engine->append(plan);
    m_engine->append(eval);
    TRY_COMPARE(m_window->session().results().rowCount(), 1);
    save(QStringLiteral("inspect-dark"), m_window.get());
    m_window->setTheme(QStringLiteral("light"));
    save(QStringLiteral("inspect"), m_window.get());
    m_engine->stop();
    TRY_COMPARE(m_window->session().client().state(), EngineClient::State::Lost);
    m_window->resize(1024, 700);
    save(QStringLiteral("lost-small"), m_window.get());
    m_window->applyLayout(QStringLiteral("train"));
    QCoreApplication::processEvents();
    save(QStringLiteral("train-small"), m_window.get());
    m_window->commands().trigger(QStringLiteral("project.close"));
    TRY_VERIFY(m_window->welcome()->isVisible());
    saveDialog(QStringLiteral("connect"), "engine.connect", "pathloom::ConnectDialog");
    m_window->welcome()->showProblem(
        QStringLiteral("The engine ended with code 4"), QStringLiteral("cannot open project.sqlite: disk full"));
    save(QStringLiteral("welcome-problem"), m_window.get());
}

}  // namespace pathloom
