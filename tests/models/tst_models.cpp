// SPDX-License-Identifier: GPL-3.0-or-later
// Item models.
#include "tests/models/tst_models.h"

#include "widgets/models/documents_model.h"
#include "widgets/models/formats.h"
#include "widgets/models/log_model.h"
#include "widgets/models/results.h"
#include "widgets/models/table_models.h"

#include <QAbstractItemModelTester>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPersistentModelIndex>
#include <QSignalSpy>
#include <QSortFilterProxyModel>
#include <QTest>

namespace pathloom {
namespace {

constexpr auto mode = QAbstractItemModelTester::FailureReportingMode::QtTest;

RunRow run(qint64 id, RunPhase state = RunPhase::Running, qint64 step = 0)
{
    RunRow row;
    row.id = id;
    row.name = QStringLiteral("run %1").arg(id);
    row.state = state;
    row.step = step;
    row.totalSteps = 100;
    return row;
}

ProjectHistory scored()
{
    ProjectHistory history;
    const auto add = [&history](qint64 id, const char* preset, int paths, const char* json) {
        RunHistory& made = history.runs[id];
        made.id = id;
        made.name = made.preset = QLatin1String(preset);
        made.paths.resize(std::size_t(paths));
        made.evalJson = QLatin1String(json);
    };
    add(1, "sample-2x2", 4,
        R"({"perplexity":40,"domains":{"prose":{"perplexity":30,"tokens":5},"code":{"perplexity":50,"tokens":5}},
            "histogram":[1,1,2,0],"routing":{"prose":[1,1,0,0],"code":[0,0,2,0]}})");
    add(2, "dense", 1, R"({"perplexity":50,"domains":{"prose":{"perplexity":45,"tokens":5}},"histogram":[4],"routing":{}})");
    add(3, "flat-4", 4, "");
    return history;
}

}  // namespace

void TestModels::runsKeepTheirSelection()
{
    RunsModel model;
    QAbstractItemModelTester tester(&model, mode);
    QSortFilterProxyModel proxy;
    proxy.setSortRole(SortRole);
    proxy.setSourceModel(&model);
    QAbstractItemModelTester proxyTester(&proxy, mode);
    proxy.sort(RunsModel::Id, Qt::DescendingOrder);
    model.setRows({run(1), run(2), run(10)});
    QCOMPARE(proxy.index(0, 0).data(KeyRole).toLongLong(), qint64(10));  // by number, not by text
    const QPersistentModelIndex second(model.index(1, RunsModel::Name));
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    model.setRows({run(1), run(2, RunPhase::Done, 100), run(3), run(10)});
    QVERIFY(second.isValid());
    QCOMPARE(second.data(KeyRole).toLongLong(), qint64(2));
    QCOMPARE(changes.count(), 1);
    model.setRows({run(2), run(10)});
    QCOMPARE(second.row(), 0);
    QCOMPARE(resets.count(), 0);
    model.setRows({run(10), run(2)});  // another order cannot be merged
    QCOMPARE(resets.count(), 1);
    QCOMPARE(model.rowByKey(2)->id, qint64(2));
    model.setRows({});
    QCOMPARE(proxy.rowCount(), 0);
}

void TestModels::runsSayWhatTheyMean()
{
    RunsModel model;
    RunRow row = run(1, RunPhase::Failed, 25);
    row.reason = QStringLiteral("disk full");
    row.validLoss = 4.56789;
    row.faults = 2;
    model.setRows({row});
    const auto at = [&model](int column, int role) { return model.index(0, column).data(role); };
    QCOMPARE(at(RunsModel::State, Qt::DisplayRole).toString(), QStringLiteral("Failed"));
    QCOMPARE(at(RunsModel::State, Qt::ToolTipRole).toString(), QStringLiteral("disk full"));
    QCOMPARE(at(RunsModel::State, ToneRole).toInt(), int(Tone::Fail));
    QCOMPARE(at(RunsModel::Progress, ShareRole).toDouble(), 0.25);
    QCOMPARE(at(RunsModel::ValidLoss, Qt::DisplayRole).toString(), QStringLiteral("4.568"));
    QCOMPARE(at(RunsModel::TrainLoss, Qt::DisplayRole).toString(), noValue());
    QVERIFY(at(RunsModel::ValidLoss, Qt::TextAlignmentRole).toInt() & Qt::AlignRight);
    QVERIFY(at(RunsModel::Name, Qt::TextAlignmentRole).toInt() & Qt::AlignLeft);
    for (int column = 0; column < model.columnCount(); ++column) {
        QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty());
        QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().isEmpty());
        QVERIFY(!at(column, Qt::ToolTipRole).isNull());
    }
}

