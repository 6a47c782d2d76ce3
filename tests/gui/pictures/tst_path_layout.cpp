// SPDX-License-Identifier: GPL-3.0-or-later
// The path picture's geometry and its replay: widths add up, crossings fall, determinism, moments from the history.
#include "synthetic.h"
#include "tests.h"

#include "widgets/views/paths/path_layout.h"
#include "widgets/views/paths/path_state.h"

#include <QtTest>

#include <cmath>

namespace pathloom {

namespace {

RunHistory shaped(std::vector<int> levels, bool specific = false, int replicas = 1)
{
    synthetic::Shape shape;
    shape.levels = std::move(levels);
    shape.pathSpecificBlock = specific;
    shape.pathSpecificEmbed = specific;
    shape.replicas = replicas;
    shape.done = 3;
    return synthetic::makeHistory(shape);
}

}  // namespace

class PathLayoutTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void widthsAddUp_data()
    {
        QTest::addColumn<std::vector<int>>("levels");
        QTest::addColumn<bool>("specific");
        QTest::newRow("2x2") << std::vector<int>{2, 2} << false;
        QTest::newRow("4x4 path-specific") << std::vector<int>{4, 4} << true;
        QTest::newRow("16x16") << std::vector<int>{16, 16} << false;
        QTest::newRow("flat-4") << std::vector<int>{4} << false;
        QTest::newRow("dense") << std::vector<int>{1} << false;
    }
    void widthsAddUp()
    {
        QFETCH(std::vector<int>, levels);
        QFETCH(bool, specific);
        const RunHistory run = shaped(levels, specific);
        const PathGraph graph = pathGraphOf(run);
        QCOMPARE(graph.paths.size(), run.paths.size());
        const QRectF area(20, 40, 900, 500);
        const PathGeometry g = layoutPaths(graph, orderModules(graph), area);
        std::vector<double> out(std::size_t(graph.modules), 0);
        std::vector<double> in(std::size_t(graph.modules), 0);
        for (const Band& band : g.ribbons) {
            out[std::size_t(band.from)] += band.bottom0 - band.top0;
            in[std::size_t(band.to)] += band.bottom1 - band.top1;
            const QRectF from = g.nodes[std::size_t(band.from)];
            const QRectF to = g.nodes[std::size_t(band.to)];
            QVERIFY(band.top0 >= from.top() - 1e-6 && band.bottom0 <= from.bottom() + 1e-6);
            QVERIFY(band.top1 >= to.top() - 1e-6 && band.bottom1 <= to.bottom() + 1e-6);
            QVERIFY(std::abs((band.bottom0 - band.top0) - double(run.paths[std::size_t(band.path)].sequences) * g.scale) < 1e-6);
        }
        const int last = int(graph.columns.size()) - 1;
        for (std::size_t m = 0; m < g.nodes.size(); ++m) {
            const int column = run.modules[m].column;
            if (column < last) QVERIFY(std::abs(out[m] - g.nodes[m].height()) < 1e-6);
            if (column > 0) QVERIFY(std::abs(in[m] - g.nodes[m].height()) < 1e-6);
            QVERIFY(area.adjusted(-1, -1, 1, 1).contains(g.nodes[m]));
            for (std::size_t k = 0; k < m; ++k)
                QVERIFY2(!g.boxes[m].intersects(g.boxes[k].adjusted(0, 1e-6, 0, -1e-6)), qPrintable(run.modules[m].name));
            QVERIFY(g.boxes[m].adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(g.nodes[m]));
        }
        std::size_t members = 0;
        for (const Band& bundle : g.bundles) members += bundle.members.size();
        QCOMPARE(members, g.ribbons.size());
    }
    void orderingReducesCrossings()
    {
        const RunHistory run = shaped({4, 4}, true);
        const PathGraph graph = pathGraphOf(run);
        const qint64 before = countCrossings(graph, graph.columns);
        const qint64 after = countCrossings(graph, orderModules(graph));
        QVERIFY2(after < before, qPrintable(QStringLiteral("%1 -> %2").arg(before).arg(after)));

        PathGraph twisted;  // two columns joined upside down: everything crosses, nothing needs to
        twisted.modules = 8;
        twisted.columns = {{0, 1, 2, 3}, {4, 5, 6, 7}};
        for (int i = 0; i < 4; ++i) twisted.paths.push_back({{i, 7 - i}, 1});
        QCOMPARE(countCrossings(twisted, twisted.columns), 6);
        QCOMPARE(countCrossings(twisted, orderModules(twisted)), 0);
    }
    void orderingIsDeterministicAndKeepsTies()
    {
        const PathGraph graph = pathGraphOf(shaped({16, 16}));
        QCOMPARE(orderModules(graph), orderModules(graph));
        QCOMPARE(orderModules(graph), graph.columns);  // a full product has nothing to gain: index order stays
        const ColumnOrder order = orderModules(pathGraphOf(shaped({4, 4}, true)));
        for (std::size_t c = 0; c < order.size(); ++c) {
            auto sorted = order[c];
            std::sort(sorted.begin(), sorted.end());
            QCOMPARE(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
        }
    }
    void weightsAreSequencesOnceSharded()
    {
        RunHistory run = shaped({2, 2});
        QVERIFY(pathGraphOf(run).paths[0].weight > 1);
        for (PathState& p : run.paths) p.sequences = 0;
        QCOMPARE(pathGraphOf(run).paths[3].weight, 1.0);
        QVERIFY(layoutPaths(PathGraph(), {}, QRectF(0, 0, 100, 100)).ribbons.empty());
    }
    void sliceAgreesWithShape()
    {
        Band band;
        band.x0 = 100;
        band.x1 = 300;
        band.top0 = 10;
        band.bottom0 = 30;
        band.top1 = 110;
        band.bottom1 = 130;
        const QPainterPath shape = bandShape(band);
        for (const double x : {101.0, 140.0, 200.0, 260.0, 299.0}) {
            const BandSlice slice = bandSlice(band, x);
            QVERIFY(slice.inside);
            QVERIFY(shape.contains(QPointF(x, slice.top + 1)));
            QVERIFY(!shape.contains(QPointF(x, slice.top - 2)));
            QVERIFY(shape.contains(QPointF(x, slice.bottom - 1)));
            QVERIFY(!shape.contains(QPointF(x, slice.bottom + 2)));
        }
        QVERIFY(!bandSlice(band, 99).inside);
    }
    void replayRebuildsTheRun()
    {
        const RunHistory run = shaped({2, 2});
        const PictureMoment end = stateAt(run, run.lastEventMs - 1);
        for (std::size_t m = 0; m < run.modules.size(); ++m) {
            const auto& steps = run.moduleLanes[m].steps;
            QVERIFY(!steps.empty());
            const PictureMoment before = stateAt(run, steps[0].beginMs - 1);
            QCOMPARE(before.modules[m].version, 0);
            QCOMPARE(before.modules[m].received, run.modules[m].expected - 1);
            const PictureMoment during = stateAt(run, steps[0].beginMs);
            QCOMPARE(during.modules[m].version, 0);
            QCOMPARE(during.modules[m].received, run.modules[m].expected);
            const PictureMoment after = stateAt(run, steps[0].endMs);
            QCOMPARE(after.modules[m].version, 1);
            QCOMPARE(after.modules[m].received, 0);
            QCOMPARE(after.modules[m].gradientNorm, steps[0].gradientNorm);
        }
        QCOMPARE(stateAt(run, run.createdMs).paths[0].phase, 0);
        QCOMPARE(stateAt(run, run.createdMs).paths[0].trainLoss, 0.0);
        QCOMPARE(end.paths[0].phase, run.paths[0].phase);
        QCOMPARE(stateAt(run, run.lastEventMs), latestMoment(run));
    }
    void colourValues()
    {
        RunHistory run = shaped({2, 2});
        run.paths[1].phase = 1;
        const PictureMoment now = latestMoment(run);
        const RibbonValues stale = ribbonValues(run, now, RibbonColour::Staleness);
        QCOMPARE(stale.values[0], 0.0);
        QCOMPARE(stale.values[1], 2.0);
        QCOMPARE(stale.high, 2.0);
        const RibbonValues domain = ribbonValues(run, now, RibbonColour::Domain);
        QCOMPARE(int(domain.values[0]), dominantDomain(run.paths[0].byDomain));
        const RibbonValues loss = ribbonValues(run, now, RibbonColour::Loss);
        QCOMPARE(loss.values[2], run.paths[2].lastValidLoss);
        QCOMPARE(dominantDomain({}), -1);
        QCOMPARE(dominantDomain({0, 0}), -1);
    }
};

QObject* makePathLayoutTest()
{
    return new PathLayoutTest;
}

}  // namespace pathloom

#include "tst_path_layout.moc"
