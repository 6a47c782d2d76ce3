// SPDX-License-Identifier: GPL-3.0-or-later
// Carries finished tasks to the engine on a thread of its own, so that the next one is computed meanwhile. One at a time: whoever
// hands over the next waits until the last is delivered, so a slow link slows the worker down instead of filling its memory.
#pragma once

#include "engine/core/result.h"
#include "engine/training/task_runner.h"
#include "engine/worker/pulse.h"
#include "engine/worker/task_session.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace pathloom {

struct Parcel {
    v1::Task task;
    std::shared_ptr<Holding> holding;
    std::unique_ptr<TaskSession> session;
    TaskOutcome outcome;
};

class Courier {
public:
    using Deliver = std::function<Result<void>(Parcel&)>;
    explicit Courier(Deliver deliver)
        : m_deliver(std::move(deliver))
        , m_thread([this] { run(); })
    {
    }
    ~Courier()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ending = true;
            m_changed.notify_all();
        }
        m_thread.join();
    }
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;

    /// Waits until the last parcel is delivered. The first error of a delivery: this one then stays here.
    Result<void> hand_over(Parcel parcel)
    {
        PATHLOOM_CHECK(wait_idle());
        const std::lock_guard lock(m_mutex);
        m_parcel = std::move(parcel);
        m_changed.notify_all();
        return {};
    }
    /// Until nothing is under way; the first error of a delivery.
    Result<void> wait_idle()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return !m_parcel; });
        return m_outcome;
    }
    /// The first error of a delivery so far.
    Result<void> outcome()
    {
        const std::lock_guard lock(m_mutex);
        return m_outcome;
    }
    /// What is under way.
    std::shared_ptr<const Holding> under_way()
    {
        const std::lock_guard lock(m_mutex);
        return m_parcel ? m_parcel->holding : nullptr;
    }

private:
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] { return m_parcel || m_ending; });
            if (!m_parcel) return;
            lock.unlock();
            auto delivered = m_deliver(*m_parcel);
            lock.lock();
            if (!delivered && m_outcome) m_outcome = std::move(delivered);
            m_parcel.reset();
            m_changed.notify_all();
        }
    }

    Deliver m_deliver;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::optional<Parcel> m_parcel;
    Result<void> m_outcome;
    bool m_ending = false;
    std::thread m_thread;
};

}  // namespace pathloom
