// SPDX-License-Identifier: GPL-3.0-or-later
// TestPanes.
#include "tests/gui/shell/tst_panes.h"

#include "tests/gui/shell/patience.h"
#include "widgets/models/text_lines.h"
#include "widgets/views/common/heat_map.h"
#include "widgets/views/common/messages.h"
#include "widgets/views/common/share_bars.h"
#include "widgets/views/common/table.h"
#include "widgets/views/probe/ask_page.h"
#include "widgets/views/probe/density_strip.h"
#include "widgets/views/probe/probe_pane.h"
#include "widgets/views/probe/recall_page.h"
#include "widgets/views/probe/text_view.h"
#include "widgets/views/router/flow_picture.h"
#include "widgets/views/router/router_map.h"
#include "widgets/views/router/router_pane.h"
#include "widgets/views/router/router_tabs.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTabWidget>

#include <csignal>

// A build without the engine's programs has no reader to talk to.
#define NEEDS_READER()                                                                                                           \
    if (!QFileInfo::exists(QDir(QCoreApplication::applicationDirPath()).filePath(QStringLiteral("pathloom-probe"))))             \
    QSKIP("pathloom-probe is not part of this build")

namespace pathloom {
namespace {

v1::Event created()
{
    v1::Event event;
    event.set_run(1);
    event.mutable_run_created()->set_name("mine");
    return event;
}

v1::Event planned()
{
    v1::Event event;
    event.set_run(1);
    auto* plan = event.mutable_run_planned();
    auto* column = plan->add_columns();
    column->set_name("level0");
    column->set_title("Level 0");
    column->set_modules(1);
    auto* module = plan->add_modules();
    module->set_name("level0.0");
    for (int path = 0; path < 3; ++path) {
        module->add_paths(path);
        auto* info = plan->add_paths();
        info->set_path(path);
        info->add_modules(0);
    }
    return event;
}

v1::Event shards(int routing)
{
    v1::Event event;
    event.set_run(1);
    auto* m = event.mutable_shards();
    m->set_router("discriminative");
    m->set_routing(routing);
    m->set_phase(routing * 2);
    m->add_domains("prose");
    m->add_domains("code");
    for (int path = 0; path < 3; ++path) {
        auto* shard = m->add_shards();
        shard->set_path(path);
        shard->set_sequences(100 * (path + 1));
        shard->add_by_domain(60);
        shard->add_by_domain(40);
    }
    if (routing > 0) {
        const int moves[4][3] = {{0, 0, 80}, {0, 1, 20}, {1, 1, 200}, {2, 2, 300}};
        for (const auto& move : moves) {
            auto* flow = m->add_flow();
            flow->set_from(move[0]);
            flow->set_to(move[1]);
            flow->set_sequences(move[2]);
        }
    }
    return event;
}

v1::Event stepped(int version, float cosine)
{
    v1::Event event;
    event.set_run(1);
    auto* m = event.mutable_module_stepped();
    m->set_module("level0.0");
    m->set_version(version);
    for (int path = 0; path < 3; ++path) {
        m->add_paths(path);
        m->add_path_norms(1);
    }
    for (const float value : {cosine, 0.25f, -0.5f}) m->add_path_cosines(value);
    return event;
}

}  // namespace

void TestPanes::init()
{
    openWindow();
}

void TestPanes::cleanup()
{
    closeWindow();
}

RouterPane* TestPanes::openRouter()
{
    m_window->commands().trigger(QStringLiteral("view.router"));
    return qobject_cast<RouterPane*>(m_window->pane(QStringLiteral("router")));
}

ProbePane* TestPanes::openProbe()
{
    m_window->applyLayout(QStringLiteral("probe"));
    return qobject_cast<ProbePane*>(m_window->pane(QStringLiteral("probe")));
}

QByteArray TestPanes::prose(int words) const
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
    return text;
}

