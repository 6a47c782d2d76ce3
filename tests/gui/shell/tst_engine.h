// SPDX-License-Identifier: GPL-3.0-or-later
// The window and its local engine: closing, leaving it running, finding it again, and losing it.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/theme/theme.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class TestEngine final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void closingWhileTrainingAsks();
    void aCrashedEngineIsRestartedOnceThenTold();
    void aKilledEngineComesBackOnce();
    void aLeftEngineIsFoundAgain();
    void theFormSpeaksTheEnginesKeys();

private:
    void openWindow();
    [[nodiscard]] bool haveEngine();
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<MainWindow> m_window;
};

}  // namespace pathloom
