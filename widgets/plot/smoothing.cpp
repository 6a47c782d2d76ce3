// SPDX-License-Identifier: GPL-3.0-or-later
// The smoothing of curves: see smoothing.h.
#include "widgets/plot/smoothing.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

std::vector<double> smoothed(const std::vector<double>& values, double weight)
{
    if (values.empty() || weight <= 0) return values;
    weight = std::min(weight, 0.9999);
    const bool constant = std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
    if (constant) return values;  // rounding would otherwise draw spikes on a flat line
    std::vector<double> out;
    out.reserve(values.size());
    double last = 0;
    double bias = 1;
    for (const double value : values) {
        if (!std::isfinite(value)) {
            out.push_back(value);
            continue;
        }
        last = last * weight + (1 - weight) * value;
        bias *= weight;
        out.push_back(last / (1 - bias));
    }
    return out;
}

}  // namespace pathloom
