// SPDX-License-Identifier: GPL-3.0-or-later
// TestEngine.
#include "tests/gui/shell/tst_engine.h"

#include "engine/model/presets.h"
#include "engine/model/spec.h"
#include "tests/gui/shell/patience.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/run_form/spec_fields.h"
#include "widgets/views/welcome/welcome_page.h"

#include <QApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageBox>
#include <QSignalSpy>

#include <csignal>

namespace pathloom {
namespace {

void write(const QString& path, const QByteArray& bytes)
{
    QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

bool alive(qint64 pid)
{
    return ::kill(pid_t(pid), 0) == 0;
}

}  // namespace

void TestEngine::init()
{
    QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("pathloom"), QStringLiteral("pathloom")).clear();
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    m_theme = std::make_unique<ThemeController>();
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
    openWindow();
}

void TestEngine::cleanup()
{
    m_window.reset();
    m_theme.reset();
    m_folder.reset();
}

void TestEngine::openWindow()
{
    m_window = std::make_unique<MainWindow>(*m_theme);
    m_window->session().client().setBackoff({50, 200, 0.2});
    m_window->setWorkers(0);
    m_window->show();
}

bool TestEngine::haveEngine()
{
    return QFileInfo(m_window->project().engine().program()).isExecutable();
}

void TestEngine::closingWhileTrainingAsks()
{
    FakeEngine engine;
    {
        const std::lock_guard lock(engine.mutex);
        auto& run = engine.runs.emplace_back();
        run.set_id(1);
        run.set_name("mine");
        run.set_state(v1::RUN_STATE_RUNNING);
    }
    const QJsonObject note{{QStringLiteral("address"), QString::fromStdString(engine.address())},
        {QStringLiteral("pid"), QCoreApplication::applicationPid()}};
    write(m_folder->filePath(QStringLiteral(".engine/engine.json")), QJsonDocument(note).toJson());
    write(m_folder->filePath(QStringLiteral(".engine/operator.token")), "secret\n");
    const auto calls = [&](const char* name) {
        const auto all = engine.calls();
        return std::count(all.begin(), all.end(), name);
    };
    const auto open = [this] {
        m_window->openFolder(m_folder->path());
        TRY_VERIFY(m_window->session().hasRunningRuns());
    };
    open();
    QVERIFY(!m_window->project().engine().isChild());

    QSignalSpy closed(m_window.get(), &MainWindow::closedDown);
    Messages::setNextAnswer(2);  // Cancel
    m_window->close();
    QVERIFY(Messages::lastQuestion().contains(QStringLiteral("training")));
    QVERIFY(m_window->isVisible());
    QVERIFY(m_window->isEnabled());
    QVERIFY(m_window->session().client().isConnected());
    QCOMPARE(closed.count(), 0);

    Messages::setNextAnswer(1);  // Leave It Running
    m_window->close();
    TRY_COMPARE(closed.count(), 1);
    QCOMPARE(calls("Shutdown"), 0);

    openWindow();
    open();
    QSignalSpy closedAgain(m_window.get(), &MainWindow::closedDown);
    Messages::setNextAnswer(0);  // Stop the Engine
    m_window->close();
    TRY_COMPARE(closedAgain.count(), 1);
    QCOMPARE(calls("Shutdown"), 1);

    openWindow();
    {
        const std::lock_guard lock(engine.mutex);
        engine.runs[0].set_state(v1::RUN_STATE_DONE);
    }
    m_window->openFolder(m_folder->path());
    TRY_COMPARE(m_window->session().runs().rowCount(), 1);
    QSignalSpy closedQuietly(m_window.get(), &MainWindow::closedDown);
    m_window->close();  // nothing trains: nothing to ask
    TRY_COMPARE(closedQuietly.count(), 1);
}

/// A program that announces itself and falls over, twice.
void TestEngine::aCrashedEngineIsRestartedOnceThenTold()
{
    const QString program = m_folder->filePath(QStringLiteral("engine"));
    write(program, R"(#!/bin/sh
mkdir -p "$2/.engine"
echo secret > "$2/.engine/operator.token"
echo start >> "$2/starts"
echo "the disk is on fire" >&2
echo '{"ready":true,"address":"127.0.0.1:1"}'
kill -SEGV $$
)");
    QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    LocalEngine& engine = m_window->project().engine();
    engine.setProgram(program);
    QSignalSpy restarting(&engine, &LocalEngine::restarting);
    QSignalSpy failed(&engine, &LocalEngine::failed);
    m_window->openFolder(m_folder->path());
    TRY_COMPARE(failed.count(), 1);
    QCOMPARE(restarting.count(), 1);
    QCOMPARE(engine.state(), LocalEngine::State::Failed);
    QVERIFY(engine.errorText().contains(QStringLiteral("crashed")));
    QVERIFY(engine.errorDetails().contains(QStringLiteral("the disk is on fire")));
    QFile starts(m_folder->filePath(QStringLiteral("starts")));
    QVERIFY(starts.open(QIODevice::ReadOnly));
    QCOMPARE(starts.readAll().count("start"), 2);
    auto* box = m_window->findChild<QMessageBox*>(QStringLiteral("problem"));
    QVERIFY(box != nullptr);
    QVERIFY(box->isVisible());
    QVERIFY(box->text().contains(QStringLiteral("crashed")));
    QVERIFY(box->detailedText().contains(QStringLiteral("the disk is on fire")));
    box->close();
}

void TestEngine::aKilledEngineComesBackOnce()
{
    if (!haveEngine()) QSKIP("pathloom-engine is not in this build");
    m_window->openFolder(m_folder->path());
    TRY_VERIFY(m_window->session().client().isConnected());
    const qint64 first = m_window->session().client().facts().pid;
    QVERIFY(first > 0 && first != QCoreApplication::applicationPid());
    QSignalSpy failed(&m_window->project().engine(), &LocalEngine::failed);
    QCOMPARE(::kill(pid_t(first), SIGKILL), 0);
    TRY_COMPARE(m_window->project().engine().restarts(), 1);
    TRY_VERIFY(m_window->session().client().isConnected() && m_window->session().client().facts().pid != first);
    const qint64 second = m_window->session().client().facts().pid;
    QCOMPARE(::kill(pid_t(second), SIGKILL), 0);
    TRY_COMPARE(failed.count(), 1);
    QVERIFY(m_window->project().engine().errorText().contains(QStringLiteral("crashed")));
    QVERIFY(m_window->findChild<QMessageBox*>(QStringLiteral("problem")) != nullptr);
}

void TestEngine::aLeftEngineIsFoundAgain()
{
    if (!haveEngine()) QSKIP("pathloom-engine is not in this build");
    m_window->openFolder(m_folder->path());
    TRY_VERIFY(m_window->session().client().isConnected());
    const qint64 pid = m_window->session().client().facts().pid;
    QVERIFY(m_window->project().engine().isChild());
    QSignalSpy left(&m_window->project(), &Project::closed);
    m_window->project().close(Project::End::LeaveRunning);
    TRY_COMPARE(left.count(), 1);
    m_window.reset();
    QVERIFY(alive(pid));
    openWindow();
    m_window->openFolder(m_folder->path());
    TRY_VERIFY(m_window->session().client().isConnected());
    QCOMPARE(m_window->session().client().facts().pid, pid);
    QVERIFY(!m_window->project().engine().isChild());
    QSignalSpy closed(m_window.get(), &MainWindow::closedDown);
    m_window->close();  // an engine found again is asked to stop, not merely let go of
    TRY_COMPARE(closed.count(), 1);
    // It was our child in the first window's time, so only its note tells when it has ended.
    TRY_VERIFY(!QFileInfo::exists(m_folder->filePath(QStringLiteral(".engine/engine.json"))) || !alive(pid));
}

void TestEngine::theFormSpeaksTheEnginesKeys()
{
    const auto preset = load_preset("sample-2x2");
    QVERIFY(preset);
    const auto spec = parse_run_spec(preset->spec_json, {"model.experts=8"});  // a mixture writes down how it is made
    QVERIFY(spec);
    const auto whole = QJsonDocument::fromJson(QByteArray::fromStdString(to_json(*spec))).object();
    for (const SpecField& field : specFields()) {
        const QJsonValue value = specValue(whole, field.key);
        QVERIFY2(!value.isUndefined(), qPrintable(field.key));
        for (const QString& choice : field.choices) {  // whatever else it may need, each choice is a word the engine knows
            const auto parsed = parse_run_spec(preset->spec_json, {QString(field.key + QLatin1Char('=') + choice).toStdString()});
            const QString message = parsed ? QString() : QString::fromStdString(parsed.error().message);
            QVERIFY2(!message.contains(field.key + QStringLiteral(" must be one of")), qPrintable(message));
        }
    }
    QVERIFY(parse_run_spec(preset->spec_json, {"topology.path_specific.blocks=[0]", "topology.path_specific.embedding=true"}));
    QVERIFY(!parse_run_spec(preset->spec_json, {"outer.combine=nonsense"}));
}

}  // namespace pathloom
