// SPDX-License-Identifier: GPL-3.0-or-later
// The sync picture's geometry: scale, culling, merged bars, links from ticks to uploads, traffic and totals.
#include "synthetic.h"
#include "tests.h"

#include "widgets/views/sync/sync_layout.h"

#include <QtTest>

#include <cmath>

namespace pathloom {

class SyncLayoutTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void zoomKeepsTheTimeUnderThePointer()
    {
        TimeScale scale{1000, 10, 100, 500};
        const double time = scale.time(333);
        for (const double factor : {1.5, 0.25, 4.0}) {
            scale = zoomAround(scale, 333, factor);
            QVERIFY(std::abs(scale.time(333) - time) < 1e-6);
        }
        QCOMPARE(zoomAround(scale, 200, 1e12).msPerPixel, 0.01);
        const TimeScale follow = followScale(scale, 99999);
        QCOMPARE(follow.msPerPixel, scale.msPerPixel);
        QVERIFY(follow.x(99999) <= follow.left + follow.width && follow.x(99999) > follow.left + 0.9 * follow.width);
    }
    void cullingFindsExactlyWhatTouches()
    {
        std::vector<WorkerSpan> spans;
        for (int i = 0; i < 1000; ++i) spans.push_back({WorkerBar::Compute, 1000 + i * 10, 1008 + i * 10, {}});
        spans.back().endMs = 0;  // still going on
        const auto [first, last] = visibleSpans(spans, 1500, 1600, 20000);
        QCOMPARE(first, std::size_t(50));
        QCOMPARE(last, std::size_t(61));
        QCOMPARE(visibleSpans(spans, 15000, 16000, 20000).first, std::size_t(999));
        QCOMPARE(visibleSpans(spans, 0, 500, 20000).second, std::size_t(0));
        QVERIFY(laneBars({}, {0, 1, 0, 100}, 0).empty());
    }
    void barsNeverOutnumberPixels()
    {
        std::vector<WorkerSpan> spans;
        for (int i = 0; i < 100000; ++i) {
            spans.push_back({i % 3 == 0 ? WorkerBar::Download
                    : i % 3 == 1        ? WorkerBar::Compute
                                        : WorkerBar::Upload,
                i * 10, i * 10 + 10, {}});
        }
        const TimeScale all = fitScale(0, 1000000, 100, 800);
        const auto bars = laneBars(spans, all, 1000000);
        QVERIFY2(bars.size() <= 1602, qPrintable(QString::number(bars.size())));
        QVERIFY(bars.size() > 700);
        double last = 0;
        for (const LaneBar& bar : bars) {
            QVERIFY(bar.x >= last - 1);
            QVERIFY(bar.width >= 1 && bar.x >= 100 && bar.x + bar.width <= 901);
            last = bar.x;
        }
        const auto near = laneBars(spans, {5000, 1, 100, 800}, 1000000);
        QCOMPARE(near.front().span >= 0, true);
        QCOMPARE(near[1].width, 10.0);
    }
    void workIsNotHiddenByIdleSlivers()
    {
        const std::vector<WorkerSpan> spans{{WorkerBar::Idle, 0, 6, {}}, {WorkerBar::Compute, 6, 10, {}}};
        const auto bars = laneBars(spans, {0, 100, 0, 100}, 10);
        QCOMPARE(bars.size(), std::size_t(1));
        QCOMPARE(bars[0].kind, WorkerBar::Compute);
    }
    void ticksShareAPixel()
    {
        std::vector<ContributionTick> ticks{{100, 0, 0, 1}, {101, 1, 0, 1}, {500, 2, 0, 1}, {5000, 3, 0, 1}};
        const auto marks = laneTicks(ticks, {0, 10, 0, 100});
        QCOMPARE(marks.size(), std::size_t(2));
        QCOMPARE(marks[0].count, 2);
        QCOMPARE(marks[1].first, 2);
    }
    void everyTickFindsItsUpload()
    {
        const RunHistory run = synthetic::makeHistory({});
        int ticks = 0;
        for (const ModuleLane& lane : run.moduleLanes) {
            for (const ContributionTick& tick : lane.ticks) {
                const UploadRef upload = uploadOf(run, tick);
                QVERIFY(upload.found());
                const WorkerLane& worker = run.workers[std::size_t(upload.lane)];
                QCOMPARE(worker.id, tick.worker);
                const WorkerSpan& span = worker.spans[std::size_t(upload.span)];
                QCOMPARE(span.endMs, tick.timeMs);
                QCOMPARE(span.task, QStringLiteral("train path %1 phase %2").arg(tick.path).arg(tick.phase));
                ++ticks;
            }
        }
        QVERIFY(ticks > 50);
        QVERIFY(!uploadOf(run, {run.createdMs, 0, 0, 1}).found());
        QVERIFY(!uploadOf(run, {run.lastEventMs, 0, 0, 99}).found());
    }
    void trafficFactorIsMeasured()
    {
        RunHistory run = synthetic::makeHistory({});
        const Traffic traffic = trafficOf(run, double(run.createdMs), double(run.lastEventMs + 1), 10);
        double ours = 0;
        for (const TrafficPoint& p : run.traffic) ours += double(p.bytes);
        QCOMPARE(traffic.oursBytes, ours);
        QVERIFY(std::abs(traffic.dataParallelBytes / traffic.oursBytes - run.tau) < 1e-9);
        double sum = 0;
        const double binSeconds = double(run.lastEventMs + 1 - run.createdMs) / 10 / 1000;
        for (const double rate : traffic.ours) sum += rate * binSeconds;
        QVERIFY(std::abs(sum - ours) < ours * 1e-9);
    }
    void totalsAddUp()
    {
        RunHistory run;
        run.createdMs = 0;
        run.lastEventMs = 1000;
        WorkerLane lane;
        lane.spans = {{WorkerBar::Download, 0, 100, {}}, {WorkerBar::Compute, 100, 600, {}}, {WorkerBar::Upload, 600, 0, {}}};
        run.workers.push_back(lane);
        ModuleLane module;
        module.ticks = {{600, 0, 0, 1}, {900, 0, 1, 1}};
        module.steps = {{600, 610, 1, 0}, {900, 0, 2, 0}};
        run.moduleLanes.push_back(module);
        run.traffic = {{600, 5000}, {950, 7000}};
        const SyncTotals all = totalsIn(run, 0, 1000);
        QCOMPARE(all.workerMs[std::size_t(WorkerBar::Download)], 100.0);
        QCOMPARE(all.workerMs[std::size_t(WorkerBar::Compute)], 500.0);
        QCOMPARE(all.workerMs[std::size_t(WorkerBar::Upload)], 400.0);
        QCOMPARE(all.contributions, 2);
        QCOMPARE(all.outerSteps, 1);
        QCOMPARE(all.bytes, 12000.0);
        const SyncTotals part = totalsIn(run, 50, 150);
        QCOMPARE(part.workerMs[std::size_t(WorkerBar::Download)], 50.0);
        QCOMPARE(part.workerMs[std::size_t(WorkerBar::Compute)], 50.0);
        QCOMPARE(part.contributions, 0);
    }
    void axisStaysReadable()
    {
        for (const double ms : {0.5, 10.0, 333.0, 60000.0}) {
            const TimeScale scale{1e6, ms, 0, 1000};
            const auto times = axisTimes(scale, 500000);
            QVERIFY(times.size() <= 12);
            for (std::size_t i = 1; i < times.size(); ++i)
                QVERIFY(scale.x(double(times[i])) - scale.x(double(times[i - 1])) >= 89.9);
        }
    }
    void rowsDoNotOverlap()
    {
        const auto rows = laneRows(3, 6);
        QCOMPARE(rows.size(), std::size_t(11));
        for (std::size_t i = 1; i < rows.size(); ++i) QVERIFY(rows[i].y >= rows[i - 1].y + rows[i - 1].height);
    }
};

QObject* makeSyncLayoutTest()
{
    return new SyncLayoutTest;
}

}  // namespace pathloom

#include "tst_sync_layout.moc"