void TestPanes::theRouterShowsWhoGotWhat()
{
    connectWindow();
    RouterPane* router = openRouter();
    QAbstractItemModelTester tester(&router->documents(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (const auto& event : {created(), planned(), shards(0)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    const HeatData& data = router->confusion()->data();
    QCOMPARE(data.rows, (QStringList{QStringLiteral("0"), QStringLiteral("1"), QStringLiteral("2")}));
    QCOMPARE(data.columns, (QStringList{QStringLiteral("prose"), QStringLiteral("code")}));
    QCOMPARE(data.cells[0].text, QStringLiteral("10%"));  // 10 of 10 + 30 + 60
    QCOMPARE(data.cells[4].text, QStringLiteral("60%"));
    QVERIFY(data.cells[4].tip.contains(QStringLiteral("60 sequences")));
    QCOMPARE(data.bars[2], QStringLiteral("300"));
    QCOMPARE(router->map()->pointCount(), 2);
    // The documents of a path come a page at a time, those of another when its row is chosen.
    TRY_VERIFY(router->documents().total() == 500);
    QVERIFY(router->documents().rowCount() < 500);
    QCOMPARE(router->documents().index(0, 0).data().toString(), QStringLiteral("3 of 4"));
    QTest::mouseClick(router->confusion(), Qt::LeftButton, {}, router->confusion()->cellRect(2, 1).center().toPoint());
    TRY_VERIFY(router->findChild<QLabel*>(QStringLiteral("router.documents.title"))->text().startsWith(QStringLiteral("Path 2")));
    picture(QStringLiteral("router-shards"));
}

void TestPanes::aTypedTextIsRoutedLive()
{
    connectWindow();
    RouterPane* router = openRouter();
    for (const auto& event : {created(), planned(), shards(0)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    router->tabs()->setCurrentIndex(1);
    auto* text = router->findChild<QPlainTextEdit*>(QStringLiteral("router.text"));
    auto* bars = router->findChild<ShareBars*>(QStringLiteral("router.text.shares"));
    QTest::keyClicks(text, QStringLiteral("int main"));
    TRY_COMPARE(bars->bars().size(), 2);
    QCOMPARE(bars->bars()[0].name, QStringLiteral("path 1"));
    QCOMPARE(bars->bars()[0].text, QStringLiteral("75.0%"));
    QVERIFY(router->findChild<QLabel*>(QStringLiteral("router.text.note"))->text().contains(QStringLiteral("2 of 32")));
    const auto calls = m_engine->calls();
    QVERIFY2(std::count(calls.begin(), calls.end(), "RouteText") <= 4, "a key press is not a call");
    picture(QStringLiteral("router-map"));
    text->clear();
    TRY_VERIFY(bars->bars().isEmpty());
}

void TestPanes::aReshardingIsShownAsFlow()
{
    connectWindow();
    RouterPane* router = openRouter();
    for (const auto& event : {created(), planned(), shards(0)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    QCOMPARE(router->flow()->movedSequences(), 0);
    m_engine->append(shards(1));
    TRY_COMPARE(router->flow()->movedSequences(), 20);
    QCOMPARE(router->flow()->allSequences(), 600);
    router->tabs()->setCurrentIndex(2);
    QVERIFY(router->findChild<QLabel*>(QStringLiteral("router.flow.text"))->text().contains(QStringLiteral("20 of 600")));
    QVERIFY(router->flow()->csv().contains(QStringLiteral("0,1,20")));
    picture(QStringLiteral("router-flow"));
}

void TestPanes::gradientsAreShownOverTime()
{
    connectWindow();
    RouterPane* router = openRouter();
    for (const auto& event : {created(), planned(), shards(0), stepped(1, 0.75f), stepped(2, -0.75f)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    router->tabs()->setCurrentIndex(3);
    HeatMap* matrix = router->gradients()->matrix();
    TRY_VERIFY(matrix->data().cells.size() == 9);
    const auto cell = [&](int a, int b) { return matrix->data().cells[a * 3 + b].value; };
    QCOMPARE(cell(0, 1), -0.75);  // the newest step
    QCOMPARE(cell(1, 0), -0.75);
    QCOMPARE(cell(0, 2), 0.25);
    QCOMPARE(cell(1, 2), -0.5);
    QCOMPARE(cell(2, 2), 1.0);
    QVERIFY(matrix->data().diverging);
    auto* slider = router->findChild<QSlider*>(QStringLiteral("router.gradients.step"));
    QCOMPARE(slider->maximum(), 1);
    slider->setValue(0);
    QCOMPARE(cell(0, 1), 0.75);
    m_engine->append(stepped(3, 0.5f));  // who looks at the past is not carried away
    TRY_COMPARE(slider->maximum(), 2);
    QCOMPARE(cell(0, 1), 0.75);
    picture(QStringLiteral("router-gradients"));
}

void TestPanes::theRouterHasItsStates()
{
    connectWindow();
    RouterPane* router = openRouter();
    TRY_COMPARE(router->state(), PaneFrame::State::Empty);
    m_engine->append(created());
    TRY_COMPARE(router->state(), PaneFrame::State::Loading);
    {
        const std::lock_guard lock(m_engine->mutex);
        m_engine->routingError = "the features are lost";
    }
    for (const auto& event : {planned(), shards(0)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Error);
    {
        const std::lock_guard lock(m_engine->mutex);
        m_engine->routingError.clear();
    }
    m_engine->append(shards(1));
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    m_engine->stop();
    TRY_COMPARE(router->state(), PaneFrame::State::Lost);
    QCOMPARE(router->confusion()->data().rows.size(), 3);
}

void TestPanes::heatMapsExportWhatTheyShow()
{
    connectWindow();
    RouterPane* router = openRouter();
    for (const auto& event : {created(), planned(), shards(0)}) m_engine->append(event);
    TRY_COMPARE(router->state(), PaneFrame::State::Content);
    QCOMPARE(router->confusion()->csv().section(QLatin1Char('\n'), 0, 1), QStringLiteral("Path,prose,code\n0,0.1,0.1"));
    for (const char* kind : {"csv", "png", "svg", "pdf"}) {
        const QString path = m_folder->filePath(QStringLiteral("out.") + QLatin1String(kind));
        Messages::setNextPaths({path});
        router->findChild<QAction*>(QStringLiteral("router.export.") + QLatin1String(kind))->trigger();
        QVERIFY2(QFileInfo(path).size() > 20, kind);
    }
    const QImage image(m_folder->filePath(QStringLiteral("out.png")));
    QVERIFY(image.width() >= 2 * router->confusion()->width());
    QFile svg(m_folder->filePath(QStringLiteral("out.svg")));
    QVERIFY(svg.open(QIODevice::ReadOnly));
    QVERIFY(svg.readAll().contains("Sequences of mine by path and domain"));
    QVERIFY(router->confusion()->exportTo(QStringLiteral("/nonexistent/out.png")).contains(QStringLiteral("cannot write")));
    QVERIFY(router->confusion()->exportTo(m_folder->filePath(QStringLiteral("out.bmp"))).contains(QStringLiteral(".svg")));
}

void TestPanes::heatMapsAreMovedInByKeyboard()
{
    HeatMap map(QStringLiteral("map"), QStringLiteral("Map"), *m_theme);
    HeatData data;
    data.rows = {QStringLiteral("a"), QStringLiteral("b")};
    data.columns = {QStringLiteral("x"), QStringLiteral("y")};
    data.cells.resize(4);
    map.setData(data);
    map.resize(300, 200);
    QSignalSpy activated(&map, &HeatMap::activated);
    QTest::keyClick(&map, Qt::Key_Down);
    QCOMPARE(map.currentRow(), 0);
    for (const auto key : {Qt::Key_Down, Qt::Key_Down, Qt::Key_Right, Qt::Key_Right, Qt::Key_Return}) QTest::keyClick(&map, key);
    QCOMPARE(activated.size(), 1);
    QCOMPARE(activated[0][0].toInt(), 1);
    QCOMPARE(activated[0][1].toInt(), 1);
}

void TestPanes::aLongTextOpensAtOnce()
{
    QByteArray text;
    const QByteArray line = "Nothing on this line is like what stands on the one before it, or so they said then.\n";
    while (text.size() < 100 << 20) text += line.repeated(1 << 14);
    const QString file = writeFile(QStringLiteral("long.txt"), text);
    DocumentText document;
    TextView view(document, *m_theme);
    view.resize(600, 400);
    view.show();
    QElapsedTimer clock;
    clock.start();
    QCOMPARE(document.open(file), QString());
    view.grab();
    const qint64 first = clock.elapsed();
    QVERIFY2(first < 2000, qPrintable(QString::number(first)));
    QVERIFY(view.linesDrawn() > 5 && view.linesDrawn() < 60);
    QVERIFY(!document.lines().complete());
    view.goTo(text.size() - 10);  // not known yet
    TRY_VERIFY(document.lines().complete());
    QVERIFY(view.firstByte() < text.size() && view.lastByte() >= text.size() - line.size());
    view.grab();
    QVERIFY(view.linesDrawn() < 60);
    QTest::keyClick(&view, Qt::Key_Home);
    QCOMPARE(view.firstByte(), 0);
}

void TestPanes::linesNeverCutACodePoint()
{
    const QByteArray text = QByteArray("\xe2\x82\xac").repeated(200) + "\n\nshort\n" + QByteArray("word ").repeated(60);
    TextLines lines;
    lines.reset(text);
    while (lines.advance()) { }
    QString joined;
    for (qint64 line = 0; line < lines.count(); ++line) {
        QVERIFY(lines.end(line) - lines.begin(line) <= TextLines::longest);
        QVERIFY(!lines.string(line).contains(QChar(QChar::ReplacementCharacter)));
        joined += lines.string(line);
    }
    QCOMPARE(joined, QString::fromUtf8(text).remove(QLatin1Char('\n')));
    QCOMPARE(lines.lineAt(0), 0);
    QCOMPARE(lines.string(lines.lineAt(603)), QStringLiteral("short"));
    lines.reset({});
    QVERIFY(!lines.advance());
    QCOMPARE(lines.count(), 0);
}

void TestPanes::lengthsAreRead()
{
    QCOMPARE(parseLengths(QStringLiteral("4k, 1000 1.5M;4000")), (QVector<qint64>{1000, 4000, 1'500'000}));
    QVERIFY(parseLengths(QStringLiteral("1000, many")).isEmpty());
    QVERIFY(parseLengths(QStringLiteral("10")).isEmpty());
    QVERIFY(parseLengths(QString()).isEmpty());
}

void TestPanes::documentsAreAskedAndTheEvidenceIsMarked()
{
    NEEDS_READER();
    connectWindow();
    ProbePane* probe = openProbe();
    QCOMPARE(probe->state(), PaneFrame::State::Empty);
    QByteArray text = prose(1500);
    const auto at = text.indexOf(".\n", 2000) + 2;
    text.insert(at, "The vault in Lisbon opens with 7304918. ");
    QAbstractItemModelTester tester(&probe->documents(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QAbstractItemModelTester passages(&probe->askPage()->passages(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    writeFile(QStringLiteral("docs/a.txt"), text);
    writeFile(QStringLiteral("docs/b.txt"), "\xef\xbb\xbf" + prose(200).replace("\n", "\r\n"));
    probe->addDocuments({m_folder->filePath(QStringLiteral("docs"))});
    TRY_VERIFY(!probe->isBusy());
    QCOMPARE(probe->state(), PaneFrame::State::Content);
    QCOMPARE(probe->documents().rowCount(), 2);
    QCOMPARE(probe->askPage()->shownDocument(), m_folder->filePath(QStringLiteral("docs/a.txt")));
    auto* question = probe->findChild<QLineEdit*>(QStringLiteral("probe.question"));
    QTest::keyClicks(question, QStringLiteral("What opens the vault in Lisbon?"));
    QTest::keyClicks(
        probe->findChild<QLineEdit*>(QStringLiteral("probe.prefix")), QStringLiteral("The vault in Lisbon opens with"));
    QTest::keyClick(question, Qt::Key_Return);
    QVERIFY(probe->isBusy());
    TRY_VERIFY(!probe->isBusy());
    QVERIFY2(probe->askPage()->answerText().contains(QStringLiteral("7304918")), qPrintable(probe->askPage()->answerText()));
    QVERIFY(probe->askPage()->passages().rowCount() > 0);
    const EvidenceMark best = probe->askPage()->passages().rows().first();
    QVERIFY2(std::abs(best.byte - at) < 60, qPrintable(QString::number(best.byte)));
    QVERIFY(probe->askPage()->strip()->csv().count(QLatin1Char('\n')) > 1);
    // Choosing a place brings it into view.
    QVERIFY(probe->askPage()->textView()->firstByte() <= best.byte && best.byte <= probe->askPage()->textView()->lastByte());
    picture(QStringLiteral("probe-ask"));
}

void TestPanes::recallIsMeasuredAndCellsAreRunAgain()
{
    NEEDS_READER();
    connectWindow();
    ProbePane* probe = openProbe();
    probe->addDocuments({writeFile(QStringLiteral("book.txt"), prose(3000))});
    TRY_VERIFY(!probe->isBusy());
    probe->tabs()->setCurrentIndex(1);
    probe->findChild<QLineEdit*>(QStringLiteral("probe.lengths"))->setText(QStringLiteral("500 1k"));
    probe->findChild<QSpinBox*>(QStringLiteral("probe.depths"))->setValue(3);
    QTest::mouseClick(probe->findChild<QPushButton*>(QStringLiteral("probe.run")), Qt::LeftButton);
    QVERIFY(probe->isBusy());
    TRY_VERIFY(!probe->isBusy());
    RecallPage* recall = probe->recallPage();
    QCOMPARE(recall->cells().size(), 6);
    QCOMPARE(recall->map()->data().rows.size(), 3);
    const auto found
        = std::count_if(recall->cells().begin(), recall->cells().end(), [](const RecallCell& cell) { return cell.found; });
    QVERIFY2(found >= 5, qPrintable(QString::number(found)));
    recall->map()->setFocus();
    QTest::keyClick(recall->map(), Qt::Key_Down);
    auto* inspector = probe->findChild<QPlainTextEdit*>(QStringLiteral("probe.inspector"));
    const QString before = inspector->toPlainText();
    QVERIFY(before.contains(QStringLiteral("Question:")));
    QTest::keyClick(recall->map(), Qt::Key_Return);
    TRY_VERIFY(!probe->isBusy());
    QCOMPARE(recall->cells().size(), 6);
    const QString after = inspector->toPlainText();
    QCOMPARE(
        after.section(QLatin1Char('\n'), 0, 6), before.section(QLatin1Char('\n'), 0, 6));  // the same prompt, the same answer
    picture(QStringLiteral("probe-recall"));
}

void TestPanes::whatIsNoTextIsLeftOut()
{
    NEEDS_READER();
    connectWindow();
    ProbePane* probe = openProbe();
    probe->addDocuments(
        {writeFile(QStringLiteral("blob.bin"), QByteArray("\x00\x01\x02", 3)), writeFile(QStringLiteral("empty.txt"), " \n"),
            writeFile(QStringLiteral("good.txt"), prose(300)), m_folder->filePath(QStringLiteral("gone.txt"))});
    TRY_VERIFY(!probe->isBusy());
    QCOMPARE(probe->documents().rowCount(), 4);
    for (const ProbeDocument& row : probe->documents().rows()) {
        if (row.name.endsWith(QStringLiteral("good.txt")))
            QVERIFY(row.problem.isEmpty() && row.tokens > 100);
        else
            QVERIFY2(!row.problem.isEmpty() && row.tokens == 0, qPrintable(row.name));
    }
}

void TestPanes::aDeadReaderIsToldAndComesBack()
{
    NEEDS_READER();
    connectWindow();
    ProbePane* probe = openProbe();
    probe->addDocuments({writeFile(QStringLiteral("good.txt"), prose(300))});
    TRY_VERIFY(!probe->isBusy());
    ::kill(pid_t(probe->session().processId()), SIGKILL);
    TRY_COMPARE(probe->state(), PaneFrame::State::Error);
    Q_EMIT probe->retryRequested();
    TRY_VERIFY(probe->state() == PaneFrame::State::Content && !probe->isBusy());
    QVERIFY(probe->documents().rows().first().tokens > 100);
}

}  // namespace pathloom
