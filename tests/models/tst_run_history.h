// SPDX-License-Identifier: GPL-3.0-or-later
// The fold over the event log, against sequences written by hand.
#pragma once

#include <QObject>

namespace pathloom {

class TestRunHistory final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plansAndStepsAreFolded();
    void replayedEventsAreIgnored();
    void activityStartsAndEndsSpans();
    void aLostTaskTurnsItsSpanIntoLost();
    void aKilledWorkerLosesItsOpenSpan();
    void aLeavingWorkerLosesNothing();
    void stageChangesCountTheirOwnTasks();
    void aRepeatedTaskReplacesItsLosses();
    void aDamagedContributionIsTakenBack();
    void onlyTheTestSplitRoutedOnceIsTheResult();
    void linesAreNarrated();
};

}  // namespace pathloom
