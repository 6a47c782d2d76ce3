// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat thread.
#include "engine/worker/pulse.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pathloom {

Pulse::Pulse(EngineLink& link, Interrupt& abandon, Enrol enrol)
    : m_link(link)
    , m_abandon(abandon)
    , m_enrol(std::move(enrol))
{
}

Pulse::~Pulse()
{
    join();
}

void Pulse::start(std::int64_t worker, std::int64_t heartbeat_ms)
{
    const std::lock_guard lock(m_mutex);
    m_worker = worker;
    m_period = std::chrono::milliseconds(std::max<std::int64_t>(heartbeat_ms, 10));
    m_urgent = true;
    m_thread = std::thread([this] { run(); });
}

void Pulse::set_worker(std::int64_t worker)
{
    const std::lock_guard lock(m_mutex);
    m_worker = worker;
}

std::int64_t Pulse::worker() const
{
    const std::lock_guard lock(m_mutex);
    return m_worker;
}

void Pulse::begin(const std::string& task, std::int64_t fence)
{
    const std::lock_guard lock(m_mutex);
    m_task = task;
    m_fence = fence;
    m_activity = v1::ACTIVITY_DOWNLOAD;
    m_losses = {};
    m_urgent = true;
    if (!m_leaving) m_abandon.lower();
    m_changed.notify_all();
}

void Pulse::activity(v1::Activity activity)
{
    const std::lock_guard lock(m_mutex);
    if (m_activity == activity) return;
    m_activity = activity;
    m_urgent = true;
    m_changed.notify_all();
}

void Pulse::step(std::int64_t step, float loss)
{
    const std::lock_guard lock(m_mutex);
    if (m_losses.values.empty()) m_losses.step_begin = step;
    m_losses.values.push_back(loss);
}

void Pulse::end()
{
    const std::lock_guard lock(m_mutex);
    m_task.clear();
    m_fence = 0;
    m_activity = v1::ACTIVITY_IDLE;
    m_losses = {};
    m_urgent = true;
    m_changed.notify_all();
}

void Pulse::leave()
{
    const std::lock_guard lock(m_mutex);
    m_leaving = true;
    m_abandon.raise();
    m_changed.notify_all();
}

void Pulse::join()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
        m_changed.notify_all();
    }
    if (m_thread.joinable()) m_thread.join();
}

bool Pulse::wait_left(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    return m_changed.wait_for(lock, time, [&] { return m_left; });
}

void Pulse::run()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_changed.wait_for(lock, m_period, [&] { return m_urgent || m_leaving || m_ending; });
        if (m_leaving) return say_goodbye(lock);
        if (m_ending) return;
        beat(lock);
    }
}

void Pulse::beat(std::unique_lock<std::mutex>& lock)
{
    m_urgent = false;
    v1::HeartbeatRequest request;
    request.set_worker(m_worker);
    request.set_task(m_task);
    request.set_fence(m_fence);
    request.set_activity(m_activity);
    Losses sent = std::exchange(m_losses, {});
    request.set_step_begin(sent.step_begin);
    for (const float loss : sent.values) request.add_losses(loss);
    lock.unlock();
    const auto response = m_link.heartbeat(request);
    const bool unknown = response && response->unknown_worker();
    Result<std::int64_t> enrolled = fail(ErrorCode::Failed, "not asked");
    if (unknown) enrolled = m_enrol();
    lock.lock();
    if (unknown && enrolled) m_worker = *enrolled;
    const bool same_task = m_task == request.task() && m_fence == request.fence();
    if (!response && same_task) {
        // Not delivered: the losses go in front of those that came since.
        sent.values.insert(sent.values.end(), m_losses.values.begin(), m_losses.values.end());
        if (!sent.values.empty()) m_losses = std::move(sent);
    }
    if (response && response->abandon() && same_task && !m_task.empty()) {
        m_abandon.raise();
        lock.unlock();
        m_link.interrupt_transfers();
        lock.lock();
    }
}

void Pulse::say_goodbye(std::unique_lock<std::mutex>& lock)
{
    const std::int64_t worker = m_worker;
    const std::string task = m_task;
    const std::int64_t fence = m_fence;
    lock.unlock();
    if (!task.empty()) {
        v1::FailRequest request;
        request.set_worker(worker);
        request.set_task(task);
        request.set_fence(fence);
        request.set_reason("worker left");
        if (auto given = m_link.give_back(request); !given)
            spdlog::warn("task {} could not be given back: {}", task, given.error().message);
    }
    v1::LeaveRequest request;
    request.set_worker(worker);
    request.set_reason("left");
    if (auto left = m_link.leave(request); !left) spdlog::warn("left without a goodbye: {}", left.error().message);
    lock.lock();
    m_left = true;
    m_changed.notify_all();
}

}  // namespace pathloom
