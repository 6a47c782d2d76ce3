// SPDX-License-Identifier: GPL-3.0-or-later
// TestTranslate.
#include "tests/gui/shell/tst_translate.h"

#include "tests/gui/shell/patience.h"
#include "tests/reply_server.h"
#include "widgets/plot/plot_widget.h"
#include "widgets/views/common/checklist_button.h"
#include "widgets/views/common/endpoint_dialog.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/translate/curve_page.h"
#include "widgets/views/translate/evaluate_page.h"
#include "widgets/views/translate/pack_dialog.h"
#include "widgets/views/translate/translate_page.h"
#include "widgets/views/translate/translate_pane.h"
#include "widgets/views/translate/translation_column.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>

// A build without the engine's programs has no translator to talk to.
#define NEEDS_READER()                                                                                                           \
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-probe"))))             \
    QSKIP("pathloom-probe is not part of this build")

namespace pathloom {

void TestTranslate::init()
{
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");  // no keyring, whatever the desktop has
    openWindow();
}

void TestTranslate::cleanup()
{
    closeWindow();
}

/// The pack that ships, open.
void TestTranslate::openLab()
{
    connectWindow();
    m_window->applyLayout(QStringLiteral("probe"));
    m_window->commands().trigger(QStringLiteral("view.translate"));
    m_lab = qobject_cast<TranslatePane*>(m_window->pane(QStringLiteral("translate")));
    TRY_COMPARE(m_lab->state(), PaneFrame::State::Content);
    QCOMPARE(m_lab->pack().name, QStringLiteral("lumi"));
}

/// The beginning of the pack that ships, so that much can be measured in little time.
void TestTranslate::openPartOfThePack(int train, int dev)
{
    const auto lines = [this](const char* name, int most) {
        QFile file(m_lab->pack().folder + QLatin1Char('/') + QLatin1String(name));
        if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", name);
        QByteArray text;
        for (int i = 0; i <= most && !file.atEnd(); ++i) text += file.readLine();
        writeFile(QStringLiteral("part/") + QLatin1String(name), text);
    };
    lines("sentences.train.tsv", train);
    lines("sentences.dev.tsv", dev);
    lines("dictionary.tsv", 1000);
    Messages::setNextPaths({m_folder->filePath(QStringLiteral("part"))});
    m_lab->findChild<QAction*>(QStringLiteral("translate.open"))->trigger();
    TRY_COMPARE(m_lab->pack().name, QStringLiteral("part"));
}

TranslationColumn* TestTranslate::column(int number) const
{
    return m_lab->page()->columns().at(number - 1);
}

void TestTranslate::type(const QString& sentence)
{
    auto* edit = m_lab->findChild<QPlainTextEdit*>(QStringLiteral("translate.sentence"));
    edit->selectAll();
    QTest::keyClicks(edit, sentence);
    TRY_VERIFY(!m_lab->page()->isWaiting());
}

/// As a person does it, with the list's own signal.
void TestTranslate::choose(const QString& box, const QString& id)
{
    auto* combo = m_lab->findChild<QComboBox*>(box);
    QVERIFY2(combo && combo->findData(id) >= 0, qPrintable(id));
    combo->setCurrentIndex(combo->findData(id));
    Q_EMIT combo->activated(combo->currentIndex());
}

void TestTranslate::wordsAreTracedToWhereTheyWereLearnt()
{
    NEEDS_READER();
    openLab();
    QAbstractItemModelTester parts(&column(3)->parts(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    picture(QStringLiteral("translate-empty"));
    type(QStringLiteral("Nili lepa lenati."));
    for (const TranslationColumn* one : m_lab->page()->columns()) {
        const TranslationFacts& t = one->translation();
        QVERIFY2(!t.text.isEmpty() && t.problem.isEmpty(), qPrintable(one->condition().context + t.problem));
        if (one->condition().context == QLatin1String("words")) QCOMPARE(t.examples, 0);
        if (one->condition().context == QLatin1String("sentences")) QVERIFY(t.examples > 100 && t.dictionary == 0);
    }
    // The whole sentence stands in the pack: that example is found.
    QCOMPARE(column(4)->condition().model, QStringLiteral("nearest"));
    QCOMPARE(column(4)->translation().text, QStringLiteral("The child saw the boat."));
    QStringList words;
    for (const PartFacts& part : column(3)->parts().rows()) {
        words.append(part.target);
        QVERIFY(!part.source.isEmpty());
        if (part.target.contains(QStringLiteral("boat"))) QVERIFY(part.originTarget.contains(QStringLiteral("boat")));
    }
    QVERIFY2(words.join(QLatin1Char(' ')).contains(QStringLiteral("boat")), qPrintable(words.join(QLatin1Char(' '))));
    picture(QStringLiteral("translate"));
    // The other direction asks again.
    m_lab->findChild<QComboBox*>(QStringLiteral("translate.direction"))->setCurrentIndex(1);
    m_lab->page()->setSentence(QStringLiteral("The child saw the boat."));
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QCOMPARE(column(4)->translation().text, QStringLiteral("Nili lepa lenati."));
}

void TestTranslate::everyConditionCanStandInAColumn()
{
    NEEDS_READER();
    openLab();
    type(QStringLiteral("Nili vado wane boluti."));
    while (m_lab->page()->columns().size() > 1)
        QTest::mouseClick(m_lab->findChild<QToolButton*>(QStringLiteral("translate.remove.1")), Qt::LeftButton);
    QVERIFY(!m_lab->findChild<QToolButton*>(QStringLiteral("translate.remove.1"))->isVisible());  // one stays
    choose(QStringLiteral("translate.translator.1"), QStringLiteral("lexical"));
    for (const ContextFacts& context : contexts()) {
        choose(QStringLiteral("translate.context.1"), context.id);
        TRY_VERIFY(!m_lab->page()->isWaiting());
        const TranslationFacts& t = column(1)->translation();
        QVERIFY2(t.problem.isEmpty() && !t.text.isEmpty(), qPrintable(context.id + t.problem));
        QCOMPARE(t.bookPairs > 0, context.id.endsWith(QLatin1String("-book")) && context.id != QLatin1String("no-book"));
        QCOMPARE(t.examples > 0, takesShots(context.id));
        QCOMPARE(m_lab->findChild<QSpinBox*>(QStringLiteral("translate.shots.1"))->isEnabled(), takesShots(context.id));
    }
    m_lab->findChild<QSpinBox*>(QStringLiteral("translate.shots.1"))->setValue(4);
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QCOMPARE(column(1)->translation().examples, 4);
    // The readers look words up in the same context, one column beside the other.
    QTest::mouseClick(m_lab->findChild<QPushButton*>(QStringLiteral("translate.add")), Qt::LeftButton);
    QCOMPARE(m_lab->page()->columns().size(), 2);
    for (const char* model : {"reader", "shipped", "nearest"}) {
        choose(QStringLiteral("translate.translator.2"), QLatin1String(model));
        TRY_VERIFY(!m_lab->page()->isWaiting());
        QVERIFY2(column(2)->translation().problem.isEmpty(), qPrintable(column(2)->translation().problem));
        QVERIFY2(!column(2)->translation().text.isEmpty(), model);
    }
    const QString csv = m_folder->filePath(QStringLiteral("columns.csv"));
    Messages::setNextPaths({csv});
    m_lab->findChild<QAction*>(QStringLiteral("translate.export.csv"))->trigger();
    QFile file(csv);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll().count('\n'), 3);
    picture(QStringLiteral("translate-columns"));
}

void TestTranslate::whatThePackLacksCannotBeChosen()
{
    NEEDS_READER();
    openLab();
    writeFile(QStringLiteral("bare/sentences.train.tsv"), "id\tkgv\teng\na\tb\tc\n");
    Messages::setNextPaths({m_folder->filePath(QStringLiteral("bare"))});
    m_lab->findChild<QAction*>(QStringLiteral("translate.open"))->trigger();
    TRY_COMPARE(m_lab->pack().name, QStringLiteral("bare"));
    const auto* combo = m_lab->findChild<QComboBox*>(QStringLiteral("translate.context.1"));
    const auto* items = qobject_cast<QStandardItemModel*>(combo->model());
    for (const char* lacking : {"words", "half-book", "full-book"}) {
        const int at = combo->findData(QLatin1String(lacking));
        QVERIFY2(!items->item(at)->isEnabled(), lacking);
        QVERIFY(combo->itemText(at).contains(QStringLiteral("the pack has no")));
    }
    QVERIFY(items->item(combo->findData(QStringLiteral("sentences")))->isEnabled());
    // A column that stands on what the last pack had says so, and what to do.
    ConditionFacts book{QStringLiteral("lexical"), QStringLiteral("full-book")};
    column(1)->setCondition(book);
    type(QStringLiteral("b"));
    QVERIFY2(column(1)->translation().problem.contains(QStringLiteral("has no grammar")),
        qPrintable(column(1)->translation().problem));
    picture(QStringLiteral("translate-lacking"));
}

void TestTranslate::anEndpointIsAskedOnDemandOnly()
{
    NEEDS_READER();
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-endpoint"))))
        QSKIP("pathloom-endpoint is not part of this build");
    const std::string good
        = R"({"choices":[{"message":{"role":"assistant","content":"The big child carried the river."}}],"usage":{"total_tokens":90}})";
    ReplyServer server({http("200 OK", good), http("401 Unauthorized", R"({"error":{"message":"no such key"}})")});
    openLab();
    type(QStringLiteral("Nili vado wane boluti."));
    choose(QStringLiteral("translate.translator.1"), QStringLiteral("endpoint"));
    QCOMPARE(column(1)->condition().model, QStringLiteral("lexical"));  // until its address is known
    auto* dialog = m_window->findChild<EndpointDialog*>();
    QVERIFY(dialog);
    dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.url"))->setText(QString::fromStdString(server.url()));
    dialog->findChild<QLineEdit*>(QStringLiteral("endpoint.model"))->setText(QStringLiteral("m-1"));
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("endpoint.keep")), Qt::LeftButton);
    QCOMPARE(column(1)->condition().model, QStringLiteral("endpoint"));
    QCOMPARE(m_lab->findChild<QComboBox*>(QStringLiteral("translate.translator.1"))->currentText(), QStringLiteral("m-1"));
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QVERIFY(column(1)->translation().unsent);
    auto* send = m_lab->findChild<QPushButton*>(QStringLiteral("translate.send"));
    QTest::mouseClick(send, Qt::LeftButton);
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QVERIFY2(column(1)->translation().problem.isEmpty(), qPrintable(column(1)->translation().problem));
    QCOMPARE(column(1)->translation().text, QStringLiteral("The big child carried the river."));
    QVERIFY(std::any_of(column(1)->parts().rows().begin(), column(1)->parts().rows().end(),
        [](const PartFacts& p) { return p.target == QLatin1String("child") && p.origin == QLatin1String("dictionary"); }));
    picture(QStringLiteral("translate-endpoint"));
    // Refused: the column says why; the others have their translations.
    QTest::keyClick(m_lab->findChild<QPlainTextEdit*>(QStringLiteral("translate.sentence")), Qt::Key_Return, Qt::ControlModifier);
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QVERIFY2(
        column(1)->translation().problem.contains(QStringLiteral("no such key")), qPrintable(column(1)->translation().problem));
    QVERIFY(!column(2)->translation().text.isEmpty());
    const std::vector<std::string>& requests = server.requests();
    QCOMPARE(int(requests.size()), 2);  // and typing sent nothing
    QVERIFY(QString::fromStdString(requests[0]).contains(QStringLiteral("Nili vado wane boluti.")));
    // A context that does not fit is refused whole, with its size.
    EndpointFacts small = m_lab->choices().endpoint();
    small.window = 500;
    m_lab->choices().setEndpoint(small);
    choose(QStringLiteral("translate.context.1"), QStringLiteral("full-book"));
    QTest::mouseClick(send, Qt::LeftButton);
    TRY_VERIFY(!m_lab->page()->isWaiting());
    QVERIFY2(column(1)->translation().problem.contains(QStringLiteral("nothing is cut")),
        qPrintable(column(1)->translation().problem));
    picture(QStringLiteral("translate-refused"));
    // Measured, it fails alone.
    m_lab->tabs()->setCurrentWidget(m_lab->evaluation());
    m_lab->findChild<QAction*>(QStringLiteral("translate.score.translators.endpoint"))->trigger();
    m_lab->findChild<QAction*>(QStringLiteral("translate.score.translators.lexical"))->trigger();
    m_lab->evaluation()->run();
    TRY_VERIFY(!m_lab->evaluation()->isRunning());
    const QVector<ScoreFacts>& scores = m_lab->evaluation()->scores().rows();
    QCOMPARE(scores.size(), 8);
    for (const ScoreFacts& score : scores)
        if (score.condition.model == QLatin1String("nearest")) QVERIFY2(score.problem.isEmpty(), qPrintable(score.problem));
    QVERIFY(std::any_of(scores.begin(), scores.end(), [](const ScoreFacts& s) { return !s.problem.isEmpty(); }));
    QVERIFY(m_lab->findChild<QLabel*>(QStringLiteral("translate.evaluate.note"))->text().contains(QStringLiteral("m-1")));
    picture(QStringLiteral("translate-evaluate-failed"));
}

