// SPDX-License-Identifier: GPL-3.0-or-later
// The fold's readable side: which events become a line of the log, and its words.
#include "widgets/models/run_history_fold.h"

#include <QCoreApplication>

namespace pathloom::fold {
namespace {

constexpr std::size_t logLimit = 40'000;  // lines kept a run; the engine's own log keeps all

QString words(const char* source)
{
    return QCoreApplication::translate("RunHistory", source);
}

void addLine(std::vector<LogEntry>& log, LogEntry entry)
{
    if (log.size() >= logLimit) log.erase(log.begin(), log.begin() + std::ptrdiff_t(logLimit / 4));
    log.push_back(std::move(entry));
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

}  // namespace

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
    case v1::Event::kBlobDamaged: {
        const v1::BlobDamaged& m = event.blob_damaged();
        line.level = 1;
        line.text = m.task().empty()
            ? words("The %1 was damaged on disk and was made again (blob %2)").arg(text(m.what()), text(m.hash()).left(12))
            : words("The %1 was damaged on disk; %2 is done again (blob %3)")
                  .arg(text(m.what()), taskLabel(m.task()), text(m.hash()).left(12));
        break;
    }
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

}  // namespace pathloom::fold
