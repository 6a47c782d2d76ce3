// SPDX-License-Identifier: GPL-3.0-or-later
// Mean and spread over seeds.
#pragma once

#include <cmath>
#include <span>

namespace pathloom {

struct MeanSd {
    double mean = 0;
    double sd = 0;  ///< of the sample (n - 1); 0 for fewer than two values
    int n = 0;
    bool operator==(const MeanSd&) const = default;
};

inline MeanSd mean_sd(std::span<const double> values)
{
    MeanSd out;
    out.n = int(values.size());
    if (values.empty()) return out;
    for (const double value : values) out.mean += value / double(values.size());
    if (values.size() < 2) return out;
    double squares = 0;
    for (const double value : values) squares += (value - out.mean) * (value - out.mean);
    out.sd = std::sqrt(squares / double(values.size() - 1));
    return out;
}

}  // namespace pathloom
