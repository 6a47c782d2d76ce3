// SPDX-License-Identifier: GPL-3.0-or-later
// The real main window against an engine inside the test, offscreen, with a home of its own.
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
    pathloom::TestShell test;
    return QTest::qExec(&test, argc, argv);
}
