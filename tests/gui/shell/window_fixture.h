// SPDX-License-Identifier: GPL-3.0-or-later
// The real main window beside an engine inside the test, for the suites that look at its panes.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/theme/theme.h"

#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class WindowFixture {
protected:
    /// No settings, a folder of its own, and a warning fails the test.
    void openWindow();
    void closeWindow();
    void connectWindow();
    QString writeFile(const QString& name, const QByteArray& bytes) const;
    /// PATHLOOM_PICTURES: so that a person can look, at the window or at `shown`.
    void picture(const QString& name, QWidget* shown = nullptr);

    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<FakeEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<QTemporaryDir> m_folder;
};

}  // namespace pathloom
