// SPDX-License-Identifier: GPL-3.0-or-later
// Geometry of the sync picture: see sync_layout.h.
#include "widgets/views/sync/sync_layout.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

double endOf(const WorkerSpan& span, qint64 nowMs)
{
    return double(span.endMs > 0 ? span.endMs : std::max(nowMs, span.beginMs));
}

}  // namespace

TimeScale zoomAround(const TimeScale& scale, double atX, double factor)
{
    TimeScale out = scale;
    const double time = scale.time(atX);
    out.msPerPixel = std::clamp(scale.msPerPixel / factor, 0.01, 864000.0);
    out.originMs = time - (atX - scale.left) * out.msPerPixel;
    return out;
}

TimeScale fitScale(qint64 beginMs, qint64 endMs, double left, double width)
{
    const double span = std::max(1000.0, double(endMs - beginMs)) * 1.02;
    return {double(beginMs), span / std::max(1.0, width), left, width};
}

TimeScale followScale(const TimeScale& scale, qint64 endMs)
{
    TimeScale out = scale;
    out.originMs = double(endMs) - 0.96 * scale.width * scale.msPerPixel;
    return out;
}

std::pair<std::size_t, std::size_t> visibleSpans(const std::vector<WorkerSpan>& spans, double fromMs, double toMs, qint64 nowMs)
{
    const auto first
        = std::partition_point(spans.begin(), spans.end(), [&](const WorkerSpan& s) { return endOf(s, nowMs) < fromMs; });
    const auto last = std::partition_point(first, spans.end(), [&](const WorkerSpan& s) { return double(s.beginMs) <= toMs; });
    return {std::size_t(first - spans.begin()), std::size_t(last - spans.begin())};
}

std::vector<LaneBar> laneBars(const std::vector<WorkerSpan>& spans, const TimeScale& scale, qint64 nowMs)
{
    std::vector<LaneBar> bars;
    const double right = scale.left + scale.width;
    const auto [first, last] = visibleSpans(spans, scale.originMs, scale.endMs(), nowMs);
    std::array<double, 5> filled{};
    double pixel = 0;
    bool pending = false;
    const auto flush = [&] {
        if (!pending) return;
        const auto most = std::max_element(filled.begin(), filled.end());
        bars.push_back({pixel, 1, WorkerBar(most - filled.begin()), -1});
        filled.fill(0);
        pending = false;
    };
    for (std::size_t i = first; i < last; ++i) {
        const double x0 = std::max(scale.x(double(spans[i].beginMs)), scale.left);
        const double x1 = std::min(scale.x(endOf(spans[i], nowMs)), right);
        if (x1 < x0 || endOf(spans[i], nowMs) <= scale.originMs) continue;
        if (x1 - x0 >= 1) {
            flush();
            bars.push_back({x0, x1 - x0, spans[i].kind, int(i)});
            continue;
        }
        if (pending && std::floor(x0) != pixel) flush();
        pixel = std::floor(x0);
        pending = true;
        // An idle sliver must not hide work that shares its pixel.
        filled[std::size_t(spans[i].kind)] += (x1 - x0) * (spans[i].kind == WorkerBar::Idle ? 0.5 : 1.0) + 1e-9;
    }
    flush();
    return bars;
}

std::vector<TickMark> laneTicks(const std::vector<ContributionTick>& ticks, const TimeScale& scale)
{
    std::vector<TickMark> marks;
    auto it = std::partition_point(
        ticks.begin(), ticks.end(), [&](const ContributionTick& t) { return double(t.timeMs) < scale.originMs; });
    for (; it != ticks.end() && double(it->timeMs) <= scale.endMs(); ++it) {
        const double x = std::floor(scale.x(double(it->timeMs)));
        if (!marks.empty() && marks.back().x == x) {
            ++marks.back().count;
        } else {
            marks.push_back({x, int(it - ticks.begin()), 1});
        }
    }
    return marks;
}

UploadRef uploadOf(const RunHistory& history, const ContributionTick& tick, qint64 slackMs)
{
    UploadRef best;
    double nearest = double(slackMs) + 1;
    for (std::size_t w = 0; w < history.workers.size(); ++w) {
        const WorkerLane& lane = history.workers[w];
        if (lane.id != tick.worker) continue;
        const auto [first, last]
            = visibleSpans(lane.spans, double(tick.timeMs - slackMs), double(tick.timeMs + slackMs), history.lastEventMs);
        for (std::size_t i = first; i < last; ++i) {
            if (lane.spans[i].kind != WorkerBar::Upload) continue;
            const double away = std::abs(endOf(lane.spans[i], history.lastEventMs) - double(tick.timeMs));
            if (away >= nearest) continue;
            nearest = away;
            best = {int(w), int(i)};
        }
    }
    return best;
}

