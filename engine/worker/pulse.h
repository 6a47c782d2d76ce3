// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat: its own thread, so that a long step or a slow link never makes a worker look dead.
#pragma once

#include "engine/worker/engine_link.h"
#include "engine/worker/retry.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace pathloom {

/// Sends what the worker does every heartbeat_ms and at once when that changes. Thread safe.
class Pulse {
public:
    /// `abandon` is raised when the engine takes the task away, or on stop. `enrol` registers again and returns the worker id.
    using Enrol = std::function<Result<std::int64_t>()>;
    Pulse(EngineLink& link, Interrupt& abandon, Enrol enrol);
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    void start(std::int64_t worker, std::int64_t heartbeat_ms);
    void set_worker(std::int64_t worker);
    [[nodiscard]] std::int64_t worker() const;

    /// A task is held from begin() to end(); abandon is lowered by begin().
    void begin(const std::string& task, std::int64_t fence);
    void activity(v1::Activity activity);
    void step(std::int64_t step, float loss);
    void end();

    /// Say goodbye from the heartbeat thread: give the held task back, leave, raise abandon. Returns at once.
    void leave();
    /// Ends the thread; what leave() began is finished first. Called by the destructor.
    void join();
    /// Wait until leave() has been carried out; false after `time`.
    bool wait_left(std::chrono::milliseconds time);

private:
    struct Losses {
        std::int64_t step_begin = 0;
        std::vector<float> values;
    };
    void run();
    void beat(std::unique_lock<std::mutex>& lock);
    void say_goodbye(std::unique_lock<std::mutex>& lock);

    EngineLink& m_link;
    Interrupt& m_abandon;
    Enrol m_enrol;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::chrono::milliseconds m_period{1000};
    std::int64_t m_worker = 0;
    std::string m_task;
    std::int64_t m_fence = 0;
    v1::Activity m_activity = v1::ACTIVITY_IDLE;
    Losses m_losses;
    bool m_urgent = false;
    bool m_leaving = false;
    bool m_left = false;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
