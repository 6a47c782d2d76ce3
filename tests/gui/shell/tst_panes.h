// SPDX-License-Identifier: GPL-3.0-or-later
// The router explorer and the probe in the real window.
#pragma once

#include "tests/gui/shell/window_fixture.h"

#include <QObject>

namespace pathloom {

class RouterPane;
class ProbePane;

class TestPanes final : public QObject, private WindowFixture {
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
    RouterPane* openRouter();
    ProbePane* openProbe();
    [[nodiscard]] QByteArray prose(int words) const;
};

}  // namespace pathloom