Traffic trafficOf(const RunHistory& history, double fromMs, double toMs, int bins)
{
    Traffic out;
    bins = std::max(1, bins);
    out.ours.assign(std::size_t(bins), 0);
    out.dataParallel.assign(std::size_t(bins), 0);
    const double binMs = std::max(1e-6, (toMs - fromMs) / bins);
    const auto add = [&](std::vector<double>& into, double timeMs, double bytes) {
        const double at = std::floor((timeMs - fromMs) / binMs);
        if (at >= 0 && at < bins) into[std::size_t(at)] += bytes / (binMs / 1000);
    };
    for (const TrafficPoint& point : history.traffic) {
        out.oursBytes += double(point.bytes);
        add(out.ours, double(point.timeMs), double(point.bytes));
    }
    // Every path passes the first column once a phase: its contributions are the committed training tasks.
    const double perTask = history.paths.empty() ? 0 : double(history.dataParallelBytesPerPhase) / double(history.paths.size());
    if (history.columns.empty()) return out;
    for (const int module : history.columns.front().modules) {
        if (std::size_t(module) >= history.moduleLanes.size()) continue;
        for (const ContributionTick& tick : history.moduleLanes[std::size_t(module)].ticks) {
            out.dataParallelBytes += perTask;
            add(out.dataParallel, double(tick.timeMs), perTask);
        }
    }
    return out;
}

SyncTotals totalsIn(const RunHistory& history, double fromMs, double toMs)
{
    SyncTotals totals;
    for (const WorkerLane& lane : history.workers) {
        const auto [first, last] = visibleSpans(lane.spans, fromMs, toMs, history.lastEventMs);
        for (std::size_t i = first; i < last; ++i) {
            const WorkerSpan& span = lane.spans[i];
            const double inside = std::min(toMs, endOf(span, history.lastEventMs)) - std::max(fromMs, double(span.beginMs));
            totals.workerMs[std::size_t(span.kind)] += std::max(0.0, inside);
        }
    }
    const auto within = [&](qint64 ms) { return double(ms) >= fromMs && double(ms) <= toMs; };
    for (const ModuleLane& lane : history.moduleLanes) {
        totals.contributions
            += int(std::count_if(lane.ticks.begin(), lane.ticks.end(), [&](const auto& t) { return within(t.timeMs); }));
        totals.outerSteps += int(
            std::count_if(lane.steps.begin(), lane.steps.end(), [&](const auto& s) { return s.endMs > 0 && within(s.endMs); }));
    }
    for (const TrafficPoint& point : history.traffic) {
        if (within(point.timeMs)) totals.bytes += double(point.bytes);
    }
    return totals;
}

std::vector<qint64> axisTimes(const TimeScale& scale, qint64 zeroMs, double spacing)
{
    constexpr qint64 kSteps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000,
        600000, 900000, 1800000, 3600000, 7200000, 14400000, 21600000, 43200000, 86400000, 172800000, 604800000};
    const double wanted = spacing * scale.msPerPixel;
    qint64 step = kSteps[std::size(kSteps) - 1];
    for (const qint64 s : kSteps) {
        if (double(s) >= wanted) {
            step = s;
            break;
        }
    }
    std::vector<qint64> times;
    for (auto k = qint64(std::ceil((scale.originMs - double(zeroMs)) / double(step))); times.size() < 1000; ++k) {
        const qint64 time = zeroMs + k * step;
        if (double(time) > scale.endMs()) break;
        times.push_back(time);
    }
    return times;
}

std::vector<LaneRow> laneRows(std::size_t workers, std::size_t modules)
{
    std::vector<LaneRow> rows;
    double y = 0;
    const auto add = [&](LaneRow::Kind kind, std::size_t index, double height, double gap) {
        rows.push_back({kind, int(index), y, height});
        y += height + gap;
    };
    add(LaneRow::Kind::Heading, 0, 18, 4);
    for (std::size_t i = 0; i < workers; ++i) add(LaneRow::Kind::Worker, i, 20, 4);
    y += 8;
    add(LaneRow::Kind::Heading, 1, 18, 4);
    for (std::size_t i = 0; i < modules; ++i) add(LaneRow::Kind::Module, i, 20, 4);
    return rows;
}

}  // namespace pathloom
