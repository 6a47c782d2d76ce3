// SPDX-License-Identifier: GPL-3.0-or-later
// Fetches what the next task will need while this one is computed. Only a guess: the engine reserves the task, but gives it to
// anybody who would be idle otherwise; what was fetched for nothing is counted as that.
#pragma once

#include "engine/worker/task_session.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace pathloom {

class Scout {
public:
    struct Find {
        std::string task;  ///< empty: nothing to fetch now
        std::shared_ptr<Holding> holding;
        std::unique_ptr<TaskSession> session;
        v1::TaskSpec spec;
    };
    using Look = std::function<Find()>;
    explicit Scout(Look look)
        : m_look(std::move(look))
        , m_thread([this] { run(); })
    {
    }
    /// Whatever it is doing must have been interrupted, or end soon by itself.
    ~Scout()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ending = true;
            if (m_find.holding) m_find.holding->abandon.raise();
            m_changed.notify_all();
        }
        m_thread.join();
    }
    Scout(const Scout&) = delete;
    Scout& operator=(const Scout&) = delete;

    /// A task is being computed: see what comes next.
    void look()
    {
        const std::lock_guard lock(m_mutex);
        m_wanted = true;
        m_changed.notify_all();
    }
    /// `task` has been leased. Its session when it was the guess (once its blobs are here), else nothing; a wrong guess is
    /// dropped.
    Find take(const std::string& task)
    {
        std::unique_lock lock(m_mutex);
        m_wanted = false;
        if (m_find.task.empty()) return {};
        if (m_find.task != task) m_find.holding->abandon.raise();
        m_changed.wait(lock, [this] { return !m_fetching; });
        Find found = std::exchange(m_find, {});
        if (found.task == task) return found;
        if (found.session) m_wasted += found.session->bytes_down();
        return {};
    }
    /// Bytes fetched for nothing since the last call.
    std::uint64_t take_wasted()
    {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_wasted, 0);
    }

private:
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] { return m_wanted || m_ending; });
            if (m_ending) return;
            m_wanted = false;
            if (!m_find.task.empty()) continue;
            lock.unlock();
            Find found = m_look();
            lock.lock();
            if (found.task.empty()) continue;
            m_find = std::move(found);
            m_fetching = true;
            TaskSession& session = *m_find.session;
            const v1::TaskSpec& spec = m_find.spec;
            lock.unlock();
            // An error here is no error yet: the task itself will meet it again, and report it.
            const auto fetched = session.prefetch(spec);
            lock.lock();
            m_fetching = false;
            if (!fetched && !m_ending && !m_find.holding->abandon.raised()) {
                m_wasted += m_find.session->bytes_down();
                m_find = {};
            }
            m_changed.notify_all();
        }
    }

    Look m_look;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    Find m_find;
    bool m_fetching = false;
    std::uint64_t m_wasted = 0;
    bool m_wanted = false;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
