// SPDX-License-Identifier: GPL-3.0-or-later
// Work in order on another thread, a few items behind the one that hands it in: receiving goes on while the last piece is hashed.
#pragma once

#include "engine/core/result.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace pathloom {

/// The thread starts with the second item, so something short is done where it is. Used by one thread.
template <class Item>
class Conveyor {
public:
    explicit Conveyor(std::function<Result<void>(Item&)> work, std::size_t depth = 4)
        : m_work(std::move(work))
        , m_depth(depth)
    {
    }
    ~Conveyor() { join(); }
    Conveyor(const Conveyor&) = delete;
    Conveyor& operator=(const Conveyor&) = delete;

    /// Waits while `depth` items are still to be done. False: the work has failed, finish() says why.
    bool push(Item item)
    {
        if (!std::exchange(m_begun, true)) {
            m_outcome = m_work(item);
            return m_outcome.has_value();
        }
        std::unique_lock lock(m_mutex);
        if (!m_thread.joinable() && m_outcome) m_thread = std::thread([this] { run(); });
        m_changed.wait(lock, [this] { return m_items.size() < m_depth || !m_outcome; });
        if (!m_outcome) return false;
        m_items.push_back(std::move(item));
        m_changed.notify_all();
        return true;
    }
    /// Waits until everything is done.
    Result<void> finish()
    {
        join();
        return m_outcome;
    }

private:
    void join()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ending = true;
            m_changed.notify_all();
        }
        if (m_thread.joinable()) m_thread.join();
    }
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] { return !m_items.empty() || m_ending; });
            if (m_items.empty()) return;
            Item item = std::move(m_items.front());
            m_items.pop_front();
            m_changed.notify_all();
            lock.unlock();
            auto done = m_work(item);
            lock.lock();
            if (!done) {
                m_outcome = std::move(done);
                m_items.clear();
                m_changed.notify_all();
                return;
            }
        }
    }

    std::function<Result<void>(Item&)> m_work;
    std::size_t m_depth;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Item> m_items;
    Result<void> m_outcome;
    bool m_begun = false;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
