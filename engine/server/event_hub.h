// SPDX-License-Identifier: GPL-3.0-or-later
// The append-only event log as the server uses it: written inside the coordinator's transactions, read by any number of watchers.
#pragma once

#include "engine/core/result.h"
#include "engine/store/project.h"
#include "pathloom/v1/events.pb.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace pathloom {

class EventHub {
public:
    /// `lock` is the coordinator's: it guards every use of `project`.
    static Result<std::unique_ptr<EventHub>> open(Project& project, std::mutex& lock);

    /// With the lock held and a transaction open: numbers and stores the events.
    Result<void> append(const std::vector<v1::Event>& events);
    /// With the lock held, after the transaction is committed, or rolled back (pass false): newest number of a committed event.
    std::int64_t settle(bool committed);
    /// Events up to this number are on the disk: watchers may see them.
    void publish(std::int64_t seq);

    struct Batch {
        std::vector<v1::Event> events;
        std::int64_t next_seq = 1;  ///< first number not yet looked at
    };
    /// Events from `from_seq` on of one run (and of none), or of all when `run` is 0. Takes the lock.
    Result<Batch> read(std::int64_t from_seq, std::int64_t run, int limit);
    /// Newest published number.
    std::int64_t last_seq();
    /// Waits until the log goes beyond `seq` or is closed, at most `limit`.
    void wait_beyond(std::int64_t seq, std::chrono::milliseconds limit);
    /// No more events will come: every waiter returns, now and from now on (shutdown).
    void close();

private:
    EventHub(Project& project, std::mutex& lock, std::int64_t last)
        : m_project(project)
        , m_lock(lock)
        , m_last(last)
        , m_committed(last)
        , m_pending(last)
    {
    }
    Project& m_project;
    std::mutex& m_lock;
    std::mutex m_wait_mutex;
    std::condition_variable m_grown;
    std::int64_t m_last = 0;  // with m_wait_mutex
    std::int64_t m_committed = 0;  // these two with the lock
    std::int64_t m_pending = 0;
    bool m_closed = false;
};

/// A new event of `run` (0 = none) at `time_ms`; fill in the body.
v1::Event make_event(std::int64_t run, std::int64_t time_ms);
v1::Event log_event(std::int64_t run, std::int64_t time_ms, v1::LogLine::Level level, const std::string& text);

}  // namespace pathloom
