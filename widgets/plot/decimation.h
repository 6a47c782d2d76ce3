// SPDX-License-Identifier: GPL-3.0-or-later
// Fewer points for the same picture: the lowest and the highest of each pixel column. A pure function.
#pragma once

#include <vector>

namespace pathloom {

struct PlotPoint {
    double x = 0;
    double y = 0;
    bool operator==(const PlotPoint&) const = default;
};

/// The lowest and the highest point of each pixel column of [fromX, toX] in order of x (all points where a column has no more
/// than four), plus the neighbours just outside so that lines run to the edge. `columns` < 1 counts as 1. Points must ascend in
/// x. With `logarithmic`, columns are even in log x. Points with NaN or infinite y are kept as one gap each column. No extremum
/// is ever lost.
std::vector<PlotPoint> decimated(
    const std::vector<PlotPoint>& points, double fromX, double toX, int columns, bool logarithmic = false);

}  // namespace pathloom
