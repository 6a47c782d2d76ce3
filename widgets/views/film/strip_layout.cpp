// SPDX-License-Identifier: GPL-3.0-or-later
// StripLayout.
#include "widgets/views/film/strip_layout.h"

#include <QStringList>

#include <algorithm>

namespace pathloom {

int StripLayout::laneAt(const QPointF& point) const
{
    for (int i = 0; i < laneRects.size(); ++i)
        if (point.y() >= laneRects[i].top() && point.y() < laneRects[i].bottom()) return i;
    return -1;
}

QRectF StripLayout::rowRect(int lane, int rowIndex, int rows) const
{
    const QRectF all = laneRects[lane].adjusted(0, 3, 0, -3);
    const double each = all.height() / std::max(1, rows);
    return {all.left(), all.top() + rowIndex * each, all.width(), each - (rows > 1 ? 1 : 0)};
}

StripLayout stripLayout(const QVector<TrackLane>& lanes, bool pictures, double left, double top, double width)
{
    StripLayout out;
    const double x = left + StripLayout::gutter, wide = std::max(1.0, width - StripLayout::gutter - StripLayout::right);
    double y = top + StripLayout::top;
    if (pictures) {
        out.picturesRect = {x, y, wide, StripLayout::pictures};
        y += StripLayout::pictures + StripLayout::gap;
    }
    out.evidenceRect = {x, y, wide, StripLayout::evidence};
    y += StripLayout::evidence + StripLayout::gap;
    for (const TrackLane& lane : lanes) {
        const double high = std::max(18.0, 6 + lane.rows * StripLayout::row);
        out.laneRects.append({x, y, wide, high});
        y += high + StripLayout::gap;
    }
    out.axisRect = {x, y, wide, StripLayout::axis};
    out.height = y + StripLayout::axis - top;
    return out;
}

QVector<ThumbnailSlot> thumbnailSlots(const QVector<double>& seconds, const TimeWindow& window, double shown)
{
    QVector<ThumbnailSlot> out;
    double free = 0;  // where the next one may begin
    for (int i = 0; i < seconds.size(); ++i) {
        const double middle = window.xOf(seconds[i]);
        if (middle < 0 || middle > window.width) continue;
        const double x = std::clamp(middle - shown / 2, 0.0, std::max(0.0, window.width - shown));
        if (x < free) continue;
        out.append({i, x});
        free = x + shown + 2;
    }
    return out;
}

QStringList wrappedLines(const QString& text, int columns, int lines)
{
    QStringList out;
    const QStringList words = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString& word : words) {
        if (!out.isEmpty() && out.last().size() + 1 + word.size() <= columns) {
            out.last() += QLatin1Char(' ') + word;
            continue;
        }
        if (out.size() == lines) {
            out.last() += QChar(0x2026);
            break;
        }
        out.append(word);
    }
    return out;
}

}  // namespace pathloom
