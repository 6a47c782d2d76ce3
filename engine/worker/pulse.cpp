// SPDX-License-Identifier: GPL-3.0-or-later
// The heartbeat thread.
#include "engine/worker/pulse.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace pathloom {

Pulse::Pulse(EngineLink& link, Enrol enrol)
    : m_link(link)
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

void Pulse::begin(std::shared_ptr<Holding> holding)
{
    const std::lock_guard lock(m_mutex);
    m_foreground = std::move(holding);
    m_activity = v1::ACTIVITY_DOWNLOAD;
    m_losses = {};
    m_urgent = true;
    if (m_leaving) m_foreground->abandon.raise();
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

void Pulse::uploading()
{
    const std::lock_guard lock(m_mutex);
    if (m_foreground) m_uploading.push_back(std::move(m_foreground));
    m_foreground = nullptr;
    m_activity = v1::ACTIVITY_UPLOAD;
    m_urgent = true;
    m_changed.notify_all();
}

void Pulse::end(const std::shared_ptr<Holding>& holding)
{
    const std::lock_guard lock(m_mutex);
    std::erase(m_uploading, holding);
    if (m_foreground == holding) m_foreground = nullptr;
    if (!m_foreground) {
        m_activity = m_uploading.empty() ? v1::ACTIVITY_IDLE : v1::ACTIVITY_UPLOAD;
        m_losses = {};
    }
    m_urgent = true;
    m_changed.notify_all();
}

void Pulse::leave()
{
    const std::lock_guard lock(m_mutex);
    m_leaving = true;
    if (m_foreground) m_foreground->abandon.raise();
    for (const auto& holding : m_uploading) holding->abandon.raise();
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
    std::vector<std::shared_ptr<Holding>> held = m_uploading;
    if (m_foreground) held.insert(held.begin(), m_foreground);
    const auto main = held.empty() ? nullptr : held.front();
    v1::HeartbeatRequest request;
    request.set_worker(m_worker);
    request.set_activity(m_activity);
    if (main) {
        request.set_task(main->task);
        request.set_fence(main->fence);
    }
    for (std::size_t i = 1; i < held.size(); ++i) {
        auto* also = request.add_also();
        also->set_task(held[i]->task);
        also->set_fence(held[i]->fence);
    }
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
    if (!response && m_foreground && m_foreground == main) {
        // Not delivered: the losses go in front of those that came since.
        sent.values.insert(sent.values.end(), m_losses.values.begin(), m_losses.values.end());
        if (!sent.values.empty()) m_losses = std::move(sent);
    }
    if (!response) return;
    bool taken_away = false;
    for (const auto& holding : held) {
        const bool still_held = holding == m_foreground || std::ranges::find(m_uploading, holding) != m_uploading.end();
        const bool gone = holding == main
            ? response->abandon()
            : std::ranges::find(response->abandon_also(), holding->task) != response->abandon_also().end();
        if (!gone || !still_held) continue;
        holding->abandon.raise();
        taken_away = true;
    }
    if (!taken_away) return;
    lock.unlock();
    m_link.interrupt_transfers();  // also another task's: that one tries again
    lock.lock();
}

void Pulse::say_goodbye(std::unique_lock<std::mutex>& lock)
{
    const std::int64_t worker = m_worker;
    std::vector<std::shared_ptr<Holding>> held = m_uploading;
    if (m_foreground) held.push_back(m_foreground);
    lock.unlock();
    for (const auto& holding : held) {
        v1::FailRequest request;
        request.set_worker(worker);
        request.set_task(holding->task);
        request.set_fence(holding->fence);
        request.set_reason("worker left");
        if (auto given = m_link.give_back(request); !given)
            spdlog::warn("task {} could not be given back: {}", holding->task, given.error().message);
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
