// SPDX-License-Identifier: GPL-3.0-or-later
// The fold over the event log. One function an event kind; nothing here looks at a clock.
#include "widgets/models/run_history.h"

#include "widgets/models/run_history_fold.h"

#include <algorithm>
#include <limits>

namespace pathloom {
namespace {

using namespace fold;

PathState* pathOf(RunHistory& run, int path)
{
    if (path < 0 || path > 1'000'000) return nullptr;
    if (path >= int(run.paths.size())) {
        const int first = int(run.paths.size());
        run.paths.resize(std::size_t(path) + 1);
        for (int i = first; i <= path; ++i) run.paths[std::size_t(i)].path = i;
    }
    return &run.paths[std::size_t(path)];
}

int moduleOf(const RunHistory& run, const QString& name)
{
    for (std::size_t i = 0; i < run.modules.size(); ++i)
        if (run.modules[i].name == name) return int(i);
    return -1;
}

void planned(RunHistory& run, const v1::RunPlanned& m)
{
    run.phases = m.phases();
    run.tau = m.tau();
    run.warmSteps = m.warm_steps();
    run.pathParameters = m.path_parameters();
    run.totalParameters = m.total_parameters();
    run.syncBytesPerPhase = m.sync_bytes_per_phase();
    run.dataParallelBytesPerPhase = m.data_parallel_bytes_per_phase();
    run.columns.clear();
    run.modules.clear();
    for (const auto& c : m.columns()) {
        ColumnState column;
        column.name = text(c.name());
        column.title = text(c.title());
        column.pathSpecific = c.path_specific();
        for (const int block : c.blocks()) column.blocks.append(block);
        run.columns.push_back(std::move(column));
    }
    for (const auto& i : m.modules()) {
        ModuleState module;
        module.name = text(i.name());
        module.column = i.column();
        module.index = i.index();
        module.parameters = i.parameters();
        module.bytes = i.bytes();
        for (const int path : i.paths()) module.paths.append(path);
        module.expected = int(module.paths.size());
        if (module.column >= 0 && module.column < int(run.columns.size()))
            run.columns[std::size_t(module.column)].modules.append(int(run.modules.size()));
        run.modules.push_back(std::move(module));
    }
    run.moduleLanes.resize(run.modules.size());
    for (const auto& p : m.paths()) {
        PathState* path = pathOf(run, p.path());
        if (!path) continue;
        path->modules.clear();
        for (const int id : p.modules())
            if (id >= 0 && id < int(run.modules.size())) path->modules.append(id);
    }
}

void shards(RunHistory& run, const v1::ShardsAssigned& m)
{
    run.domains.clear();
    for (const auto& domain : m.domains()) run.domains.append(text(domain));
    for (const auto& s : m.shards()) {
        PathState* path = pathOf(run, s.path());
        if (!path) continue;
        path->sequences = s.sequences();
        path->byDomain.clear();
        for (const auto n : s.by_domain()) path->byDomain.append(n);
    }
    RoutingState state{m.routing(), m.phase(), text(m.router()), m.rebalanced(), m.moved(), m.router_accuracy(), {}, {}};
    for (const auto& s : m.shards()) state.sizes.append(s.sequences());
    for (const auto& move : m.flow()) state.flow.append({move.from(), move.to(), qint64(move.sequences())});
    std::erase_if(run.routings, [&](const RoutingState& known) { return known.routing == state.routing; });
    run.routings.push_back(std::move(state));
}

void trainPoints(RunHistory& run, const v1::TrainPoints& m)
{
    std::vector<CurvePoint>* curve = &run.warm;
    PathState* path = nullptr;
    if (m.stage() != "warm") {
        path = pathOf(run, m.path());
        if (!path) return;
        curve = &path->train;
    }
    // A task that was lost is trained again from its first step: the second attempt replaces the first one's points.
    while (!curve->empty() && curve->back().x >= double(m.step_begin())) curve->pop_back();
    for (int i = 0; i < m.losses_size(); ++i) curve->push_back({double(m.step_begin() + i), double(m.losses(i))});
    if (path && m.losses_size() > 0) path->lastTrainLoss = double(m.losses(m.losses_size() - 1));
}

void committed(RunHistory& run, const v1::TaskCommitted& m, qint64 now)
{
    if (text(m.stage()) == run.stage) ++run.stageDone;
    if (m.stage() == "train")
        if (PathState* path = pathOf(run, m.path())) path->phase = std::max(path->phase, m.phase() + 1);
    const auto& wire = m.wire();
    const qint64 bytes = qint64(wire.modules_down() + wire.deltas_up() + wire.inner_down() + wire.inner_up());
    run.traffic.push_back({now, bytes});
}

void contribution(RunHistory& run, const v1::ModuleContribution& m, qint64 now)
{
    const int id = moduleOf(run, text(m.module()));
    if (id < 0) return;
    ModuleState& module = run.modules[std::size_t(id)];
    module.received = m.received();
    module.expected = m.expected();
    run.moduleLanes[std::size_t(id)].ticks.push_back({now, m.path(), m.phase(), m.worker()});
}

void blobDamaged(RunHistory& run, const v1::BlobDamaged& m)
{
    const QStringList task = text(m.task()).split(QLatin1Char('/'));
    if (task.size() < 4) return;  // made again from what is kept: nothing was undone
    ++run.faults;
    if (task[1] == run.stage && run.stageDone > 0) --run.stageDone;
    const int phase = task[2].toInt();
    const int path = task[3].toInt();
    if (task[1] == QLatin1String("train"))
        if (PathState* state = pathOf(run, path)) state->phase = std::min(state->phase, phase);
    for (const auto& name : m.modules()) {
        const int id = moduleOf(run, text(name));
        if (id < 0) continue;
        ModuleState& module = run.modules[std::size_t(id)];
        module.received = std::max(0, module.received - 1);
        std::erase_if(run.moduleLanes[std::size_t(id)].ticks,
            [&](const ContributionTick& tick) { return tick.path == path && tick.phase == phase; });
    }
}

void stepped(RunHistory& run, const v1::ModuleStepped& m, qint64 now)
{
    const int id = moduleOf(run, text(m.module()));
    if (id < 0) return;
    ModuleState& module = run.modules[std::size_t(id)];
    module.version = m.version();
    module.received = 0;
    module.gradientNorm = m.gradient_norm();
    module.meanCosine = m.mean_cosine();
    module.lastStepMs = now;
    module.pathNorms.fill(0.0, module.paths.size());
    for (int i = 0; i < m.paths_size() && i < m.path_norms_size(); ++i) {
        const auto at = module.paths.indexOf(m.paths(i));
        if (at >= 0) module.pathNorms[at] = m.path_norms(i);
    }
    if (m.path_cosines_size() > 0) {
        CosineStep step;
        step.version = m.version();
        step.paths = QVector<int>(m.paths().begin(), m.paths().end());
        step.cosines = QVector<float>(m.path_cosines().begin(), m.path_cosines().end());
        if (qsizetype(step.paths.size()) * (step.paths.size() - 1) / 2 == step.cosines.size())
            module.cosines.push_back(std::move(step));
    }
    const auto took = std::max<qint64>(1, qint64(m.seconds() * 1000.0));
    run.moduleLanes[std::size_t(id)].steps.push_back({now - took, now, m.version(), m.gradient_norm()});
}

void stateChanged(ProjectHistory& project, RunHistory& run, const v1::RunStateChanged& m, qint64 now)
{
    run.state = int(m.state());
    run.reason = text(m.reason());
    if (m.state() == v1::RUN_STATE_RUNNING) {
        run.finishedMs = 0;
        showPresentWorkers(project, run, now);
        return;
    }
    run.finishedMs = now;
    closeLanes(run, now);
}

}  // namespace

double CosineStep::between(int a, int b) const
{
    auto i = paths.indexOf(a), j = paths.indexOf(b);
    if (i < 0 || j < 0) return std::numeric_limits<double>::quiet_NaN();
    if (i == j) return 1.0;
    if (i > j) std::swap(i, j);
    return double(cosines[i * (2 * paths.size() - i - 1) / 2 + (j - i - 1)]);
}

void ProjectHistory::apply(const v1::Event& event)
{
    if (event.seq() <= lastSeq) return;
    lastSeq = event.seq();
    const qint64 now = event.time_ms();
    RunHistory* run = nullptr;
    if (event.run() > 0) {
        run = &runs[event.run()];
        run->id = event.run();
        run->lastEventMs = now;
    }
    switch (event.body_case()) {
    case v1::Event::kWorkerJoined:
        workerJoined(*this, event.worker_joined(), now);
        break;
    case v1::Event::kWorkerActivity:
        workerActivity(*this, event.worker_activity(), now);
        break;
    case v1::Event::kWorkerGone:
        workerGone(*this, event.worker_gone(), now);
        break;
    case v1::Event::kTaskLost:
        taskLost(*this, run, event.task_lost(), now);
        break;
    default:
        break;
    }
    if (run) {
        switch (event.body_case()) {
        case v1::Event::kRunCreated:
            run->name = text(event.run_created().name());
            run->preset = text(event.run_created().preset());
            run->specJson = text(event.run_created().spec_json());
            run->createdMs = now;
            run->state = int(v1::RUN_STATE_RUNNING);
            showPresentWorkers(*this, *run, now);
            break;
        case v1::Event::kRunState:
            stateChanged(*this, *run, event.run_state(), now);
            break;
        case v1::Event::kStage:
            run->stage = text(event.stage().stage());
            run->stageUnits = event.stage().units_total();
            run->stageDone = 0;
            break;
        case v1::Event::kRunPlanned:
            planned(*run, event.run_planned());
            break;
        case v1::Event::kShards:
            shards(*run, event.shards());
            break;
        case v1::Event::kTaskCommitted:
            committed(*run, event.task_committed(), now);
            break;
        case v1::Event::kTrainPoints:
            trainPoints(*run, event.train_points());
            break;
        case v1::Event::kValidPoint:
            if (PathState* path = pathOf(*run, event.valid_point().path())) {
                path->valid.push_back({double(event.valid_point().step()), event.valid_point().nll()});
                path->lastValidLoss = event.valid_point().nll();
            }
            break;
        case v1::Event::kContribution:
            contribution(*run, event.contribution(), now);
            break;
        case v1::Event::kBlobDamaged:
            blobDamaged(*run, event.blob_damaged());
            break;
        case v1::Event::kModuleStepped:
            stepped(*run, event.module_stepped(), now);
            break;
        case v1::Event::kEvalDone:
            if (event.eval_done().split() == "test" && event.eval_done().route() == "once")
                run->evalJson = text(event.eval_done().result_json());
            break;
        default:
            break;
        }
    }
    narrate(*this, run, event, run ? run->log : log);
}

}  // namespace pathloom
