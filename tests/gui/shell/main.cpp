// SPDX-License-Identifier: GPL-3.0-or-later
// The real main window against an engine inside the test or the real one, offscreen, with a home of its own.
#include "tests/gui/shell/tst_connect.h"
#include "tests/gui/shell/tst_engine.h"
#include "tests/gui/shell/tst_panes.h"
#include "tests/gui/shell/tst_probe.h"
#include "tests/gui/shell/tst_shell.h"

#include <QApplication>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

int main(int argc, char** argv)
{
    const QTemporaryDir home;
    QFile::setPermissions(home.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}) qputenv(name, home.path().toUtf8());
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    // A function named on the command line belongs to the first; "engine", "connect", "panes" and "probe" pick the others.
    const bool engineOnly = argc > 1 && qstrcmp(argv[1], "engine") == 0;
    if (argc > 1 && qstrcmp(argv[1], "connect") == 0) {
        pathloom::TestConnect connect;
        QStringList arguments = QCoreApplication::arguments();
        arguments.removeAt(1);
        return QTest::qExec(&connect, arguments) == 0 ? 0 : 1;
    }
    if (argc > 1 && qstrcmp(argv[1], "panes") == 0) {
        pathloom::TestPanes panes;
        QStringList arguments = QCoreApplication::arguments();
        arguments.removeAt(1);
        return QTest::qExec(&panes, arguments) == 0 ? 0 : 1;
    }
    if (argc > 1 && qstrcmp(argv[1], "probe") == 0) {
        pathloom::TestProbe probe;
        QStringList arguments = QCoreApplication::arguments();
        arguments.removeAt(1);
        return QTest::qExec(&probe, arguments) == 0 ? 0 : 1;
    }
    int failed = 0;
    if (!engineOnly) {
        pathloom::TestShell shell;
        failed += QTest::qExec(&shell, argc, argv);
    }
    if (argc == 1) {
        pathloom::TestConnect connect;
        failed += QTest::qExec(&connect, argc, argv);
    }
    if (engineOnly || argc == 1) {
        pathloom::TestEngine engine;
        QStringList arguments = QCoreApplication::arguments();
        if (engineOnly) arguments.removeAt(1);
        failed += QTest::qExec(&engine, arguments);
    }
    return failed == 0 ? 0 : 1;
}
