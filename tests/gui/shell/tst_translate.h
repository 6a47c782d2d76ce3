// SPDX-License-Identifier: GPL-3.0-or-later
// The translation lab in the real window: translators and conditions side by side, scores, curves, packs out of one's own files.
#pragma once

#include "tests/gui/shell/window_fixture.h"
#include "widgets/models/translate_facts.h"

#include <QObject>

namespace pathloom {

class PackDialog;
class TranslatePane;
class TranslationColumn;

class TestTranslate final : public QObject, private WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void wordsAreTracedToWhereTheyWereLearnt();
    void everyConditionCanStandInAColumn();
    void whatThePackLacksCannotBeChosen();
    void anEndpointIsAskedOnDemandOnly();
    void thePackIsEvaluated();
    void theCurveHasBothDirectionsAndABand();
    void aBrokenPackIsTold();
    void aPackIsMadeOfOnesOwnFiles();
    void twoFilesGoLineByLine();
    void pointsAreMeansWithTheirRange();

private:
    void openLab();
    void openPartOfThePack(int train, int dev);
    PackDialog* openPackDialog();
    TranslationColumn* column(int number) const;
    void type(const QString& sentence);
    void choose(const QString& box, const QString& id);
    void fillIn(const char* name, const QString& text);

    TranslatePane* m_lab = nullptr;
};

}  // namespace pathloom