void TestModels::workersCorporaAndDomains()
{
    WorkersModel workers;
    QAbstractItemModelTester workersTester(&workers, mode);
    WorkerRow worker;
    worker.id = 3;
    worker.state = QStringLiteral("compute");
    worker.heartbeatAgeMs = 400;
    workers.setRows({worker});
    QCOMPARE(workers.index(0, WorkersModel::Heartbeat).data().toString(), QStringLiteral("0.4 s"));
    QCOMPARE(workers.index(0, WorkersModel::Heartbeat).data(ToneRole).toInt(), int(Tone::None));
    worker.heartbeatAgeMs = 11'000;
    workers.setRows({worker});
    QCOMPARE(workers.index(0, WorkersModel::Heartbeat).data(ToneRole).toInt(), int(Tone::Fail));

    CorporaModel corpora;
    QAbstractItemModelTester corporaTester(&corpora, mode);
    CorpusRow corpus;
    corpus.name = QStringLiteral("sample");
    corpus.rejected = {{QStringLiteral("a.bin"), QStringLiteral("not UTF-8")}};
    corpora.setRows({corpus});
    QCOMPARE(corpora.index(0, CorporaModel::Rejected).data(ToneRole).toInt(), int(Tone::Warn));

    DomainsModel domains;
    QAbstractItemModelTester domainsTester(&domains, mode);
    domains.setDomains({{QStringLiteral("prose"), 1, 300, 900}, {QStringLiteral("code"), 1, 100, 300}});
    QCOMPARE(domains.index(0, DomainsModel::Share).data(ShareRole).toDouble(), 0.75);
    QCOMPARE(domains.index(1, DomainsModel::Share).data().toString(), QStringLiteral("25.0%"));

    RejectedModel rejected;
    QAbstractItemModelTester rejectedTester(&rejected, mode);
    rejected.setRows(corpus.rejected);
    QCOMPARE(rejected.index(0, 1).data().toString(), QStringLiteral("not UTF-8"));
}

void TestModels::presetsAreReplacedWhole()
{
    PresetsModel model;
    QAbstractItemModelTester tester(&model, mode);
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    const QVector<PresetRow> presets{
        {QStringLiteral("dense"), QStringLiteral("Dense"), QStringLiteral("One path"), QStringLiteral("{}")}};
    model.setPresets(presets);
    model.setPresets(presets);
    QCOMPARE(resets.count(), 1);  // the same again keeps the user's choice
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("Dense"));
    QCOMPARE(model.index(0).data(PresetsModel::NameRole).toString(), QStringLiteral("dense"));
}

