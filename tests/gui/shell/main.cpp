// SPDX-License-Identifier: GPL-3.0-or-later
// The real main window against an engine inside the test or the real one, offscreen, with a home of its own.
#include "tests/gui/shell/tst_connect.h"
#include "tests/gui/shell/tst_engine.h"
#include "tests/gui/shell/tst_film.h"
#include "tests/gui/shell/tst_panes.h"
#include "tests/gui/shell/tst_probe.h"
#include "tests/gui/shell/tst_shell.h"
#include "tests/gui/shell/tst_translate.h"

#include <QApplication>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

namespace {

/// The command line without the name of the suite.
template <class Suite>
int runSuite()
{
    Suite suite;
    QStringList arguments = QCoreApplication::arguments();
    arguments.removeAt(1);
    return QTest::qExec(&suite, arguments) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    const QTemporaryDir home;
    QFile::setPermissions(home.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}) qputenv(name, home.path().toUtf8());
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    // A function named on the command line belongs to the first; these words pick the others.
    const QByteArray suite(argc > 1 ? argv[1] : "");
    if (suite == "connect") return runSuite<pathloom::TestConnect>();
    if (suite == "engine") return runSuite<pathloom::TestEngine>();
    if (suite == "film") return runSuite<pathloom::TestFilm>();
    if (suite == "panes") return runSuite<pathloom::TestPanes>();
    if (suite == "probe") return runSuite<pathloom::TestProbe>();
    if (suite == "translate") return runSuite<pathloom::TestTranslate>();
    pathloom::TestShell shell;
    int failed = QTest::qExec(&shell, argc, argv);
    if (argc == 1) {
        pathloom::TestConnect connect;
        pathloom::TestEngine engine;
        failed += QTest::qExec(&connect, argc, argv) + QTest::qExec(&engine, argc, argv);
    }
    return failed == 0 ? 0 : 1;
}
