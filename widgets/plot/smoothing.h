// SPDX-License-Identifier: GPL-3.0-or-later
// The smoothing of curves: TensorBoard's rule. A pure function.
#pragma once

#include <vector>

namespace pathloom {

/// Debiased exponential moving average, weight in [0, 1): last = last * w + (1 - w) * y, shown as last / (1 - w^n) with n the
/// finite samples so far. A constant series and weight 0 come back untouched; NaN and infinity pass through and change nothing.
std::vector<double> smoothed(const std::vector<double>& values, double weight);

}  // namespace pathloom
