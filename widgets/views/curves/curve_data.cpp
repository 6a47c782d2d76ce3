// SPDX-License-Identifier: GPL-3.0-or-later
// Mean and envelope of curves: see curve_data.h.
#include "widgets/views/curves/curve_data.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace pathloom {

std::vector<PlotPoint> pointsOf(const std::vector<CurvePoint>& curve)
{
    std::vector<PlotPoint> out;
    out.reserve(curve.size());
    for (const CurvePoint& p : curve) out.push_back({p.x, p.y});
    return out;
}

std::vector<PlotPoint> meanCurve(const Curves& curves)
{
    struct Sum {
        double total = 0;
        int count = 0;
    };
    std::map<double, Sum> at;
    int counted = 0;
    for (const auto* curve : curves) {
        if (curve->empty()) continue;
        ++counted;
        for (const CurvePoint& p : *curve) {
            Sum& sum = at[p.x];
            sum.total += p.y;
            ++sum.count;
        }
    }
    std::vector<PlotPoint> mean;
    for (const auto& [x, sum] : at) {
        if (sum.count == counted) mean.push_back({x, sum.total / counted});
    }
    return mean;
}

Envelope envelopeOf(const Curves& curves)
{
    std::map<double, std::pair<double, double>> at;
    for (const auto* curve : curves) {
        for (const CurvePoint& p : *curve) {
            if (!std::isfinite(p.y)) continue;
            auto [it, fresh] = at.try_emplace(p.x, p.y, p.y);
            it->second = {std::min(it->second.first, p.y), std::max(it->second.second, p.y)};
        }
    }
    Envelope envelope;
    for (const auto& [x, range] : at) {
        envelope.low.push_back({x, range.first});
        envelope.high.push_back({x, range.second});
    }
    return envelope;
}

}  // namespace pathloom