void TestTranslate::thePackIsEvaluated()
{
    NEEDS_READER();
    openLab();
    m_lab->tabs()->setCurrentWidget(m_lab->evaluation());
    QAbstractItemModelTester scores(&m_lab->evaluation()->scores(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    m_lab->findChild<QAction*>(QStringLiteral("translate.score.contexts.half-book"))->trigger();
    m_lab->findChild<QAction*>(QStringLiteral("translate.score.contexts.full-book"))->trigger();
    QTest::mouseClick(m_lab->findChild<QPushButton*>(QStringLiteral("translate.score")), Qt::LeftButton);
    QVERIFY(m_lab->evaluation()->isRunning());
    TRY_VERIFY(!m_lab->evaluation()->isRunning());
    QCOMPARE(m_lab->evaluation()->scores().rowCount(), 12);
    double copied = 0, best = 0;
    for (const ScoreFacts& score : m_lab->evaluation()->scores().rows()) {
        QVERIFY2(score.problem.isEmpty(), qPrintable(score.problem));
        QCOMPARE(score.sentences, 30);
        if (score.condition.context == QLatin1String("zero-shot")) copied = score.chrf;
        best = std::max(best, score.chrf);
    }
    QVERIFY2(best > copied + 20, qPrintable(QStringLiteral("%1 %2").arg(copied).arg(best)));
    picture(QStringLiteral("translate-evaluate"));
    const QString csv = m_folder->filePath(QStringLiteral("scores.csv"));
    Messages::setNextPaths({csv});
    m_lab->findChild<QAction*>(QStringLiteral("translate.export.csv"))->trigger();
    QVERIFY(QFileInfo(csv).size() > 200);
}

void TestTranslate::theCurveHasBothDirectionsAndABand()
{
    NEEDS_READER();
    openLab();
    openPartOfThePack(16, 10);
    m_lab->tabs()->setCurrentWidget(m_lab->curve());
    QAbstractItemModelTester points(&m_lab->curve()->points(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    picture(QStringLiteral("translate-curve-empty"));
    auto* seeds = m_lab->findChild<QSpinBox*>(QStringLiteral("translate.curve.seeds"));
    QCOMPARE(seeds->value(), 3);
    seeds->setValue(2);  // as good a band for a test
    QTest::mouseClick(m_lab->findChild<QPushButton*>(QStringLiteral("translate.curve")), Qt::LeftButton);
    QVERIFY(m_lab->curve()->isRunning());
    TRY_VERIFY(!m_lab->curve()->isRunning());
    const QVector<ShotPoint>& all = m_lab->curve()->points().rows();
    QCOMPARE(all.size(), 2 * shotsUpTo(16).size());
    for (const QString& from : m_lab->pack().languages) {
        QVector<ShotPoint> one;
        std::copy_if(all.begin(), all.end(), std::back_inserter(one), [&](const ShotPoint& p) { return p.from == from; });
        QCOMPARE(one.first().examples, 0);
        QVERIFY(one.last().mean > one.first().mean);
        for (const ShotPoint& point : one) {
            const bool oneChoice = point.examples == 0 || point.examples == one.last().examples;
            QCOMPARE(point.seeds, oneChoice ? 1 : 2);
            QVERIFY(point.low <= point.mean && point.mean <= point.high);
        }
    }
    QCOMPARE(m_lab->curve()->plot()->seriesCount(), 2);
    picture(QStringLiteral("translate-curve"));
    for (const char* kind : {"csv", "png", "svg", "pdf"}) {
        const QString path = m_folder->filePath(QStringLiteral("curve.") + QLatin1String(kind));
        Messages::setNextPaths({path});
        m_lab->findChild<QAction*>(QStringLiteral("translate.export.") + QLatin1String(kind))->trigger();
        QVERIFY2(QFileInfo(path).size() > 20, kind);
    }
    QFile csv(m_folder->filePath(QStringLiteral("curve.csv")));
    QVERIFY(csv.open(QIODevice::ReadOnly));
    QCOMPARE(csv.readAll().count('\n'), int(all.size()) + 1);
}

void TestTranslate::aBrokenPackIsTold()
{
    NEEDS_READER();
    openLab();
    writeFile(QStringLiteral("pack/sentences.train.tsv"), "id\tkgv\teng\na\tb\tc\nd\te\n");
    Messages::setNextPaths({m_folder->filePath(QStringLiteral("pack"))});
    m_lab->findChild<QAction*>(QStringLiteral("translate.open"))->trigger();
    TRY_COMPARE(m_lab->state(), PaneFrame::State::Error);
    picture(QStringLiteral("translate-error"));
    // Mended, it opens; nothing was remembered of the broken one.
    writeFile(QStringLiteral("pack/sentences.train.tsv"), "id\tkgv\teng\na\tb\tc\nd\te\tf\n");
    Q_EMIT m_lab->retryRequested();
    TRY_COMPARE(m_lab->state(), PaneFrame::State::Content);
    QCOMPARE(m_lab->pack().name, QStringLiteral("pack"));
    QVERIFY(!m_lab->findChild<QPushButton*>(QStringLiteral("translate.score"))->isEnabled());  // nothing to score on
}

PackDialog* TestTranslate::openPackDialog()
{
    m_lab->findChild<QAction*>(QStringLiteral("translate.new"))->trigger();
    return m_window->findChild<PackDialog*>();
}

void TestTranslate::fillIn(const char* name, const QString& text)
{
    auto* field = m_window->findChild<QLineEdit*>(QStringLiteral("pack.") + QLatin1String(name));
    QVERIFY2(field, name);
    field->setText(text);
}

void TestTranslate::aPackIsMadeOfOnesOwnFiles()
{
    NEEDS_READER();
    openLab();
    PackDialog* dialog = openPackDialog();
    QVERIFY(dialog);
    const QSignalSpy gone(dialog, &QObject::destroyed);
    const auto* make = dialog->findChild<QPushButton*>(QStringLiteral("pack.make"));
    const auto* problem = dialog->findChild<QLabel*>(QStringLiteral("pack.problem"));
    const auto* holds = dialog->findChild<QLabel*>(QStringLiteral("pack.holds"));
    QVERIFY(!make->isEnabled() && holds->text().contains(QStringLiteral("sentences")));
    picture(QStringLiteral("pack-empty"), dialog);
    fillIn("first", QStringLiteral("xaa"));
    fillIn("second", QStringLiteral("eng"));
    // A row too short: the line is named, and nothing can be made.
    fillIn("sentences", writeFile(QStringLiteral("broken.csv"), "english,xaa\na b,c\nd\n"));
    TRY_VERIFY(problem->text().contains(QStringLiteral("broken.csv line 3 has 1 columns")));
    QVERIFY(!make->isEnabled());
    picture(QStringLiteral("pack-uneven"), dialog);
    fillIn("sentences", writeFile(QStringLiteral("latin.csv"), "english,xaa\ncaf\xe9,c\n"));
    TRY_VERIFY(problem->text().contains(QStringLiteral("not UTF-8: byte 0xe9 in line 2"))
        && problem->text().contains(QStringLiteral("iconv")));
    QByteArray table = "note,english,xaa\n";
    for (const char* verb : {"sees", "wants", "carries", "hears", "makes"})
        for (const char* noun : {"dog", "river", "boat", "mother"})
            table += QByteArray("n,the ") + noun + ' ' + verb + ' ' + noun + "s," + QByteArray(noun).toUpper() + " ko "
                + QByteArray(verb).toUpper() + '\n';
    fillIn("sentences", writeFile(QStringLiteral("good.csv"), table));
    fillIn("dictionary", writeFile(QStringLiteral("words.tsv"), "DOG\tdog\tN\nBOAT\tboat\tN\n"));
    fillIn(
        "grammar", writeFile(QStringLiteral("book.html"), "<html><body><h1>Verbs</h1><p>A verb stands last.</p></body></html>"));
    // The column named like the language is chosen by itself; the other is chosen by hand.
    auto* second = dialog->findChild<QComboBox*>(QStringLiteral("pack.sentences.column2"));
    TRY_VERIFY(dialog->findChild<QComboBox*>(QStringLiteral("pack.sentences.column1"))->currentText() == QLatin1String("xaa"));
    second->setCurrentIndex(second->findText(QStringLiteral("english")));
    Q_EMIT second->activated(second->currentIndex());
    auto* header = dialog->findChild<QAbstractButton*>(QStringLiteral("pack.dictionary.header"));
    TRY_VERIFY(header->isVisible());
    header->click();  // its first row is a word
    TRY_VERIFY(holds->text().contains(QStringLiteral("2 dictionary lines")));
    QVERIFY2(!holds->text().contains(QStringLiteral("no grammar")), qPrintable(holds->text()));
    QVERIFY(!make->isEnabled());  // where it goes is not said yet
    const auto* preview = dialog->findChild<QTableView*>(QStringLiteral("pack.sentences.preview"));
    QCOMPARE(preview->model()->index(0, 2).data().toString(), QStringLiteral("DOG ko SEES"));
    QVERIFY(preview->model()->headerData(1, Qt::Horizontal).toString().contains(QStringLiteral("eng")));
    fillIn("folder", m_folder->filePath(QStringLiteral("made")));
    TRY_VERIFY(make->isEnabled());
    picture(QStringLiteral("pack-ready"), dialog);
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("pack.make")), Qt::LeftButton);
    TRY_COMPARE(gone.size(), 1);
    TRY_COMPARE(m_lab->pack().name, QStringLiteral("made"));
    QCOMPARE(m_lab->pack().languages, (QStringList{QStringLiteral("xaa"), QStringLiteral("eng")}));
    QCOMPARE(m_lab->pack().dictionary, 2);
    QVERIFY(m_lab->pack().grammarBytes > 0);
}

void TestTranslate::twoFilesGoLineByLine()
{
    NEEDS_READER();
    openLab();
    PackDialog* dialog = openPackDialog();
    const auto* problem = dialog->findChild<QLabel*>(QStringLiteral("pack.problem"));
    const auto* holds = dialog->findChild<QLabel*>(QStringLiteral("pack.holds"));
    fillIn("first", QStringLiteral("xaa"));
    fillIn("second", QStringLiteral("eng"));
    fillIn("sentences", writeFile(QStringLiteral("a.txt"), "eins\nzwei\ndrei\n"));
    fillIn("other", writeFile(QStringLiteral("b.txt"), "one\ntwo\n"));
    TRY_VERIFY(problem->text().contains(QStringLiteral("line 3 of a.txt has no counterpart")));
    fillIn("other", writeFile(QStringLiteral("c.txt"), "one\ntwo\nthree\n"));
    TRY_VERIFY(holds->text().contains(QStringLiteral("3 pairs to learn from")));
    const auto* preview = dialog->findChild<QTableView*>(QStringLiteral("pack.sentences.preview"));
    QCOMPARE(preview->model()->index(2, 1).data().toString(), QStringLiteral("three"));
    picture(QStringLiteral("pack-two-files"), dialog);
    dialog->reject();
}

void TestTranslate::pointsAreMeansWithTheirRange()
{
    ScoreFacts score;
    score.condition = {QStringLiteral("lexical"), QStringLiteral("no-book"), 4};
    score.from = QStringLiteral("eng");
    score.examples = 4;
    QVector<ScoreFacts> scores;
    for (const double chrf : {30.0, 33.0, 36.0}) {
        score.chrf = chrf;
        scores.append(score);
    }
    score.problem = QStringLiteral("refused");
    scores.append(score);
    score.problem.clear();
    score.examples = 0;
    score.chrf = 20;
    scores.append(score);
    const QVector<ShotPoint> points = shotPoints(scores);
    QCOMPARE(points.size(), 2);
    QCOMPARE(points[0].examples, 0);
    QCOMPARE(points[1].seeds, 3);
    QCOMPARE(points[1].mean, 33.0);
    QCOMPARE(points[1].low, 30.0);
    QCOMPARE(points[1].high, 36.0);
}

}  // namespace pathloom
