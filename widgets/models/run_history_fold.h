// SPDX-License-Identifier: GPL-3.0-or-later
// The families of events that the fold over the log is made of. Private to this folder.
#pragma once

#include "widgets/models/run_history.h"

#include "pathloom/v1/events.pb.h"

namespace pathloom::fold {

inline QString text(const std::string& s)
{
    return QString::fromStdString(s);
}

/// "3/train/5/2" -> "train path 2 phase 5"
QString taskLabel(const std::string& task);

// Worker lanes, the project's and each run's (worker_events.cpp).
void workerJoined(ProjectHistory& project, const v1::WorkerJoined& m, qint64 now);
void workerActivity(ProjectHistory& project, const v1::WorkerActivity& m, qint64 now);
void workerGone(ProjectHistory& project, const v1::WorkerGone& m, qint64 now);
void taskLost(ProjectHistory& project, RunHistory* run, const v1::TaskLost& m, qint64 now);
/// A run begins or goes on: everybody present gets a lane in its picture.
void showPresentWorkers(ProjectHistory& project, RunHistory& run, qint64 now);
/// A run ends: nothing of its lanes stays open.
void closeLanes(RunHistory& run, qint64 now);

/// The events a person wants to read, as one line each; the rest are seen in the pictures (event_lines.cpp).
void narrate(const ProjectHistory& project, RunHistory* run, const v1::Event& event, std::vector<LogEntry>& log);

}  // namespace pathloom::fold
