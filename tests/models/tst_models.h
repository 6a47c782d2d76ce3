// SPDX-License-Identifier: GPL-3.0-or-later
// Every item model and proxy under QAbstractItemModelTester, and what their roles say.
#pragma once

#include <QObject>

namespace pathloom {

class TestModels final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void runsKeepTheirSelection();
    void runsSayWhatTheyMean();
    void workersCorporaAndDomains();
    void presetsAreReplacedWhole();
    void documentsAreFetchedByPages();
    void staleDocumentPagesAreDropped();
    void logIsFilteredByLevelAndWords();
    void resultsCompareToDense();
    void resultsPrintAsText();
    void wideResultsAreTurned();
    void numbersKeepTheirDigits();
};

}  // namespace pathloom
