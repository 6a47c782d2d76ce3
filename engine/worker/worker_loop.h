// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker does all day: register, lease a task, fetch, compute; a courier uploads and commits while the next one is
// computed, a scout fetches what that next one will need. Knows neither gRPC nor libtorch.
#pragma once

#include "engine/core/clock.h"
#include "engine/model/codec.h"
#include "engine/training/task_runner.h"
#include "engine/worker/blob_cache.h"
#include "engine/worker/courier.h"
#include "engine/worker/engine_link.h"
#include "engine/worker/pulse.h"
#include "engine/worker/retry.h"
#include "engine/worker/scout.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace pathloom {

struct WorkerIdentity {
    std::string name;
    std::string host;
    std::int64_t pid = 0;
    std::string isa;
    std::string instance;  ///< random per process: a reconnect keeps the worker's id
    bool local = false;  ///< started by the engine itself
};

struct WorkerOptions {
    WorkerIdentity identity;
    std::vector<std::string> codecs{codec_names.begin(), codec_names.end()};  ///< of pseudo-gradients that its tasks can write
    RetryPolicy retry;
    std::int64_t lease_wait_ms = 20'000;
    std::int64_t ahead_wait_ms = 1'000;  ///< how long a look at the next task may wait for one
    std::uint64_t seed = 1;  ///< of the jitter only
};

class WorkerLoop {
public:
    using RunTask = std::function<Result<TaskOutcome>(const v1::TaskSpec&, TaskIo&)>;
    WorkerLoop(EngineLink& link, BlobCache cache, RunTask run_task, const Clock& clock, WorkerOptions options);

    enum class End { Stopped, Drained };
    /// Until stopped or drained. Unsupported (another protocol), Unauthorised, or Unreachable when patience has run out.
    Result<End> run();
    /// From any thread: give the task back, leave at once, make run() return at the next step.
    void stop();
    /// After stop(): wait until the engine has been told; false after `time`.
    bool wait_left(std::chrono::milliseconds time) { return m_pulse.wait_left(time); }

private:
    Result<void> enrol();
    Result<std::int64_t> enrol_once();
    Result<End> serve();
    /// Fetch, compute, hand over to the courier.
    Result<void> process(const v1::Task& task, Courier& courier, Scout& scout);
    /// The courier's work: an error only when the engine can no longer be worked with.
    Result<void> deliver(Parcel& parcel);
    Result<void> upload_and_commit(Parcel& parcel);
    /// The scout's: what the engine would give us next.
    Scout::Find look_ahead();
    /// After a task: what became of it, and an error only when the engine can no longer be worked with.
    Result<void> conclude(const v1::Task& task, const std::shared_ptr<Holding>& holding, const Result<void>& outcome);
    /// Report a failed task. An error only when the engine can no longer be worked with.
    Result<void> report(const v1::Task& task, const Error& error);
    [[nodiscard]] Retry retry(Interrupt& interrupt);

    EngineLink& m_link;
    BlobCache m_cache;
    RunTask m_run_task;
    const Clock& m_clock;
    WorkerOptions m_options;
    Interrupt m_stop;
    std::mutex m_enrolling;
    std::atomic<std::int64_t> m_heartbeat_ms{1000};
    Pulse m_pulse;
    std::mutex m_failing;  // of m_failures
    Retry m_failures;  ///< pauses between tasks that fail one after the other
};

}  // namespace pathloom
