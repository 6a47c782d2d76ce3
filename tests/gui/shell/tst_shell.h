// SPDX-License-Identifier: GPL-3.0-or-later
// The window as a user meets it.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/theme/theme.h"

#include <QObject>

#include <memory>

namespace pathloom {

class TestShell final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void connectsAndLists();
    void startsARunFromTheForm();
    void showsProblemsAtTheirField();
    void eventsUpdateThePanes();
    void aLostEngineKeepsItsDataAndComesBackBySequence();
    void aWrongTokenIsRefused();
    void killingAWorkerAsksFirst();
    void everyFocusableWidgetHasAName();
    void everyCommandCanBeReachedByKeyboard();
    void everyEnabledCommandIsFoundByItsName();
    void everyTextCanBeTranslated();
    void thePaletteFindsCommands();
    void settingsSurviveARestart();
    void aBrokenEngineIsToldOnTheWelcomePage();
    void levelsAndDifferences();
    void picturesOfEveryPane();

private:
    void connectWindow();
    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<FakeEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;
};

}  // namespace pathloom
