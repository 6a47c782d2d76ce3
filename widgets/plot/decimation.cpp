// SPDX-License-Identifier: GPL-3.0-or-later
// Fewer points for the same picture: see decimation.h.
#include "widgets/plot/decimation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace pathloom {

namespace {

void emitColumn(const std::vector<PlotPoint>& points, std::size_t begin, std::size_t end, std::vector<PlotPoint>& out)
{
    if (end - begin <= 4) {
        out.insert(out.end(), points.begin() + std::ptrdiff_t(begin), points.begin() + std::ptrdiff_t(end));
        return;
    }
    std::size_t low = end;
    std::size_t high = end;
    std::size_t gap = end;
    for (std::size_t i = begin; i < end; ++i) {
        if (!std::isfinite(points[i].y)) {
            if (gap == end) gap = i;
            continue;
        }
        if (low == end || points[i].y < points[low].y) low = i;
        if (high == end || points[i].y > points[high].y) high = i;
    }
    std::array<std::size_t, 3> keep{low, high, gap};
    std::sort(keep.begin(), keep.end());
    std::size_t last = end;
    for (const std::size_t i : keep) {
        if (i >= end || i == last) continue;
        out.push_back(points[i]);
        last = i;
    }
}

}  // namespace

std::vector<PlotPoint> decimated(const std::vector<PlotPoint>& points, double fromX, double toX, int columns, bool logarithmic)
{
    columns = std::max(1, columns);
    const auto byX = [](const PlotPoint& p, double x) { return p.x < x; };
    auto first = std::size_t(std::lower_bound(points.begin(), points.end(), fromX, byX) - points.begin());
    auto last = std::size_t(std::upper_bound(points.begin(), points.end(), toX, [](double x, const PlotPoint& p) {
        return x < p.x;
    }) - points.begin());
    if (first > 0) --first;
    if (last < points.size()) ++last;
    std::vector<PlotPoint> out;
    if (first >= last) return out;
    if (last - first <= std::size_t(columns) * 2) {
        out.assign(points.begin() + std::ptrdiff_t(first), points.begin() + std::ptrdiff_t(last));
        return out;
    }
    const auto place = [&](double x) { return logarithmic ? std::log(std::max(x, 1e-300)) : x; };
    const double from = place(fromX);
    const double span = place(toX) - from;
    const auto columnOf = [&](double x) {
        return span > 0 ? std::clamp(std::floor((place(x) - from) / span * columns), -1.0, double(columns)) : 0.0;
    };
    std::size_t begin = first;
    double column = columnOf(points[first].x);
    for (std::size_t i = first + 1; i < last; ++i) {
        const double at = columnOf(points[i].x);
        if (at == column) continue;
        emitColumn(points, begin, i, out);
        begin = i;
        column = at;
    }
    emitColumn(points, begin, last, out);
    return out;
}

}  // namespace pathloom
