// SPDX-License-Identifier: GPL-3.0-or-later
// The translation lab in the real window: translators and conditions side by side, scores, curves, packs out of one's own files.
#pragma once

#include "app/main_window.h"
#include "tests/gui/shell/fake_engine.h"
#include "widgets/models/translate_facts.h"
#include "widgets/theme/theme.h"

#include <QObject>
#include <QTemporaryDir>

#include <memory>

namespace pathloom {

class PackDialog;
class TranslatePane;
class TranslationColumn;

class TestTranslate final : public QObject {
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
    PackDialog* openPackDialog();
    TranslationColumn* column(int number) const;
    void type(const QString& sentence);
    void choose(const QString& box, const QString& id);
    QString writeFile(const QString& name, const QByteArray& bytes) const;
    void fillIn(const char* name, const QString& text);
    void picture(const QString& name);

    std::unique_ptr<ThemeController> m_theme;
    std::unique_ptr<FakeEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;
    std::unique_ptr<QTemporaryDir> m_folder;
    TranslatePane* m_lab = nullptr;
};

}  // namespace pathloom
