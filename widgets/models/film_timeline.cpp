// SPDX-License-Identifier: GPL-3.0-or-later
// TimeWindow, bars and ticks.
#include "widgets/models/film_timeline.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {
namespace {

/// A window of `span` that begins at `from`, moved and shortened until it lies in the film.
TimeWindow placed(TimeWindow window, double from, double span)
{
    span = std::clamp(span, std::min(TimeWindow::smallestSpan, window.length), window.length);
    window.from = std::clamp(from, 0.0, window.length - span);
    window.to = window.from + span;
    return window;
}

}  // namespace

TimeWindow TimeWindow::whole(double length, double width)
{
    length = std::max(0.0, length);
    return {length, 0, length, std::max(1.0, width)};
}

double TimeWindow::xOf(double seconds) const
{
    return span() > 0 ? (seconds - from) / span() * width : 0;
}

double TimeWindow::timeAt(double x) const
{
    return std::clamp(from + x / std::max(1.0, width) * span(), 0.0, length);
}

TimeWindow TimeWindow::zoomed(double factor, double around) const
{
    if (span() <= 0 || !(factor > 0)) return *this;
    around = std::clamp(around, from, to);
    const double after = std::clamp(span() / factor, std::min(smallestSpan, length), length);
    return placed(*this, around - (around - from) * after / span(), after);
}

TimeWindow TimeWindow::panned(double seconds) const
{
    return placed(*this, from + seconds, span());
}

TimeWindow TimeWindow::showing(double seconds) const
{
    if (seconds >= from && seconds <= to) return *this;
    return placed(*this, seconds - span() / 10, span());
}

TimeWindow TimeWindow::withWidth(double pixels) const
{
    TimeWindow out = *this;
    out.width = std::max(1.0, pixels);
    return out;
}

TimeWindow TimeWindow::withLength(double seconds) const
{
    if (isWhole()) return whole(seconds, width);
    TimeWindow out = *this;
    out.length = std::max(0.0, seconds);
    return placed(out, from, span());
}

QVector<LaneBar> laneBars(const TrackLane& lane, const TimeWindow& window)
{
    QVector<LaneBar> out;
    std::array<qsizetype, TrackLane::mostRows> open;  // the bar of each row that may still grow
    open.fill(-1);
    for (qsizetype i = 0; i < lane.items.size(); ++i) {
        const TrackLane::Item& item = lane.items[i];
        if (item.to < window.from) continue;
        if (item.from > window.to) break;
        const double left = std::clamp(window.xOf(item.from), 0.0, window.width);
        const double right = std::clamp(window.xOf(item.to), left, window.width);
        qsizetype& last = open[std::size_t(item.row)];
        if (last >= 0 && left - out[last].right < 1 && (right - left < 1 || out[last].right - out[last].left < 1)) {
            out[last].right = std::max(out[last].right, right);
            ++out[last].count;
            continue;
        }
        last = out.size();
        out.append({left, right, item.row, int(i), 1});
    }
    return out;
}

QVector<TimeTick> timeTicks(const TimeWindow& window, double apart)
{
    static constexpr std::array<double, 22> steps{
        0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800};
    QVector<TimeTick> out;
    if (window.span() <= 0) return out;
    double step = steps.back();
    for (const double one : steps) {
        if (one / window.span() * window.width < apart) continue;
        step = one;
        break;
    }
    for (qint64 i = qint64(std::ceil(window.from / step - 1e-9)); double(i) * step <= window.to + 1e-9; ++i)
        out.append({double(i) * step, filmTime(double(i) * step, step < 1 ? 1 : 0, window.length >= 3600)});
    return out;
}

QString filmTime(double seconds, int digits, bool hours)
{
    const qint64 unit = digits <= 0 ? 1 : digits == 1 ? 10 : digits == 2 ? 100 : 1000;
    const auto total = qint64(std::floor(std::max(0.0, seconds) * double(unit) + 1e-6));
    const qint64 whole = total / unit;
    QString out;
    if (hours || whole >= 3600)
        out = QStringLiteral("%1:%2").arg(whole / 3600).arg(whole / 60 % 60, 2, 10, QLatin1Char('0'));
    else
        out = QString::number(whole / 60);
    out += QStringLiteral(":%1").arg(whole % 60, 2, 10, QLatin1Char('0'));
    if (unit > 1) out += QStringLiteral(".%1").arg(total % unit, std::min(digits, 3), 10, QLatin1Char('0'));
    return out;
}

}  // namespace pathloom
