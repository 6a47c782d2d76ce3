// SPDX-License-Identifier: GPL-3.0-or-later
// The fold over the event log. One function an event kind; nothing here looks at a clock.
#include "widgets/models/run_history.h"

#include "pathloom/v1/events.pb.h"

#include <QCoreApplication>

#include <algorithm>

namespace pathloom {
namespace {

constexpr std::size_t logLimit = 40'000;  // lines kept a run; the engine's own log keeps all

QString text(const std::string& s)
{
    return QString::fromStdString(s);
}

QString words(const char* source)
{
    return QCoreApplication::translate("RunHistory", source);
}

void addLine(std::vector<LogEntry>& log, LogEntry entry)
{
    if (log.size() >= logLimit) log.erase(log.begin(), log.begin() + std::ptrdiff_t(logLimit / 4));
    log.push_back(std::move(entry));
}

WorkerLane* findLane(std::vector<WorkerLane>& lanes, qint64 worker)
{
    const auto it = std::find_if(lanes.begin(), lanes.end(), [worker](const WorkerLane& lane) { return lane.id == worker; });
    return it == lanes.end() ? nullptr : &*it;
}

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

void closeSpan(WorkerLane& lane, qint64 now)
{
    if (!lane.spans.empty() && lane.spans.back().endMs == 0) lane.spans.back().endMs = now;
}

void openSpan(WorkerLane& lane, WorkerBar kind, qint64 now, const QString& task)
{
    if (!lane.spans.empty() && lane.spans.back().endMs == 0) {
        const WorkerSpan& open = lane.spans.back();
        if (open.kind == kind && open.task == task) return;
    }
    closeSpan(lane, now);
    lane.spans.push_back({kind, now, 0, task});
}

/// The open span becomes Lost up to now. Idle time is not work, so it is only closed.
void loseSpan(WorkerLane& lane, qint64 now)
{
    if (lane.spans.empty() || lane.spans.back().endMs != 0) return;
    if (lane.spans.back().kind != WorkerBar::Idle) lane.spans.back().kind = WorkerBar::Lost;
    lane.spans.back().endMs = now;
}

WorkerBar barOf(v1::Activity activity)
{
    switch (activity) {
    case v1::ACTIVITY_DOWNLOAD:
        return WorkerBar::Download;
    case v1::ACTIVITY_COMPUTE:
        return WorkerBar::Compute;
    case v1::ACTIVITY_UPLOAD:
        return WorkerBar::Upload;
    default:
        return WorkerBar::Idle;
    }
}

bool isRunning(const RunHistory& run)
{
    return run.state == int(v1::RUN_STATE_RUNNING);
}

/// The lane of `worker` in a run's picture, made from the project's when this run meets it for the first time.
WorkerLane& laneIn(RunHistory& run, const WorkerLane& model, qint64 now)
{
    if (WorkerLane* lane = findLane(run.workers, model.id)) return *lane;
    WorkerLane lane = model;
    lane.spans.clear();
    run.workers.push_back(std::move(lane));
    openSpan(run.workers.back(), WorkerBar::Idle, now, {});
    return run.workers.back();
}

void showPresentWorkers(ProjectHistory& project, RunHistory& run, qint64 now)
{
    for (const WorkerLane& lane : project.workers)
        if (lane.goneMs == 0) openSpan(laneIn(run, lane, now), WorkerBar::Idle, now, {});
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
    const auto took = std::max<qint64>(1, qint64(m.seconds() * 1000.0));
    run.moduleLanes[std::size_t(id)].steps.push_back({now - took, now, m.version(), m.gradient_norm()});
}

qint64 runOfTask(const std::string& task)
{
    return text(task).section(QLatin1Char('/'), 0, 0).toLongLong();
}

/// "3/train/5/2" -> "train path 2 phase 5"
QString taskLabel(const std::string& task)
{
    const QStringList parts = text(task).split(QLatin1Char('/'));
    if (parts.size() < 4) return text(task);
    QString label = parts[1] + QStringLiteral(" path ") + parts[3] + QStringLiteral(" phase ") + parts[2];
    if (parts.size() > 4) label += QStringLiteral(" part ") + parts[4];
    return label;
}

void workerJoined(ProjectHistory& project, const v1::WorkerJoined& m, qint64 now)
{
    WorkerLane* lane = findLane(project.workers, m.worker());
    if (!lane) {
        project.workers.emplace_back();
        lane = &project.workers.back();
        lane->joinedMs = now;
    }
    lane->id = m.worker();
    lane->name = text(m.name());
    lane->host = text(m.host());
    lane->pid = m.pid();
    lane->local = m.local();
    lane->goneMs = 0;
    lane->goneReason.clear();
    openSpan(*lane, WorkerBar::Idle, now, {});
    for (auto& [id, run] : project.runs) {
        if (!isRunning(run)) continue;
        WorkerLane& own = laneIn(run, *lane, now);
        own.goneMs = 0;
        own.goneReason.clear();
        openSpan(own, WorkerBar::Idle, now, {});
    }
}

void workerActivity(ProjectHistory& project, const v1::WorkerActivity& m, qint64 now)
{
    WorkerLane* lane = findLane(project.workers, m.worker());
    if (!lane) return;  // never joined: the log does not start in the middle
    const WorkerBar bar = barOf(m.activity());
    const QString label = bar == WorkerBar::Idle ? QString() : taskLabel(m.task());
    openSpan(*lane, bar, now, label);
    const qint64 owner = bar == WorkerBar::Idle ? 0 : runOfTask(m.task());
    for (auto& [id, run] : project.runs) {
        if (id == owner)
            openSpan(laneIn(run, *lane, now), bar, now, label);
        else if (isRunning(run))
            openSpan(laneIn(run, *lane, now), WorkerBar::Idle, now, {});
    }
}

void workerGone(ProjectHistory& project, const v1::WorkerGone& m, qint64 now)
{
    const bool lost = m.reason() == "lost" || m.reason() == "killed";
    const auto part = [&](WorkerLane& lane) {
        if (lost)
            loseSpan(lane, now);
        else
            closeSpan(lane, now);
        lane.goneMs = now;
        lane.goneReason = text(m.reason());
    };
    if (WorkerLane* lane = findLane(project.workers, m.worker())) part(*lane);
    for (auto& [id, run] : project.runs)
        if (WorkerLane* lane = findLane(run.workers, m.worker()); lane && lane->goneMs == 0) part(*lane);
}

void taskLost(ProjectHistory& project, RunHistory* run, const v1::TaskLost& m, qint64 now)
{
    const QString label = taskLabel(m.task());
    const auto lose = [&](std::vector<WorkerLane>& lanes) {
        WorkerLane* lane = findLane(lanes, m.worker());
        if (lane && !lane->spans.empty() && lane->spans.back().endMs == 0 && lane->spans.back().task == label)
            loseSpan(*lane, now);
    };
    lose(project.workers);
    if (!run) return;
    lose(run->workers);
    ++run->faults;
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
    for (WorkerLane& lane : run.workers) closeSpan(lane, now);
}

QString workerName(const ProjectHistory& project, qint64 worker)
{
    for (const WorkerLane& lane : project.workers)
        if (lane.id == worker) return lane.name;
    return words("worker %1").arg(worker);
}

QString stateLine(const RunHistory& run, const v1::RunStateChanged& m)
{
    QString line;
    switch (m.state()) {
    case v1::RUN_STATE_RUNNING:
        line = words("%1 is running");
        break;
    case v1::RUN_STATE_STOPPED:
        line = words("%1 was stopped");
        break;
    case v1::RUN_STATE_DONE:
        line = words("%1 is done");
        break;
    case v1::RUN_STATE_FAILED:
        line = words("%1 failed");
        break;
    default:
        line = words("%1 changed state");
        break;
    }
    line = line.arg(run.name);
    return m.reason().empty() ? line : line + QStringLiteral(": ") + text(m.reason());
}

/// The events a person wants to read, as one line each; the rest are seen in the pictures.
void narrate(const ProjectHistory& project, RunHistory* run, const v1::Event& event, std::vector<LogEntry>& log)
{
    LogEntry line{event.seq(), event.time_ms(), 0, {}, 0};
    switch (event.body_case()) {
    case v1::Event::kLog:
        line.level = int(event.log().level());
        line.text = text(event.log().text());
        break;
    case v1::Event::kRunCreated:
        line.text = words("%1 was created").arg(text(event.run_created().name()));
        break;
    case v1::Event::kRunState:
        if (!run) return;
        line.text = stateLine(*run, event.run_state());
        line.level = event.run_state().state() == v1::RUN_STATE_FAILED ? 2 : 0;
        break;
    case v1::Event::kStage:
        if (!run) return;
        line.text = words("%1: stage %2 began").arg(run->name, text(event.stage().stage()));
        break;
    case v1::Event::kTaskLost:
        line.level = 1;
        line.worker = event.task_lost().worker();
        line.text
            = words("%1 lost %2: %3")
                  .arg(workerName(project, line.worker), taskLabel(event.task_lost().task()), text(event.task_lost().reason()));
        break;
    case v1::Event::kWorkerJoined:
        line.worker = event.worker_joined().worker();
        line.text = words("%1 joined from %2").arg(text(event.worker_joined().name()), text(event.worker_joined().host()));
        break;
    case v1::Event::kWorkerGone:
        line.worker = event.worker_gone().worker();
        line.level = event.worker_gone().reason() == "lost" || event.worker_gone().reason() == "killed" ? 1 : 0;
        line.text = words("%1 is gone: %2").arg(workerName(project, line.worker), text(event.worker_gone().reason()));
        break;
    case v1::Event::kCorpusImported:
        line.text = words("Corpus %1 imported: %2 documents, %3 tokens")
                        .arg(text(event.corpus_imported().name()))
                        .arg(event.corpus_imported().documents())
                        .arg(event.corpus_imported().tokens());
        break;
    case v1::Event::kEvalDone:
        if (!run) return;
        line.text = words("%1 was scored on the %2 split").arg(run->name, text(event.eval_done().split()));
        break;
    default:
        return;
    }
    addLine(log, std::move(line));
}

}  // namespace

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
        case v1::Event::kModuleStepped:
            stepped(*run, event.module_stepped(), now);
            break;
        case v1::Event::kEvalDone:
            if (event.eval_done().split() == "test") run->evalJson = text(event.eval_done().result_json());
            break;
        default:
            break;
        }
    }
    narrate(*this, run, event, run ? run->log : log);
}

}  // namespace pathloom
