// SPDX-License-Identifier: GPL-3.0-or-later
// The test objects of this program, made by their own files.
#pragma once

#include "widgets/theme/theme.h"

#include <QList>
#include <QObject>
#include <QString>

namespace pathloom {

QObject* makeThemeTest(ThemeController& theme);
QObject* makePlotTest(ThemeController& theme);
QObject* makePathLayoutTest();
QObject* makeSyncLayoutTest();
QObject* makeViewsTest(ThemeController& theme);
/// For a run of its own under dbus-run-session.
QObject* makeDesktopTest();
/// For a run of its own with QT_SCALE_FACTOR=2.
QObject* makeScaledTest(ThemeController& theme);
inline QList<QObject*> makeTests(ThemeController& theme)
{
    return {makeThemeTest(theme), makePlotTest(theme), makePathLayoutTest(), makeSyncLayoutTest(), makeViewsTest(theme)};
}
/// Render every view in both themes and several shapes into `directory`; 0 on success.
int takeShots(ThemeController& theme, const QString& directory);
/// Print paint and replot times; informal budgets, no verdict.
int runBenches(ThemeController& theme);

}  // namespace pathloom
