// SPDX-License-Identifier: GPL-3.0-or-later
// Group commit: one fsync makes durable whatever was committed while the last one ran, so tasks do not queue for the disk one by
// one. Nothing is answered and no watcher hears of it before its fsync has returned.
#pragma once

#include "engine/core/result.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

namespace pathloom {

/// Any thread may call any function.
class Flusher {
public:
    using Sync = std::function<Result<void>()>;
    using Durable = std::function<void(std::int64_t seq)>;
    /// `sync` makes everything committed so far durable; `durable` then hears the newest event it covers.
    Flusher(Sync sync, Durable durable)
        : m_sync(std::move(sync))
        , m_durable(std::move(durable))
        , m_thread([this] { run(); })
    {
    }
    ~Flusher() { stop(); }
    Flusher(const Flusher&) = delete;
    Flusher& operator=(const Flusher&) = delete;

    /// A transaction has been committed, with events up to `seq`. Returns what wait() wants.
    std::uint64_t note(std::int64_t seq)
    {
        const std::lock_guard lock(m_mutex);
        m_seq = seq;
        ++m_noted;
        m_changed.notify_all();
        return m_noted;
    }
    /// Until that transaction is durable.
    void wait(std::uint64_t ticket)
    {
        std::unique_lock lock(m_mutex);
        m_flushed.wait(lock, [&] { return m_done >= ticket; });
    }
    /// Flushes what is left and ends the thread.
    void stop()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
            m_changed.notify_all();
        }
        if (m_thread.joinable()) m_thread.join();
    }

private:
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] { return m_noted > m_done || m_stopping; });
            if (m_noted == m_done) return;
            const std::uint64_t target = m_noted;
            const std::int64_t seq = m_seq;
            lock.unlock();
            if (auto synced = m_sync(); !synced) {
                // After a failed fsync nobody knows what is on the disk: only a restart, which reads it back, is honest.
                spdlog::critical("{}; the engine stops, and goes on from what the disk holds when it is started again",
                    synced.error().message);
                std::_Exit(1);
            }
            m_durable(seq);
            lock.lock();
            m_done = target;
            m_flushed.notify_all();
        }
    }

    Sync m_sync;
    Durable m_durable;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::condition_variable m_flushed;
    std::uint64_t m_noted = 0;
    std::uint64_t m_done = 0;
    std::int64_t m_seq = 0;
    bool m_stopping = false;
    std::thread m_thread;
};

}  // namespace pathloom
