// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of the theme, the plot and the pictures on the offscreen platform. `gui_pictures --shots DIR` renders them to PNG
// instead.
#include "tests.h"

#include <QApplication>
#include <QStandardPaths>
#include <QtTest>

#include <cstring>
#include <memory>

int main(int argc, char** argv)
{
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QStandardPaths::setTestModeEnabled(true);
    QApplication::setAttribute(Qt::AA_Use96Dpi);
    QApplication application(argc, argv);
    pathloom::ThemeController theme;
    theme.applyTo(application);
    if (argc == 3 && std::strcmp(argv[1], "--shots") == 0) return pathloom::takeShots(theme, QString::fromLocal8Bit(argv[2]));
    if (argc == 2 && std::strcmp(argv[1], "--bench") == 0) return pathloom::runBenches(theme);
    if (argc == 2 && std::strcmp(argv[1], "--scaled") == 0) {
        const std::unique_ptr<QObject> test(pathloom::makeScaledTest(theme));
        return QTest::qExec(test.get());
    }
    if (argc == 2 && std::strcmp(argv[1], "--desktop") == 0) {
        const std::unique_ptr<QObject> test(pathloom::makeDesktopTest());
        return QTest::qExec(test.get());
    }
    int failed = 0;
    for (QObject* test : pathloom::makeTests(theme)) {
        failed += QTest::qExec(test, argc, argv);
        delete test;
    }
    return failed == 0 ? 0 : 1;
}
