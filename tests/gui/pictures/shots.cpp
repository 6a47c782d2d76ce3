// SPDX-License-Identifier: GPL-3.0-or-later
// Renders the views to PNG for looking at them, and measures how long they take to paint.
#include "synthetic.h"
#include "tests.h"

#include "widgets/plot/plot_widget.h"
#include "widgets/theme/icons.h"
#include "widgets/views/curves/curves_view.h"
#include "widgets/views/paths/path_canvas.h"
#include "widgets/views/paths/path_picture.h"
#include "widgets/views/sync/sync_canvas.h"
#include "widgets/views/sync/sync_picture.h"

#include <QDir>
#include <QPainter>
#include <QTest>
#include <QTextStream>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>

namespace pathloom {

namespace {

bool save(QWidget& widget, const QString& path, int dpr)
{
    QTest::qWait(30);
    QImage image(widget.size() * dpr, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(dpr);
    widget.render(&image);
    return image.save(path);
}

bool iconSheet(const Theme& theme, const QString& path)
{
    const QStringList names = iconNames();
    const int columns = 8;
    QImage image(columns * 104, (int(names.size()) / columns + 1) * 56, QImage::Format_ARGB32_Premultiplied);
    image.fill(theme.tokens().surface);
    QPainter painter(&image);
    painter.setFont(Theme::labelFont());
    painter.setPen(theme.tokens().muted);
    for (int i = 0; i < names.size(); ++i) {
        const QPoint at(i % columns * 104, i / columns * 56);
        painter.drawPixmap(at + QPoint(40, 8), iconPixmap(names[i], theme.tokens().text, 24, 1));
        painter.drawText(QRect(at + QPoint(0, 34), QSize(104, 18)), Qt::AlignCenter, names[i]);
    }
    painter.end();
    return image.save(path);
}

/// Processor time of this thread, so that a busy machine does not spoil the figure.
double threadMs()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

double medianMs(int runs, const std::function<void()>& work)
{
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const double begin = threadMs();
        work();
        times.push_back(threadMs() - begin);
    }
    std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2), times.end());
    return times[times.size() / 2];
}

}  // namespace

int takeShots(ThemeController& theme, const QString& directory)
{
    if (!QDir().mkpath(directory)) return 1;
    synthetic::Shape shape;
    const RunHistory small = synthetic::makeHistory(shape);
    shape.levels = {1};
    const RunHistory dense = synthetic::makeHistory(shape);
    shape.levels = {4};
    const RunHistory flat = synthetic::makeHistory(shape);
    shape.levels = {4, 4};
    shape.workers = 6;
    shape.pathSpecificBlock = true;
    const RunHistory middle = synthetic::makeHistory(shape);
    shape.levels = {16, 16};
    shape.workers = 24;
    shape.pathSpecificBlock = false;
    shape.done = 4;
    const RunHistory large = synthetic::makeHistory(shape);
    const std::pair<const char*, const RunHistory*> runs[]
        = {{"dense", &dense}, {"flat4", &flat}, {"2x2", &small}, {"4x4", &middle}, {"16x16", &large}, {"empty", nullptr}};
    bool ok = true;
    for (const QString& name : {QStringLiteral("light"), QStringLiteral("dark")}) {
        theme.setName(name);
        const auto file = [&](const char* view, const QString& what) {
            return QStringLiteral("%1/%2-%3-%4.png").arg(directory, QLatin1String(view), what, name);
        };
        ok &= iconSheet(theme.theme(), file("icons", QStringLiteral("all")));
        for (const auto& [label, run] : runs) {
            const QString what = QLatin1String(label);
            const int dpr = what == QStringLiteral("4x4") ? 2 : 1;
            PathPicture paths(theme);
            SyncPicture sync(theme);
            CurvesView curves(theme);
            for (PaneFrame* view : std::initializer_list<PaneFrame*>{&paths, &sync, &curves}) {
                view->resize(1100, 620);
                view->show();
            }
            paths.setHistory(run);
            sync.setHistory(run);
            curves.setHistory(run);
            ok &= save(paths, file("paths", what), dpr);
            ok &= save(sync, file("sync", what), dpr);
            ok &= save(curves, file("curves", what), dpr);
            if (run == nullptr) continue;
            paths.canvas()->pinPath(0, false);
            if (run->paths.size() > 3) paths.canvas()->pinPath(3, true);
            ok &= save(paths, file("paths", what + QStringLiteral("-pinned")), 1);
            paths.canvas()->unpin();
            paths.canvas()->setColour(RibbonColour::Loss);
            const ModuleLane& lane = run->moduleLanes[0];
            if (lane.ticks.size() > 3) paths.scrubTo(lane.ticks[lane.ticks.size() * 2 / 3].timeMs + 1);
            ok &= save(paths, file("paths", what + QStringLiteral("-loss-replay")), 1);
            paths.followLive();
            paths.canvas()->setFocus(Qt::TabFocusReason);
            QTest::keyClick(paths.canvas(), Qt::Key_Right);
            QTest::keyClick(paths.canvas(), Qt::Key_Return);
            ok &= save(paths, file("paths", what + QStringLiteral("-module")), 1);
            sync.canvas()->zoom(3, 700);
            if (run->moduleLanes.size() > 1 && lane.ticks.size() > 8) {
                const SyncCanvas::HoveredTick tick{1, int(run->moduleLanes[1].ticks.size() / 2)};
                sync.canvas()->pan(600 - sync.canvas()->positionOf(tick).x());
                QTest::mouseMove(sync.canvas(), sync.canvas()->positionOf(tick).toPoint());
            }
            ok &= save(sync, file("sync", what + QStringLiteral("-hover")), 1);
            sync.canvas()->select(sync.canvas()->scale().time(420), sync.canvas()->scale().time(620));
            QTest::mouseMove(sync.canvas(), QPoint(4, 4));
            ok &= save(sync, file("sync", what + QStringLiteral("-range")), 1);
            curves.plot()->setLogY(true);
            curves.plot()->setCrosshair(160);
            ok &= save(curves, file("curves", what + QStringLiteral("-log")), 1);
            sync.showLost(run->lastEventMs, 4);
            ok &= save(sync, file("sync", what + QStringLiteral("-lost")), 1);
        }
    }
    theme.setName(QStringLiteral("light"));
    return ok ? 0 : 1;
}

