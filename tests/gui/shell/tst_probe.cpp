// SPDX-License-Identifier: GPL-3.0-or-later
// TestProbe.
#include "tests/gui/shell/tst_probe.h"

#include "tests/gui/shell/patience.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/views/common/endpoint_dialog.h"
#include "widgets/views/common/exports.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/contestants_menu.h"
#include "widgets/views/probe/kept_page.h"
#include "widgets/views/probe/loss_page.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/probe/recall_page.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>

#include <cmath>

#define NEEDS_READER()                                                                                                           \
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-probe"))))             \
    QSKIP("pathloom-probe is not part of this build")

namespace pathloom {

void TestProbe::init()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_CACHE_HOME", m_folder->filePath(QStringLiteral("cache")).toUtf8());
    m_theme = std::make_unique<ThemeController>();
    m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
    m_pane = std::make_unique<ProbePane>(*m_theme);
    m_pane->resize(1180, 720);
    m_pane->show();
}

void TestProbe::cleanup()
{
    m_pane.reset();
    m_theme.reset();
    m_folder.reset();
}

QString TestProbe::writeFile(const QString& name, const QByteArray& bytes) const
{
    QFile file(m_folder->filePath(name));
    QDir().mkpath(QFileInfo(file.fileName()).path());
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size()) qFatal("cannot write %s", qPrintable(name));
    return file.fileName();
}

/// A document of drawn words, encoded.
void TestProbe::openProse(int words)
{
    static const char* const known[] = {"the", "river", "was", "seen", "by", "many", "people", "of", "that", "country", "in",
        "winter", "while", "others", "stayed", "at", "home", "and", "read", "old", "letters"};
    QByteArray text;
    quint32 state = 1;
    for (int i = 0; i < words; ++i) {
        state = state * 1664525U + 1013904223U;
        text += known[(state >> 16) % 21];
        text += i % 12 == 11 ? ".\n" : " ";
    }
    text.insert(text.indexOf(".\n", text.size() / 2) + 2, "The vault in Lisbon opens with 7304918. ");
    m_pane->addDocuments({writeFile(QStringLiteral("book.txt"), text)});
    TRY_VERIFY(!m_pane->isBusy());
    TRY_VERIFY(!m_pane->contestants().known().isEmpty());
}

/// PATHLOOM_PICTURES: so that a person can look.
void TestProbe::picture(const QString& name)
{
    const QString out = qEnvironmentVariable("PATHLOOM_PICTURES");
    if (out.isEmpty()) return;
    for (const char* theme : {"dark", "light"}) {
        m_theme->setName(QLatin1String(theme));
        QCoreApplication::processEvents();  // what is restyled at the next turn
        m_theme->applyTo(*qobject_cast<QApplication*>(QCoreApplication::instance()));
        QVERIFY(m_pane->grab().save(QDir(out).filePath(name + QLatin1Char('-') + QLatin1String(theme) + QStringLiteral(".png"))));
    }
}

void TestProbe::exportAll(const QString& name)
{
    for (const char* kind : {"csv", "png", "svg", "pdf"}) {
        const QString path = m_folder->filePath(name + QLatin1Char('.') + QLatin1String(kind));
        Messages::setNextPaths({path});
        m_pane->findChild<QAction*>(QStringLiteral("probe.export.") + QLatin1String(kind))->trigger();
        QVERIFY2(QFileInfo(path).size() > 20, qPrintable(path));
    }
}

void TestProbe::aRefusedQuestionLeavesOnlyItsReason()
{
    NEEDS_READER();
    openProse(300);
    AskPage* ask = m_pane->askPage();
    auto* answer = m_pane->findChild<QLabel*>(QStringLiteral("probe.answer"));
    auto* note = m_pane->findChild<QLabel*>(QStringLiteral("probe.answer.note"));
    ask->ask(QStringLiteral("What opens the vault? ").repeated(200), {});
    QVERIFY(!answer->isHidden());  // where it will stream
    TRY_VERIFY(!m_pane->isBusy());
    QVERIFY(answer->isHidden());
    QVERIFY2(note->text().contains(QStringLiteral("ask it shorter")), qPrintable(note->text()));
    picture(QStringLiteral("probe-refused"));
    ask->ask(QStringLiteral("What opens the vault in Lisbon?"), QStringLiteral("The vault in Lisbon opens with"));
    TRY_VERIFY(!m_pane->isBusy());
    QVERIFY(!answer->isHidden());
}

