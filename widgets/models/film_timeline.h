// SPDX-License-Identifier: GPL-3.0-or-later
// The geometry of a timeline: which seconds are shown on how many pixels, the bars of a track at that scale, the axis.
#pragma once

#include "widgets/models/film_places.h"

namespace pathloom {

/// A stretch of a film's time over a width of pixels. All changes keep it inside the film and at least `smallestSpan` long.
struct TimeWindow {
    static constexpr double smallestSpan = 2;  ///< seconds
    double length = 0;  ///< of the film, seconds
    double from = 0, to = 0;  ///< shown
    double width = 1;  ///< pixels

    [[nodiscard]] static TimeWindow whole(double length, double width);
    [[nodiscard]] double span() const { return to - from; }
    [[nodiscard]] double xOf(double seconds) const;  ///< 0 at `from`, width at `to`
    [[nodiscard]] double timeAt(double x) const;  ///< inside the film
    /// `factor` > 1 shows less; the second `around` stays where it is as long as the film's ends allow it.
    [[nodiscard]] TimeWindow zoomed(double factor, double around) const;
    [[nodiscard]] TimeWindow panned(double seconds) const;
    /// Moved by a page when `seconds` is not shown, so that it stands at a tenth of the width.
    [[nodiscard]] TimeWindow showing(double seconds) const;
    [[nodiscard]] TimeWindow withWidth(double pixels) const;
    /// The film turned out to be longer or shorter. A window on the whole of it stays one.
    [[nodiscard]] TimeWindow withLength(double seconds) const;
    [[nodiscard]] bool isWhole() const { return from <= 0 && to >= length; }
    bool operator==(const TimeWindow&) const = default;
};

/// Places of one row of a lane that are drawn as one bar: one of them, or several that would touch at this scale.
struct LaneBar {
    double left = 0, right = 0;  ///< pixels, cut to the window
    int row = 0;
    int first = 0;  ///< index in TrackLane::items
    int count = 1;
    bool operator==(const LaneBar&) const = default;
};

/// At most about a bar a pixel and row, however long the film is: what is thinner and nearer than a pixel is joined.
QVector<LaneBar> laneBars(const TrackLane& lane, const TimeWindow& window);

struct TimeTick {
    double seconds = 0;
    QString label;
    bool operator==(const TimeTick&) const = default;
};
/// Round times, their labels at least `apart` pixels from each other.
QVector<TimeTick> timeTicks(const TimeWindow& window, double apart);

/// "0:07", "12:05", "1:02:03"; with `digits` decimals of a second. `hours`: write them even when there are none.
QString filmTime(double seconds, int digits = 0, bool hours = false);

}  // namespace pathloom
