// SPDX-License-Identifier: GPL-3.0-or-later
// Geometry of the sync picture: the time scale, bars of a lane merged to pixels, ticks, traffic and totals. Pure functions.
#pragma once

#include "widgets/models/run_history.h"

#include <QRectF>

#include <array>
#include <utility>
#include <vector>

namespace pathloom {

/// Maps Unix milliseconds to x. `left` is the x of `originMs`.
struct TimeScale {
    double originMs = 0;
    double msPerPixel = 100;
    double left = 0;
    double width = 100;
    [[nodiscard]] double x(double ms) const { return left + (ms - originMs) / msPerPixel; }
    [[nodiscard]] double time(double atX) const { return originMs + (atX - left) * msPerPixel; }
    [[nodiscard]] double endMs() const { return originMs + width * msPerPixel; }
    bool operator==(const TimeScale&) const = default;
};
/// Zoom by `factor` (> 1 = closer) so that the time under `atX` stays under it. Between 1 ms and one day a 100 pixels.
TimeScale zoomAround(const TimeScale& scale, double atX, double factor);
/// The whole of [beginMs, endMs] with 2% air on the right.
TimeScale fitScale(qint64 beginMs, qint64 endMs, double left, double width);
/// Same zoom, the right end at `endMs` plus 4% air.
TimeScale followScale(const TimeScale& scale, qint64 endMs);

/// First and one past the last span that touch [fromMs, toMs]; spans ascend in time. O(log n). An open span ends at `nowMs`.
std::pair<std::size_t, std::size_t> visibleSpans(const std::vector<WorkerSpan>& spans, double fromMs, double toMs, qint64 nowMs);

struct LaneBar {
    double x = 0, width = 0;
    WorkerBar kind = WorkerBar::Idle;
    int span = -1;  ///< index of the span, -1 = several merged into one pixel (the kind that fills most of it)
};
/// Bars of the visible part of a lane. Spans that share a pixel are merged, so there are never more than about two a pixel.
std::vector<LaneBar> laneBars(const std::vector<WorkerSpan>& spans, const TimeScale& scale, qint64 nowMs);

struct TickMark {
    double x = 0;
    int first = 0;  ///< index of the first contribution
    int count = 1;  ///< how many share the pixel
};
std::vector<TickMark> laneTicks(const std::vector<ContributionTick>& ticks, const TimeScale& scale);

/// The upload that brought a contribution: the lane's Upload span whose end is nearest to it, at most `slackMs` away.
struct UploadRef {
    int lane = -1;
    int span = -1;
    [[nodiscard]] bool found() const { return lane >= 0; }
};
UploadRef uploadOf(const RunHistory& history, const ContributionTick& tick, qint64 slackMs = 5000);

/// Bytes a second, ours and what synchronous data-parallel training would have sent for the same tasks, in `bins` equal bins.
struct Traffic {
    std::vector<double> ours;
    std::vector<double> dataParallel;
    double oursBytes = 0;  ///< of the whole run
    double dataParallelBytes = 0;  ///< of the whole run
};
Traffic trafficOf(const RunHistory& history, double fromMs, double toMs, int bins);

/// Sums over a range of time.
struct SyncTotals {
    std::array<double, 5> workerMs{};  ///< by WorkerBar
    int contributions = 0;
    int outerSteps = 0;
    double bytes = 0;
};
SyncTotals totalsIn(const RunHistory& history, double fromMs, double toMs);

/// Round times for the axis: multiples of 1, 2, 5, 10, 15 or 30 of a unit, at least `spacing` px apart.
std::vector<qint64> axisTimes(const TimeScale& scale, qint64 zeroMs, double spacing = 90);

/// y of every lane: section headings, then workers, then modules, from 0 down.
struct LaneRow {
    enum class Kind { Heading, Worker, Module } kind = Kind::Heading;
    int index = 0;
    double y = 0, height = 0;
};
std::vector<LaneRow> laneRows(std::size_t workers, std::size_t modules);

}  // namespace pathloom