int runBenches(ThemeController& theme)
{
    QTextStream out(stdout);
    PlotWidget plot(theme);
    plot.resize(1200, 600);
    plot.setSmoothing(0.6);
    for (int s = 0; s < 20; ++s) {
        std::vector<PlotPoint> points;
        unsigned noise = 12345U + unsigned(s);
        for (int i = 0; i < 5000; ++i) {
            noise = noise * 1664525U + 1013904223U;
            points.push_back({double(i), 2 + s * 0.1 + 3 * std::exp(-i / 900.0) + double(noise >> 8) / double(1 << 24) * 0.4});
        }
        plot.setSeriesData(plot.addSeries({QStringLiteral("run %1").arg(s), theme.theme().categorical(s)}), std::move(points));
    }
    plot.show();
    plot.replotNow();
    out << "replot 20 x 5k, smoothed over raw: " << medianMs(15, [&] {
        plot.setRangeX(0, 5000);
        plot.replotNow();
    }) << " ms\n";
    synthetic::Shape shape;
    shape.levels = {16, 16};
    shape.workers = 24;
    shape.phases = 40;
    shape.done = 25;
    const RunHistory large = synthetic::makeHistory(shape);
    std::size_t spans = 0;
    for (const WorkerLane& lane : large.workers) spans += lane.spans.size();
    PathPicture paths(theme);
    paths.resize(1200, 700);
    paths.show();
    paths.setHistory(&large);
    QImage canvas(1200, 700, QImage::Format_ARGB32_Premultiplied);
    out << "paths 16x16, ribbons redrawn: " << medianMs(15, [&] {
        paths.canvas()->setColour(RibbonColour::Domain);
        paths.canvas()->render(&canvas);
    }) << " ms\n";
    out << "paths 16x16, hover only: " << medianMs(15, [&] {
        paths.canvas()->pinPath(7, false);
        paths.canvas()->render(&canvas);
    }) << " ms\n";
    SyncPicture sync(theme);
    sync.resize(1200, 700);
    sync.show();
    sync.setHistory(&large);
    out << "sync " << spans << " spans, whole run: " << medianMs(15, [&] { sync.canvas()->render(&canvas); }) << " ms\n";
    sync.canvas()->zoom(20, 700);
    out << "sync " << spans << " spans, zoomed: " << medianMs(15, [&] { sync.canvas()->render(&canvas); }) << " ms\n";
    return 0;
}

}  // namespace pathloom
