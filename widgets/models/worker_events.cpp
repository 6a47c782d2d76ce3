// SPDX-License-Identifier: GPL-3.0-or-later
// The fold's worker events: what each lane did when.
#include "widgets/models/run_history_fold.h"

#include <algorithm>

namespace pathloom::fold {
namespace {

WorkerLane* findLane(std::vector<WorkerLane>& lanes, qint64 worker)
{
    const auto it = std::find_if(lanes.begin(), lanes.end(), [worker](const WorkerLane& lane) { return lane.id == worker; });
    return it == lanes.end() ? nullptr : &*it;
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

qint64 runOfTask(const std::string& task)
{
    return text(task).section(QLatin1Char('/'), 0, 0).toLongLong();
}

}  // namespace

void showPresentWorkers(ProjectHistory& project, RunHistory& run, qint64 now)
{
    for (const WorkerLane& lane : project.workers)
        if (lane.goneMs == 0) openSpan(laneIn(run, lane, now), WorkerBar::Idle, now, {});
}

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

void closeLanes(RunHistory& run, qint64 now)
{
    for (WorkerLane& lane : run.workers) closeSpan(lane, now);
}

}  // namespace pathloom::fold
