// SPDX-License-Identifier: GPL-3.0-or-later
// The path picture at one moment: see path_state.h.
#include "widgets/views/paths/path_state.h"

#include "widgets/models/run_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pathloom {

namespace {

double lastBefore(const std::vector<CurvePoint>& curve, double step)
{
    const auto after = std::upper_bound(curve.begin(), curve.end(), step, [](double x, const CurvePoint& p) { return x < p.x; });
    return after == curve.begin() ? 0.0 : std::prev(after)->y;
}

}  // namespace

PictureMoment latestMoment(const RunHistory& history)
{
    PictureMoment moment;
    for (const ModuleState& m : history.modules) {
        moment.modules.push_back({m.version, m.received, m.expected, m.gradientNorm, m.lastStepMs});
    }
    for (const PathState& p : history.paths) moment.paths.push_back({p.phase, p.lastTrainLoss, p.lastValidLoss});
    return moment;
}

PictureMoment stateAt(const RunHistory& history, qint64 timeMs)
{
    if (history.lastEventMs > 0 && timeMs >= history.lastEventMs) return latestMoment(history);
    PictureMoment moment;
    moment.modules.resize(history.modules.size());
    moment.paths.resize(history.paths.size());
    std::vector<int> contributed(history.paths.size(), 0);
    for (std::size_t m = 0; m < history.modules.size(); ++m) {
        ModuleMoment& state = moment.modules[m];
        state.expected = history.modules[m].expected > 0 ? history.modules[m].expected : int(history.modules[m].paths.size());
        if (m >= history.moduleLanes.size()) continue;
        const ModuleLane& lane = history.moduleLanes[m];
        for (const OuterStepBar& step : lane.steps) {
            if (step.endMs == 0 || step.endMs > timeMs) continue;
            state.version = step.version;
            state.gradientNorm = step.gradientNorm;
            state.lastStepMs = step.endMs;
        }
        std::vector<int> own(history.paths.size(), 0);
        for (const ContributionTick& tick : lane.ticks) {
            if (tick.timeMs > timeMs) break;
            if (tick.timeMs > state.lastStepMs) ++state.received;
            if (tick.path >= 0 && std::size_t(tick.path) < own.size()) ++own[std::size_t(tick.path)];
        }
        for (std::size_t p = 0; p < own.size(); ++p) contributed[p] = std::max(contributed[p], own[p]);
    }
    for (std::size_t p = 0; p < history.paths.size(); ++p) {
        // Phase k trains the steps before this one; its validation is reported at this one.
        const double step = double(history.warmSteps) + double(contributed[p]) * history.tau;
        moment.paths[p]
            = {contributed[p], lastBefore(history.paths[p].train, step - 0.5), lastBefore(history.paths[p].valid, step)};
    }
    return moment;
}

int dominantDomain(const QVector<qint64>& byDomain)
{
    const auto most = std::max_element(byDomain.begin(), byDomain.end());
    return most == byDomain.end() || *most <= 0 ? -1 : int(most - byDomain.begin());
}

RibbonValues ribbonValues(const RunHistory& history, const PictureMoment& moment, RibbonColour colour)
{
    RibbonValues out;
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    int foremost = 0;
    for (const PathMoment& p : moment.paths) foremost = std::max(foremost, p.phase);
    for (std::size_t p = 0; p < history.paths.size(); ++p) {
        double value = unknown;
        const PathMoment now = p < moment.paths.size() ? moment.paths[p] : PathMoment();
        if (colour == RibbonColour::Domain) {
            const int domain = dominantDomain(history.paths[p].byDomain);
            if (domain >= 0) value = domain;
        } else if (colour == RibbonColour::Loss) {
            const double loss = now.validLoss > 0 ? now.validLoss : now.trainLoss;
            if (loss > 0) value = loss;
        } else {
            value = foremost - now.phase;
        }
        out.values.push_back(value);
    }
    bool any = false;
    for (const double value : out.values) {
        if (std::isnan(value)) continue;
        out.low = any ? std::min(out.low, value) : value;
        out.high = any ? std::max(out.high, value) : value;
        any = true;
    }
    if (colour == RibbonColour::Staleness) out.low = 0;
    return out;
}

}  // namespace pathloom
