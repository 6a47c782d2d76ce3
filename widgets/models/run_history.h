// SPDX-License-Identifier: GPL-3.0-or-later
// What one run looks like now and how it got there: a fold over the engine's event log. Plain values, no widgets.
#pragma once

#include <QHash>
#include <QString>
#include <QStringList>
#include <QVector>

#include <map>
#include <vector>

namespace pathloom::v1 {
class Event;
}

namespace pathloom {

/// Samples of one curve, ascending in x.
struct CurvePoint {
    double x = 0;  ///< global inner step
    double y = 0;  ///< nats a token
};

/// How the contributions to one outer step of a module agreed.
struct CosineStep {
    int version = 0;  ///< after the step
    QVector<int> paths;
    QVector<float> cosines;  ///< of each pair, (0, 1), (0, 2) ... (1, 2) ...
    /// 1 for a path with itself, NaN for a path that did not contribute.
    [[nodiscard]] double between(int a, int b) const;
};

/// Training sequences that a re-sharding moved (or kept: from == to).
struct ShardMove {
    int from = 0;  ///< cell
    int to = 0;
    qint64 sequences = 0;
};
struct RoutingState {
    int routing = 0;  ///< 0 = the first
    int phase = 0;  ///< outer steps before it
    QString router;
    qint64 rebalanced = 0;
    qint64 moved = 0;
    double accuracy = 0;  ///< discriminative: on held-out router data
    QVector<qint64> sizes;  ///< train sequences of each path
    QVector<ShardMove> flow;  ///< empty for the first
};

/// One module of the path picture.
struct ModuleState {
    QString name;  ///< "level0.1"
    int column = 0;
    int index = 0;
    qint64 parameters = 0;
    qint64 bytes = 0;
    QVector<int> paths;
    int version = 0;  ///< outer steps taken
    int received = 0;  ///< contributions in towards the next version
    int expected = 0;
    double gradientNorm = 0;  ///< of the last combined pseudo-gradient
    double meanCosine = 1;
    QVector<double> pathNorms;  ///< order of `paths`
    qint64 lastStepMs = 0;  ///< time of the last outer step, 0 = none
    std::vector<CosineStep> cosines;  ///< one an outer step with at least two contributions
};

struct ColumnState {
    QString name;
    QString title;
    bool pathSpecific = false;
    QVector<int> blocks;
    QVector<int> modules;  ///< ids into RunHistory::modules
};

struct PathState {
    int path = 0;
    QVector<int> modules;  ///< one id a column
    qint64 sequences = 0;  ///< train sequences in its shard
    QVector<qint64> byDomain;
    int phase = 0;  ///< phases committed
    double lastTrainLoss = 0;
    double lastValidLoss = 0;  ///< 0 = not yet
    std::vector<CurvePoint> train;
    std::vector<CurvePoint> valid;
};

/// Bars of the sync picture. end = 0: still going on.
enum class WorkerBar { Idle, Download, Compute, Upload, Lost };
struct WorkerSpan {
    WorkerBar kind = WorkerBar::Idle;
    qint64 beginMs = 0;
    qint64 endMs = 0;
    QString task;  ///< "train path 2 phase 5"
};
struct WorkerLane {
    qint64 id = 0;
    QString name;
    QString host;
    qint64 pid = 0;
    bool local = false;
    qint64 joinedMs = 0;
    qint64 goneMs = 0;  ///< 0 = still here
    QString goneReason;
    std::vector<WorkerSpan> spans;
};
struct ContributionTick {
    qint64 timeMs = 0;
    int path = 0;
    int phase = 0;
    qint64 worker = 0;  ///< whose upload brought it
};
struct OuterStepBar {
    qint64 beginMs = 0;
    qint64 endMs = 0;
    int version = 0;
    double gradientNorm = 0;
};
struct ModuleLane {
    std::vector<ContributionTick> ticks;
    std::vector<OuterStepBar> steps;
};
struct TrafficPoint {  ///< one committed task
    qint64 timeMs = 0;
    qint64 bytes = 0;  ///< module, pseudo-gradient and inner-state bytes on the wire
};
struct LogEntry {
    qint64 seq = 0;
    qint64 timeMs = 0;
    int level = 0;  ///< 0 info, 1 warning, 2 error
    QString text;
    qint64 worker = 0;
};

struct RunHistory {
    qint64 id = 0;
    QString name;
    QString preset;
    QString specJson;
    int state = 0;  ///< v1::RunState
    QString reason;
    QString stage;  ///< "warm", "features", "routing", "train", "test"
    int stageUnits = 0;  ///< tasks in the stage, 0 = not known
    int stageDone = 0;
    int phases = 0;
    int tau = 0;
    qint64 warmSteps = 0;
    qint64 pathParameters = 0;
    qint64 totalParameters = 0;
    qint64 syncBytesPerPhase = 0;
    qint64 dataParallelBytesPerPhase = 0;
    QStringList domains;
    std::vector<ColumnState> columns;
    std::vector<ModuleState> modules;
    std::vector<PathState> paths;
    std::vector<RoutingState> routings;  ///< one a routing, the newest last
    std::vector<CurvePoint> warm;  ///< warm-start training loss
    std::vector<WorkerLane> workers;  ///< spans of this run's tasks; idle otherwise
    std::vector<ModuleLane> moduleLanes;  ///< same order as modules
    std::vector<TrafficPoint> traffic;
    QString evalJson;  ///< last EvalDone of split "test"
    qint64 faults = 0;
    qint64 createdMs = 0;
    qint64 finishedMs = 0;
    qint64 lastEventMs = 0;
    std::vector<LogEntry> log;
};

/// The whole project: every run's history plus the workers. apply() is the only way it changes.
struct ProjectHistory {
    qint64 lastSeq = 0;
    std::map<qint64, RunHistory> runs;
    std::vector<WorkerLane> workers;  ///< all workers over the project's life
    std::vector<LogEntry> log;  ///< engine-wide lines
    /// Fold one event in. Events already seen (seq <= lastSeq) are ignored, so a replay after a reconnect is harmless.
    void apply(const v1::Event& event);
};

}  // namespace pathloom
