// SPDX-License-Identifier: GPL-3.0-or-later
// What the path picture shows at one moment: versions, contributions and losses, now or replayed from the history.
#pragma once

#include <QString>
#include <QVector>

#include <vector>

namespace pathloom {

struct RunHistory;

struct ModuleMoment {
    int version = 0;
    int received = 0;
    int expected = 0;
    double gradientNorm = 0;
    qint64 lastStepMs = 0;
    bool operator==(const ModuleMoment&) const = default;
};
struct PathMoment {
    int phase = 0;
    double trainLoss = 0;  ///< 0 = none yet
    double validLoss = 0;
    bool operator==(const PathMoment&) const = default;
};
struct PictureMoment {
    std::vector<ModuleMoment> modules;
    std::vector<PathMoment> paths;
    bool operator==(const PictureMoment&) const = default;
};

/// The run's state at `timeMs`, rebuilt from contribution ticks and outer steps; after the last event it equals latestMoment().
PictureMoment stateAt(const RunHistory& history, qint64 timeMs);
/// The run's state as the fold has it now.
PictureMoment latestMoment(const RunHistory& history);

enum class RibbonColour { Domain, Loss, Staleness };
/// Index of the domain with the most sequences, -1 when not sharded yet.
int dominantDomain(const QVector<qint64>& byDomain);
/// The value behind the colour of each path (domain index, loss in nats, phases behind the foremost path) and its range.
struct RibbonValues {
    std::vector<double> values;  ///< NaN = not known
    double low = 0, high = 0;
};
RibbonValues ribbonValues(const RunHistory& history, const PictureMoment& moment, RibbonColour colour);

}  // namespace pathloom
