// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads for slow engine work (outer steps, routing). Jobs run in the order given; stop() drops those not begun.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pathloom {

class WorkPool {
public:
    explicit WorkPool(int threads)
    {
        for (int i = 0; i < threads; ++i) m_threads.emplace_back([this] { work(); });
    }
    ~WorkPool() { stop(); }
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    void post(std::function<void()> job)
    {
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopped) return;
            m_jobs.push_back(std::move(job));
        }
        m_ready.notify_one();
    }

    void stop()
    {
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopped) return;
            m_stopped = true;
            m_jobs.clear();
        }
        m_ready.notify_all();
        for (auto& thread : m_threads) thread.join();
    }

private:
    void work()
    {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock(m_mutex);
                m_ready.wait(lock, [this] { return m_stopped || !m_jobs.empty(); });
                if (m_stopped) return;
                job = std::move(m_jobs.front());
                m_jobs.pop_front();
            }
            job();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_ready;
    std::deque<std::function<void()>> m_jobs;
    bool m_stopped = false;
    std::vector<std::thread> m_threads;
};

}  // namespace pathloom
