// SPDX-License-Identifier: GPL-3.0-or-later
// Where the lanes of a timeline lie, one below the other: pictures, evidence, a lane a track, the axis. Pure geometry.
#pragma once

#include "widgets/models/film_timeline.h"

#include <QRectF>

namespace pathloom {

struct StripLayout {
    static constexpr double gutter = 84;  ///< of the lanes' names, as wide as that of the text
    static constexpr double right = 12, top = 6, gap = 4;
    static constexpr double reach = 5;  ///< of the pointer around a mark
    static constexpr double pictures = 44, evidence = 28, row = 9, axis = 22;

    QRectF picturesRect;  ///< empty when there are none to show
    QRectF evidenceRect;
    QVector<QRectF> laneRects;
    QRectF axisRect;
    double height = 0;  ///< of everything

    /// The lane a point lies in; -1 = none.
    [[nodiscard]] int laneAt(const QPointF& point) const;
    /// Top and height of a row of a lane.
    [[nodiscard]] QRectF rowRect(int lane, int row, int rows) const;
};

/// `left` and `width` are those of everything, names included.
StripLayout stripLayout(const QVector<TrackLane>& lanes, bool pictures, double left, double top, double width);

/// A thumbnail `shown` pixels wide that is drawn around the x of its time.
struct ThumbnailSlot {
    int thumbnail = 0;
    double x = 0;  ///< left edge
    bool operator==(const ThumbnailSlot&) const = default;
};
/// Those of the thumbnails (their seconds, ascending) that fit beside each other without overlapping, each once and near its own
/// time.
QVector<ThumbnailSlot> thumbnailSlots(const QVector<double>& seconds, const TimeWindow& window, double shown);

/// A long text in at most `lines` lines of about `columns` characters, cut at blanks; the last ends in an ellipsis if words are
/// left over.
QStringList wrappedLines(const QString& text, int columns, int lines);

}  // namespace pathloom
