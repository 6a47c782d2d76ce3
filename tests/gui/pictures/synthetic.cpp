// SPDX-License-Identifier: GPL-3.0-or-later
// Realistic run histories: see synthetic.h.
#include "synthetic.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace pathloom::synthetic {

namespace {

constexpr qint64 kStart = 1790000000000;

void addColumn(RunHistory& run, const QString& name, const QString& title, const std::vector<std::vector<int>>& pathsOf, bool own,
    QVector<int> blocks, qint64 parameters)
{
    ColumnState column{name, title, own, std::move(blocks), {}};
    for (std::size_t i = 0; i < pathsOf.size(); ++i) {
        ModuleState m;
        m.name = QStringLiteral("%1.%2").arg(name).arg(i);
        m.column = int(run.columns.size());
        m.index = int(i);
        m.parameters = parameters;
        m.bytes = parameters * 4;
        for (const int p : pathsOf[i]) {
            m.paths.push_back(p);
            run.paths[std::size_t(p)].modules.push_back(int(run.modules.size()));
        }
        m.expected = int(m.paths.size());
        column.modules.push_back(int(run.modules.size()));
        run.modules.push_back(m);
    }
    run.columns.push_back(column);
}

}  // namespace

RunHistory makeHistory(const Shape& shape)
{
    std::mt19937 rng(shape.seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    RunHistory run;
    run.id = 3;
    run.name = QStringLiteral("abc-2x2-k8");
    run.state = 1;
    run.stage = QStringLiteral("train");
    run.phases = shape.phases;
    run.tau = shape.tau;
    run.warmSteps = 100;
    run.createdMs = kStart;
    run.domains = {QStringLiteral("arithmetic"), QStringLiteral("prose"), QStringLiteral("code"), QStringLiteral("lists")};

    int cells = 1;
    for (const int k : shape.levels) cells *= k;
    const int paths = cells * shape.replicas;
    run.paths.resize(std::size_t(paths));
    std::vector<std::vector<int>> one(1);
    std::vector<std::vector<int>> each;
    for (int p = 0; p < paths; ++p) {
        one[0].push_back(p);
        each.push_back({p});
    }
    addColumn(run, QStringLiteral("embed"), QStringLiteral("Embed"), shape.pathSpecificEmbed ? each : one,
        shape.pathSpecificEmbed, {}, 1048576);
    int divisor = cells;
    for (std::size_t l = 0; l < shape.levels.size(); ++l) {
        divisor /= shape.levels[l];
        std::vector<std::vector<int>> of(std::size_t(shape.levels[l]));
        for (int p = 0; p < paths; ++p) of[std::size_t(p / shape.replicas / divisor % shape.levels[l])].push_back(p);
        addColumn(run, QStringLiteral("level%1").arg(l), QStringLiteral("Level %1").arg(l), of, false,
            {int(l) * 2, int(l) * 2 + 1}, 394240);
    }
    if (shape.pathSpecificBlock) addColumn(run, QStringLiteral("block5"), QStringLiteral("Block 5"), each, true, {5}, 197120);
    addColumn(run, QStringLiteral("head"), QStringLiteral("Head"), one, false, {}, 128);
    for (const ModuleState& m : run.modules) run.totalParameters += m.parameters;
    for (const int m : run.paths[0].modules) run.pathParameters += run.modules[std::size_t(m)].parameters;
    run.syncBytesPerPhase = run.pathParameters * 8 * paths;
    run.dataParallelBytesPerPhase = run.syncBytesPerPhase * shape.tau;

    for (int p = 0; p < paths; ++p) {
        PathState& path = run.paths[std::size_t(p)];
        path.path = p;
        const int home = p * 4 / paths;
        for (int d = 0; d < 4; ++d)
            path.byDomain.push_back(
                qint64((d == home ? 300 + 500 * uniform(rng) : 120 * uniform(rng)) * 16 / std::max(1, paths / 4)) + 3);
        for (const qint64 n : path.byDomain) path.sequences += n;
    }
    for (int s = 0; s < 100; ++s) run.warm.push_back({double(s), 4.2 + 4.2 * std::exp(-s / 30.0) + 0.15 * (uniform(rng) - 0.5)});

    // The simulation: earliest free worker takes the ready (path, phase) with the lowest phase.
    run.moduleLanes.resize(run.modules.size());
    std::vector<qint64> freeAt;
    for (int w = 0; w < shape.workers; ++w) {
        WorkerLane lane;
        lane.id = w + 1;
        lane.name = QStringLiteral("worker-%1").arg(w + 1);
        lane.host = QStringLiteral("node%1").arg(w / 2);
        lane.pid = 4000 + w;
        lane.local = true;
        lane.joinedMs = kStart + 300 * w;
        freeAt.push_back(kStart + 12000 + 300 * w);
        lane.spans.push_back({WorkerBar::Idle, lane.joinedMs, freeAt.back(), {}});
        run.workers.push_back(lane);
    }
    std::vector<qint64> readyAt(std::size_t(paths), kStart + 12000);
    std::vector<int> next(std::size_t(paths), 0);
    const qint64 wire = run.pathParameters * 8;
    std::vector<qint64> arrived(run.modules.size(), 0);  // latest contribution towards the next version
    for (;;) {
        int pick = -1;
        for (int p = 0; p < paths; ++p) {
            if (next[std::size_t(p)] >= shape.done || readyAt[std::size_t(p)] < 0) continue;
            if (pick < 0
                || std::pair(next[std::size_t(p)], readyAt[std::size_t(p)])
                    < std::pair(next[std::size_t(pick)], readyAt[std::size_t(pick)]))
                pick = p;
        }
        if (pick < 0) break;
        const auto w = std::size_t(std::min_element(freeAt.begin(), freeAt.end()) - freeAt.begin());
        WorkerLane& lane = run.workers[w];
        const qint64 begin = std::max(freeAt[w], readyAt[std::size_t(pick)]);
        if (begin > freeAt[w]) lane.spans.push_back({WorkerBar::Idle, freeAt[w], begin, {}});
        const QString task = QStringLiteral("train path %1 phase %2").arg(pick).arg(next[std::size_t(pick)]);
        const bool lost = shape.lostWorker && w == 1 && lane.spans.size() > 24 && lane.spans.size() < 28;
        const qint64 down = 250 + qint64(300 * uniform(rng));
        const qint64 compute = qint64(double(shape.computeMs) * (0.85 + 0.3 * uniform(rng)) * (w == 2 ? 1.35 : 1.0));
        const qint64 up = 300 + qint64(500 * uniform(rng));
        lane.spans.push_back({WorkerBar::Download, begin, begin + down, task});
        if (lost) {
            lane.spans.push_back({WorkerBar::Compute, begin + down, begin + down + compute / 2, task});
            lane.spans.push_back({WorkerBar::Lost, begin + down + compute / 2, begin + down + compute / 2 + 9000, task});
            freeAt[w] = begin + down + compute / 2 + 9000;
            ++run.faults;
            continue;
        }
        lane.spans.push_back({WorkerBar::Compute, begin + down, begin + down + compute, task});
        const qint64 end = begin + down + compute + up;
        lane.spans.push_back({WorkerBar::Upload, begin + down + compute, end, task});
        freeAt[w] = end;
        run.traffic.push_back({end, wire});
        PathState& path = run.paths[std::size_t(pick)];
        const int phase = next[std::size_t(pick)]++;
        path.phase = phase + 1;
        readyAt[std::size_t(pick)] = -1;
        const double floor = 1.6 + 0.25 * std::sin(pick * 1.7);
        for (int s = 0; s < shape.tau; ++s) {
            const double step = double(run.warmSteps) + phase * shape.tau + s;
            path.train.push_back({step, floor + 2.6 * std::exp(-(step - 100) / 55.0) + 0.35 * (uniform(rng) - 0.5)});
        }
        path.lastTrainLoss = path.train.back().y;
        path.valid.push_back(
            {double(run.warmSteps + (phase + 1) * shape.tau), floor + 0.08 + 2.6 * std::exp(-(phase + 1) * shape.tau / 55.0)});
        path.lastValidLoss = path.valid.back().y;
        for (const int id : path.modules) {
            const auto m = std::size_t(id);
            ModuleState& module = run.modules[m];
            run.moduleLanes[m].ticks.push_back({end, pick, phase, lane.id});
            arrived[m] = std::max(arrived[m], end);
            if (++module.received < module.expected) continue;
            module.received = 0;
            ++module.version;
            module.gradientNorm = 3.1 / (1 + 0.3 * module.version) * (0.9 + 0.2 * uniform(rng));
            module.meanCosine = std::clamp(0.9 - 0.12 * double(module.paths.size()) + 0.2 * uniform(rng), -0.2, 1.0);
            module.pathNorms.clear();
            for (qsizetype i = 0; i < module.paths.size(); ++i)
                module.pathNorms.push_back(module.gradientNorm * (0.7 + 0.6 * uniform(rng)));
            module.lastStepMs = arrived[m] + 420;
            run.moduleLanes[m].steps.push_back({arrived[m], arrived[m] + 420, module.version, module.gradientNorm});
        }
        for (int p = 0; p < paths; ++p) {
            if (readyAt[std::size_t(p)] >= 0) continue;
            const auto& mods = run.paths[std::size_t(p)].modules;
            const bool ready = std::all_of(
                mods.begin(), mods.end(), [&](int m) { return run.modules[std::size_t(m)].version >= next[std::size_t(p)]; });
            if (!ready) continue;
            readyAt[std::size_t(p)] = end;
            for (const int m : mods)
                readyAt[std::size_t(p)] = std::max(readyAt[std::size_t(p)], run.modules[std::size_t(m)].lastStepMs);
        }
    }
    for (const PathState& path : run.paths) {  // stop mid-phase, as a live run is
        for (const int m : path.modules) run.lastEventMs = std::max(run.lastEventMs, run.modules[std::size_t(m)].lastStepMs);
    }
    for (WorkerLane& lane : run.workers) {
        run.lastEventMs = std::max(run.lastEventMs, lane.spans.back().endMs);
        std::stable_sort(
            lane.spans.begin(), lane.spans.end(), [](const WorkerSpan& a, const WorkerSpan& b) { return a.beginMs < b.beginMs; });
    }
    for (ModuleLane& lane : run.moduleLanes) {
        std::stable_sort(lane.ticks.begin(), lane.ticks.end(), [](const auto& a, const auto& b) { return a.timeMs < b.timeMs; });
    }
    return run;
}

}  // namespace pathloom::synthetic
