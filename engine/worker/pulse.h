// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat: its own thread, so that a long step or a slow link never makes a worker look dead.
#pragma once

#include "engine/worker/engine_link.h"
#include "engine/worker/retry.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pathloom {

/// A task from its lease to its end.
struct Holding {
    std::string task;
    std::int64_t fence = 0;
    Interrupt abandon;  ///< raised when the engine takes the task away, or on stop
};

/// Sends what the worker does every heartbeat_ms and at once when that changes: the task it computes, and those it is still
/// uploading. Thread safe.
class Pulse {
public:
    /// `enrol` registers again and returns the worker id.
    using Enrol = std::function<Result<std::int64_t>()>;
    Pulse(EngineLink& link, Enrol enrol);
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    void start(std::int64_t worker, std::int64_t heartbeat_ms);
    void set_worker(std::int64_t worker);
    [[nodiscard]] std::int64_t worker() const;

    /// A task is held from begin() to end(), in the foreground until uploading().
    void begin(std::shared_ptr<Holding> holding);
    void activity(v1::Activity activity);
    void step(std::int64_t step, float loss);
    /// The task in the foreground is computed; the next one may begin while it is uploaded.
    void uploading();
    void end(const std::shared_ptr<Holding>& holding);

    /// Say goodbye from the heartbeat thread: give the held tasks back, leave, raise abandon. Returns at once.
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
    Enrol m_enrol;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::chrono::milliseconds m_period{1000};
    std::int64_t m_worker = 0;
    std::shared_ptr<Holding> m_foreground;
    std::vector<std::shared_ptr<Holding>> m_uploading;
    v1::Activity m_activity = v1::ACTIVITY_IDLE;
    Losses m_losses;
    bool m_urgent = false;
    bool m_leaving = false;
    bool m_left = false;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
