// SPDX-License-Identifier: GPL-3.0-or-later
// A second pair of hands: one piece of work beside what its owner does meanwhile.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace pathloom {

/// The thread starts with the first piece. Used by one thread.
class SideThread {
public:
    SideThread() = default;
    ~SideThread()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ending = true;
            m_changed.notify_all();
        }
        if (m_thread.joinable()) m_thread.join();
    }
    SideThread(const SideThread&) = delete;
    SideThread& operator=(const SideThread&) = delete;

    /// Begins the work; wait() before the next.
    void begin(std::function<void()> work)
    {
        const std::lock_guard lock(m_mutex);
        m_work = std::move(work);
        if (!m_thread.joinable()) m_thread = std::thread([this] { run(); });
        m_changed.notify_all();
    }
    /// Until it is done.
    void wait()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return !m_work; });
    }

private:
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] { return m_work || m_ending; });
            if (!m_work) return;
            lock.unlock();
            m_work();
            lock.lock();
            m_work = nullptr;
            m_changed.notify_all();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::function<void()> m_work;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
