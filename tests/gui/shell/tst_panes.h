// SPDX-License-Identifier: GPL-3.0-or-later
// The router explorer and the probe in the real window.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/theme/theme.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class RouterPane;
class ProbePane;

class TestPanes final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void theRouterShowsWhoGotWhat();
    void aTypedTextIsRoutedLive();
    void aReshardingIsShownAsFlow();
    void gradientsAreShownOverTime();
    void theRouterHasItsStates();
    void heatMapsExportWhatTheyShow();
    void heatMapsAreMovedInByKeyboard();
    void aLongTextOpensAtOnce();
    void linesNeverCutACodePoint();
    void lengthsAreRead();
    void documentsAreAskedAndTheEvidenceIsMarked();
    void recallIsMeasuredAndCellsAreRunAgain();
    void whatIsNoTextIsLeftOut();
    void aDeadReaderIsToldAndComesBack();

private:
    void connectWindow();
    RouterPane* openRouter();
    ProbePane* openProbe();
    QString writeFile(const QString& name, const QByteArray& bytes) const;
    [[nodiscard]] QByteArray prose(int words) const;
    void picture(const QString& name);

    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<FakeEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<QTemporaryDir> m_folder;
};

}  // namespace pathloom
