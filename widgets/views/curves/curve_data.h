// SPDX-License-Identifier: GPL-3.0-or-later
// The mean and the envelope of many curves sampled at the same steps. Pure functions.
#pragma once

#include "widgets/models/run_history.h"
#include "widgets/plot/decimation.h"

#include <vector>

namespace pathloom {

using Curves = std::vector<const std::vector<CurvePoint>*>;

std::vector<PlotPoint> pointsOf(const std::vector<CurvePoint>& curve);
/// Mean over all curves at every step that each of them has, so that the front is not the mean of the fastest few.
/// Curves without samples are left out; NaN samples make the mean NaN.
std::vector<PlotPoint> meanCurve(const Curves& curves);
/// Lowest and highest finite value at every step that any curve has.
struct Envelope {
    std::vector<PlotPoint> low, high;
};
Envelope envelopeOf(const Curves& curves);

}  // namespace pathloom