void TestModels::documentsAreFetchedByPages()
{
    constexpr int total = 450;
    QVector<qint64> asked;
    QObject later;
    DocumentsModel model([&](const QString&, const QString&, qint64 offset, int limit, const DocumentsModel::Answer& answer) {
        asked.append(offset);
        DocumentPage page;
        page.total = total;
        for (qint64 i = offset; i < std::min<qint64>(total, offset + limit); ++i) {
            DocumentRow row;
            row.id = i;
            page.documents.append(row);
        }
        QMetaObject::invokeMethod(
            &later, [answer, page] { answer(page); }, Qt::QueuedConnection);  // as over the wire
    });
    QSignalSpy loaded(&model, &DocumentsModel::loaded);
    model.show(QStringLiteral("sample"));
    QTRY_COMPARE_WITH_TIMEOUT(model.rowCount(), DocumentsModel::pageSize, 40'000);
    QAbstractItemModelTester tester(&model, mode);  // asks for more by itself, as a view does
    model.fetchMore({});
    QTRY_COMPARE_WITH_TIMEOUT(loaded.count(), 2, 40'000);
    model.fetchMore({});
    QTRY_COMPARE_WITH_TIMEOUT(loaded.count(), 3, 40'000);
    QVERIFY(!model.canFetchMore({}));
    QCOMPARE(model.rowCount(), total);
    QCOMPARE(asked, (QVector<qint64>{0, 200, 400}));
    QCOMPARE(model.index(449, DocumentsModel::Id).data().toString(), QStringLiteral("449"));
}

void TestModels::staleDocumentPagesAreDropped()
{
    QVector<DocumentsModel::Answer> answers;
    DocumentsModel model([&answers](const QString&, const QString&, qint64, int, const DocumentsModel::Answer& answer) {
        answers.append(answer);
    });
    QAbstractItemModelTester tester(&model, mode);
    model.show(QStringLiteral("one"));
    model.show(QStringLiteral("two"));
    DocumentPage page;
    page.total = 1;
    page.documents.append(DocumentRow{});
    answers[0](page);
    QCOMPARE(model.rowCount(), 0);
    answers[1](page);
    QCOMPARE(model.rowCount(), 1);
    model.show(QStringLiteral("three"));
    answers[2](fail(ErrorCode::NotFound, "no corpus named '{}'", "three"));
    QCOMPARE(model.error(), QStringLiteral("no corpus named 'three'"));
    QVERIFY(!model.canFetchMore({}));
}

void TestModels::logIsFilteredByLevelAndWords()
{
    LogModel model;
    QAbstractItemModelTester tester(&model, mode);
    LogFilter filter;
    filter.setSourceModel(&model);
    QAbstractItemModelTester filterTester(&filter, mode);
    ProjectHistory history;
    history.log = {{1, 10, 0, QStringLiteral("engine began"), 0}, {4, 40, 2, QStringLiteral("disk full"), 0}};
    history.runs[1].name = QStringLiteral("mine");
    history.runs[1].log = {{2, 20, 1, QStringLiteral("w5 lost a task"), 5}, {3, 30, 0, QStringLiteral("phase done"), 0}};
    history.lastSeq = 4;
    model.sync(history);
    model.sync(history);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.index(1, LogModel::Text).data().toString(), QStringLiteral("w5 lost a task"));  // by sequence number
    QVERIFY(model.lineText(1).contains(QStringLiteral("[run 1] w5 lost a task")));
    filter.setMinimumLevel(1);
    QCOMPARE(filter.rowCount(), 2);
    filter.setMinimumLevel(2);
    QCOMPARE(filter.index(0, LogModel::Text).data().toString(), QStringLiteral("disk full"));
    filter.setMinimumLevel(0);
    filter.setWords(QStringLiteral("MINE"));
    QCOMPARE(filter.rowCount(), 2);
    filter.setWords({});
    filter.setWorker(5);
    QCOMPARE(filter.rowCount(), 1);
    history.log.push_back({5, 50, 0, QStringLiteral("later"), 5});
    history.lastSeq = 5;
    model.sync(history);
    QCOMPARE(filter.rowCount(), 2);
}

void TestModels::resultsCompareToDense()
{
    ResultsModel model;
    QAbstractItemModelTester tester(&model, mode);
    model.setRows(resultRows(scored()));
    QCOMPARE(model.rowCount(), 2);  // the third run is not scored
    QCOMPARE(model.columnCount(), int(ResultsModel::FirstDomain) + 2);
    QCOMPARE(model.index(0, ResultsModel::Ratio).data().toString(), QStringLiteral("0.8000"));
    QCOMPARE(model.index(0, ResultsModel::Perplexity).data(ToneRole).toInt(), int(Tone::Ok));
    QCOMPARE(model.index(1, ResultsModel::Perplexity).data(ToneRole).toInt(), int(Tone::None));
    QCOMPARE(model.index(1, ResultsModel::FirstDomain).data().toString(), noValue());  // dense has no score on code
    ProjectHistory lone = scored();
    lone.runs.erase(2);
    QCOMPARE(resultRows(lone)[0].ratioToDense, 0.0);

    ProjectHistory study;  // a dense run for each seed, all from another preset
    const auto add = [&](qint64 id, const char* name, int seed, double perplexity) {
        RunHistory& run = study.runs[id];
        run.name = QString::fromLatin1(name);
        run.preset = QStringLiteral("sample-4x4");
        run.specJson = QStringLiteral("{\"seed\":%1}").arg(seed);
        run.evalJson = QStringLiteral("{\"perplexity\":%1}").arg(perplexity);
    };
    add(1, "dense/1", 1, 100);
    add(2, "4x4/1", 1, 80);
    add(3, "dense/2", 2, 200);
    add(4, "4x4/2", 2, 150);
    add(5, "4x4/3", 3, 100);
    const auto rows = resultRows(study);
    QCOMPARE(rows[1].ratioToDense, 0.8);
    QCOMPARE(rows[3].ratioToDense, 0.75);
    QCOMPARE(rows[4].ratioToDense, 0.5);  // no dense run of its seed: the newest
}

void TestModels::resultsPrintAsText()
{
    const QString text = resultsText(resultRows(scored()));
    const QStringList lines = text.split(QLatin1Char('\n'));
    QCOMPARE(lines[1].simplified(), QStringLiteral("sample-2x2 4 0 40.00 0.8000 50.00 30.00"));
    QVERIFY(text.contains(QStringLiteral("routing of sample-2x2")));
    QVERIFY(!text.contains(QStringLiteral("routing of dense")));
    QCOMPARE(lines[6].simplified(), QStringLiteral("code 0.0% 0.0% 100% 0.0%").replace(QStringLiteral("0.0%"), percentText(0)));
    const QJsonArray json
        = QJsonDocument::fromJson(resultsJson(resultRows(scored()))).object().value(QLatin1String("results")).toArray();
    QCOMPARE(json[0].toObject().value(QLatin1String("ratio_to_dense")).toDouble(), 0.8);
}

void TestModels::wideResultsAreTurned()
{
    QVector<ResultRow> rows;
    for (int run = 1; run <= 3; ++run) {
        ResultRow row;
        row.run = run;
        row.name = QStringLiteral("model-%1").arg(run);
        row.eval.perplexity = 10.0 * run;
        for (int d = 0; d < 10; ++d) row.eval.domains.insert(QStringLiteral("domain-%1").arg(d), run + d * 0.5);
        rows.append(row);
    }
    const auto widest = [](const QString& text) {
        qsizetype width = 0;
        for (const QString& line : text.split(QLatin1Char('\n'))) width = std::max(width, line.size());
        return width;
    };
    const QString fits = resultsText(rows);
    QVERIFY(widest(fits) <= 150);
    QCOMPARE(fits.section(QLatin1Char('\n'), 1, 1).section(QLatin1Char(' '), 0, 0), QStringLiteral("model-1"));
    for (ResultRow& row : rows) {
        const QMap<QString, double> domains = row.eval.domains;
        for (auto it = domains.begin(); it != domains.end(); ++it)
            row.eval.domains.insert(QStringLiteral("a longer name, ") + it.key(), it.value());
    }
    const QString turned = resultsText(rows);
    QVERIFY(widest(turned) <= 150);
    QStringList lines = turned.split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 25);  // five facts and twenty domains, one a line
    QCOMPARE(lines[0].simplified(), QStringLiteral("model model-1 model-2 model-3"));
    QCOMPARE(lines[3].simplified(), QStringLiteral("test ppl 10.00 20.00 30.00"));
    for (const QString& line : std::as_const(lines)) QCOMPARE(line.size(), lines[0].size());
}

void TestModels::numbersKeepTheirDigits()
{
    QCOMPARE(countText(950), QStringLiteral("950"));
    QCOMPARE(countText(12'345), QStringLiteral("12.3k"));
    QCOMPARE(countText(999'999), QStringLiteral("1.00M"));
    QCOMPARE(bytesText(4'560'000), QStringLiteral("4.56\u00a0MB"));
    QCOMPARE(significantText(123456, 4), QStringLiteral("123456"));
    QCOMPARE(significantText(0.012345, 4), QStringLiteral("0.01235"));
    QCOMPARE(ageText(400), QStringLiteral("0.4 s"));
    QCOMPARE(ageText(180'000), QStringLiteral("3 min"));
    QCOMPARE(percentText(0.935), QStringLiteral("93.5%"));
}

}  // namespace pathloom