void TestProbe::contestantsStandSideBySide()
{
    NEEDS_READER();
    openProse(1500);
    auto* button = m_pane->findChild<ChecklistButton*>(QStringLiteral("probe.compare"));
    for (const char* id : {"window", "bm25", "reader:reader-s-base"}) {
        QAction* action = button->menu()->findChild<QAction*>(QStringLiteral("probe.compare.") + QLatin1String(id));
        QVERIFY2(action, id);
        action->trigger();
    }
    QCOMPARE(button->accessibleName(), QStringLiteral("Compare With (3)"));
    AskPage* ask = m_pane->askPage();
    QAbstractItemModelTester tester(&ask->beside(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    ask->ask(QStringLiteral("What opens the vault in Lisbon?"), QStringLiteral("The vault in Lisbon opens with"));
    TRY_VERIFY(!m_pane->isBusy());
    QCOMPARE(ask->beside().rowCount(), 4);
    for (const BesideAnswer& row : ask->beside().rows()) {
        QVERIFY2(!row.waiting && row.problem.isEmpty(), qPrintable(row.contestant + row.problem));
        if (row.contestant == QLatin1String("reader") || row.contestant == QLatin1String("reader:reader-s-base"))
            QVERIFY2(row.text.contains(QStringLiteral("7304918")), qPrintable(row.contestant + row.text));
        if (row.contestant == QLatin1String("window"))  // the vault stands outside of its 512 tokens
            QVERIFY2(!row.text.contains(QStringLiteral("7304918")), qPrintable(row.text));
    }
    picture(QStringLiteral("probe-beside"));

    m_pane->tabs()->setCurrentIndex(1);
    m_pane->findChild<QLineEdit*>(QStringLiteral("probe.lengths"))->setText(QStringLiteral("700 1k"));
    m_pane->findChild<QSpinBox*>(QStringLiteral("probe.depths"))->setValue(3);
    RecallPage* recall = m_pane->recallPage();
    recall->run();
    TRY_VERIFY(!m_pane->isBusy());
    QCOMPARE(recall->cells().size(), 4 * 6);
    const HeatData& data = recall->map()->data();
    QCOMPARE(data.groups.size(), 4);
    QCOMPARE(data.columns.size(), 8);
    QVERIFY(recall->map()->csv().startsWith(QStringLiteral("Depth,\"Reader, 700\",\"Reader, 1.00k\"")));
    // A cell of the other reader: its own answer, and cold the same one.
    const int column = int(data.groups.indexOf(m_pane->contestants().title(QStringLiteral("reader:reader-s-base")))) * 2;
    const QPoint at = recall->map()->cellRect(1, column).center().toPoint();
    QTest::mouseClick(recall->map(), Qt::LeftButton, {}, at);
    QCOMPARE(recall->map()->currentColumn(), column);
    auto* inspector = m_pane->findChild<QPlainTextEdit*>(QStringLiteral("probe.inspector"));
    const QString before = inspector->toPlainText();
    QVERIFY(before.startsWith(m_pane->contestants().title(QStringLiteral("reader:reader-s-base"))));
    QTest::mouseClick(m_pane->findChild<QPushButton*>(QStringLiteral("probe.rerun")), Qt::LeftButton);
    TRY_VERIFY(!m_pane->isBusy());
    const QString after = inspector->toPlainText();
    QVERIFY(after.contains(QStringLiteral("Run cold")));
    QCOMPARE(after.section(QLatin1Char('\n'), 0, 7), before.section(QLatin1Char('\n'), 0, 7));
    exportAll(QStringLiteral("recall"));
    picture(QStringLiteral("probe-recall-beside"));
}

void TestProbe::lossIsDrawnWithItsLawAndKept()
{
    NEEDS_READER();
    writeFile(QStringLiteral("project/project.sqlite"), {});
    m_pane->setProject(m_folder->filePath(QStringLiteral("project")));
    openProse(1500);
    m_pane->tabs()->setCurrentIndex(2);
    LossPage* loss = m_pane->lossPage();
    picture(QStringLiteral("probe-loss-empty"));
    // What does not fit is refused with what would.
    m_pane->findChild<QSpinBox*>(QStringLiteral("probe.loss.windows"))->setValue(200);
    QTest::mouseClick(m_pane->findChild<QPushButton*>(QStringLiteral("probe.loss.run")), Qt::LeftButton);
    TRY_VERIFY(!m_pane->isBusy());
    QVERIFY(m_pane->findChild<QLabel*>(QStringLiteral("probe.loss.note"))
                ->text()
                .contains(QStringLiteral("need a length of at least")));
    QVERIFY(loss->curves().isEmpty() && loss->plot()->isHidden());
    picture(QStringLiteral("probe-loss-refused"));
    m_pane->findChild<QSpinBox*>(QStringLiteral("probe.loss.windows"))->setValue(6);
    m_pane->findChild<QSpinBox*>(QStringLiteral("probe.loss.window"))->setValue(8);
    QTest::mouseClick(m_pane->findChild<QPushButton*>(QStringLiteral("probe.loss.run")), Qt::LeftButton);
    QVERIFY(m_pane->isBusy());
    TRY_VERIFY(!m_pane->isBusy());
    QCOMPARE(loss->curves().size(), 1);
    const LossCurveFacts curve = loss->curves().first();
    QVERIFY(curve.points.size() > 4);
    QCOMPARE(curve.points.last().tokens, 48);
    QCOMPARE(curve.points.last().windowOnly, curve.points.first().windowOnly);  // the same targets at every position
    QVERIFY(curve.fitted && !curve.kept && std::isfinite(curve.r2) && curve.beta < 0);
    QVERIFY(!loss->plot()->isHidden());
    QCOMPARE(loss->plot()->seriesCount(), 3);
    QVERIFY(m_pane->findChild<QLabel*>(QStringLiteral("probe.loss.note"))->text().contains(QStringLiteral("estimated from 6")));
    exportAll(QStringLiteral("loss"));
    picture(QStringLiteral("probe-loss"));
    // The same again is the project's, not measured.
    loss->run();
    TRY_VERIFY(!m_pane->isBusy());
    QVERIFY(loss->curves().first().kept);
    QCOMPARE(loss->curves().first().points, curve.points);
    // A part of the document is said to be one.
    m_pane->findChild<QLineEdit*>(QStringLiteral("probe.loss.length"))->setText(QStringLiteral("1k"));
    loss->run();
    TRY_VERIFY(!m_pane->isBusy());
    QVERIFY(m_pane->findChild<QLabel*>(QStringLiteral("probe.loss.note"))->text().contains(QStringLiteral("The first 1,000 of")));
}

void TestProbe::theProjectsResultsComeBack()
{
    NEEDS_READER();
    m_pane->tabs()->setCurrentIndex(3);
    auto* note = m_pane->findChild<QLabel*>(QStringLiteral("probe.kept.note"));
    QVERIFY(note->text().contains(QStringLiteral("Open a project")));
    writeFile(QStringLiteral("project/project.sqlite"), {});
    const QString project = m_folder->filePath(QStringLiteral("project"));
    m_pane->setProject(project);
    openProse(1200);
    m_pane->tabs()->setCurrentIndex(1);
    m_pane->findChild<QLineEdit*>(QStringLiteral("probe.lengths"))->setText(QStringLiteral("500"));
    m_pane->findChild<QSpinBox*>(QStringLiteral("probe.depths"))->setValue(2);
    m_pane->recallPage()->run();
    TRY_VERIFY(!m_pane->isBusy());
    m_pane->tabs()->setCurrentIndex(3);
    KeptPage* kept = m_pane->keptPage();
    QAbstractItemModelTester tester(&kept->results(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    TRY_COMPARE(kept->results().rowCount(), 2);
    const KeptResult first = kept->results().rows().first();
    QCOMPARE(first.probe, QStringLiteral("needle"));
    QCOMPARE(first.length, 500);
    QVERIFY(first.document.endsWith(QStringLiteral("book.txt")) && !first.question.isEmpty() && !first.right.isEmpty());
    const QString csv = m_folder->filePath(QStringLiteral("kept.csv"));
    QCOMPARE(kept->exports().write(csv), QString());
    QVERIFY(kept->exports().write(m_folder->filePath(QStringLiteral("kept.png"))).contains(QStringLiteral(".csv")));
    picture(QStringLiteral("probe-results"));
    // Another pane, as after a new start: the project still has them. A folder that is no project says so.
    m_pane = std::make_unique<ProbePane>(*m_theme);
    m_pane->resize(1180, 720);
    m_pane->show();
    openProse(1200);
    m_pane->tabs()->setCurrentIndex(3);
    m_pane->setProject(project);
    TRY_COMPARE(m_pane->keptPage()->results().rowCount(), 2);
    m_pane->setProject(m_folder->path());
    note = m_pane->findChild<QLabel*>(QStringLiteral("probe.kept.note"));
    TRY_VERIFY(note->text().contains(QStringLiteral("is no project")));
}

void TestProbe::anEndpointWithoutAKeyringSaysSo()
{
    const QByteArray bus = qgetenv("DBUS_SESSION_BUS_ADDRESS");
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    Contestants contestants;
    contestants.setKnown({});
    ChecklistButton button(QStringLiteral("probe.compare"), QStringLiteral("Compare With"), {});
    showContestants(button, contestants, *m_theme);
    button.show();
    // Ticked without an address, the endpoint asks for one first.
    button.findChild<QAction*>(QStringLiteral("probe.compare.endpoint"))->trigger();
    QVERIFY(button.chosen().isEmpty());
    auto* dialog = button.findChild<EndpointDialog*>();
    QVERIFY(dialog);
    QSignalSpy gone(dialog, &QObject::destroyed);
    auto* problem = dialog->findChild<QLabel*>(QStringLiteral("endpoint.problem"));
    auto* use = dialog->findChild<QPushButton*>(QStringLiteral("endpoint.keep"));
    QTest::mouseClick(use, Qt::LeftButton);
    QVERIFY(problem->text().contains(QStringLiteral("base address")));
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.url")), QStringLiteral("http://127.0.0.1:9/v1"));
    QTest::mouseClick(use, Qt::LeftButton);
    QVERIFY(problem->text().contains(QStringLiteral("model")));
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.model")), QStringLiteral("m-1"));
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.key")), QStringLiteral("secret"));
    QTest::mouseClick(use, Qt::LeftButton);
    TRY_VERIFY(problem->text().contains(QStringLiteral("PATHLOOM_ENDPOINT_KEY")));
    QVERIFY(dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.key"))->text().isEmpty());
    QVERIFY(contestants.chosen().isEmpty());
    if (const QString out = qEnvironmentVariable("PATHLOOM_PICTURES"); !out.isEmpty())
        QVERIFY(dialog->grab().save(QDir(out).filePath(QStringLiteral("probe-endpoint.png"))));
    QTest::mouseClick(use, Qt::LeftButton);  // without a key: some servers want none
    QCOMPARE(contestants.chosen(), QStringList{QStringLiteral("endpoint")});
    QCOMPARE(contestants.title(QStringLiteral("endpoint")), QStringLiteral("m-1"));
    QJsonObject request;
    contestants.addTo(request);
    QVERIFY(!QString::fromUtf8(QJsonDocument(request).toJson()).contains(QStringLiteral("secret")));
    TRY_COMPARE(gone.size(), 1);
    qputenv("DBUS_SESSION_BUS_ADDRESS", bus);
}

void TestProbe::groupsOfAHeatMapAreOnePicture()
{
    HeatMap map(QStringLiteral("map"), QStringLiteral("Map"), *m_theme);
    HeatData data;
    data.rowTitle = QStringLiteral("Depth");
    data.rows = {QStringLiteral("0%"), QStringLiteral("100%")};
    data.groups = {QStringLiteral("Reader"), QStringLiteral("BM25")};
    data.columns = {QStringLiteral("1k"), QStringLiteral("2k"), QStringLiteral("1k"), QStringLiteral("2k")};
    data.cells.resize(8);
    map.setData(data);
    map.resize(500, 200);
    QVERIFY(map.cellRect(0, 2).left() - map.cellRect(0, 1).right() > 8);  // a gap between them, and nothing to click in it
    QTest::mouseClick(
        &map, Qt::LeftButton, {}, QPoint(int(map.cellRect(0, 1).right()) + 5, int(map.cellRect(0, 1).center().y())));
    QCOMPARE(map.currentColumn(), -1);
    for (int column = 0; column < 4; ++column) {
        QTest::mouseClick(&map, Qt::LeftButton, {}, map.cellRect(1, column).center().toPoint());
        QCOMPARE(map.currentColumn(), column);
    }
    QCOMPARE(map.csv().section(QLatin1Char('\n'), 0, 0).trimmed(),
        QStringLiteral("Depth,\"Reader, 1k\",\"Reader, 2k\",\"BM25, 1k\",\"BM25, 2k\""));
}

}  // namespace pathloom
