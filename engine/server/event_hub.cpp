// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/event_hub.h"

namespace pathloom {

Result<std::unique_ptr<EventHub>> EventHub::open(Project& project, std::mutex& lock)
{
    PATHLOOM_TRY(const auto last, project.last_event_seq());
    return std::unique_ptr<EventHub>(new EventHub(project, lock, last));
}

Result<void> EventHub::append(const std::vector<v1::Event>& events)
{
    for (const v1::Event& event : events) {
        EventRow row;
        row.time_ms = event.time_ms();
        row.run = event.run();
        row.kind = int(event.body_case());
        row.payload = event.SerializeAsString();
        PATHLOOM_TRY(m_pending, m_project.append_event(std::move(row)));
    }
    return {};
}

std::int64_t EventHub::settle(bool committed)
{
    if (committed)
        m_committed = m_pending;
    else
        m_pending = m_committed;
    return m_committed;
}

void EventHub::publish(std::int64_t seq)
{
    {
        const std::lock_guard lock(m_wait_mutex);
        m_last = std::max(m_last, seq);
    }
    m_grown.notify_all();
}

Result<EventHub::Batch> EventHub::read(std::int64_t from_seq, std::int64_t run, int limit)
{
    const std::int64_t last = last_seq();  // what lies behind it is not on the disk yet: a power cut could take it back
    const std::lock_guard lock(m_lock);
    PATHLOOM_TRY(auto rows, m_project.read_events(from_seq, run, limit));
    const bool whole = int(rows.size()) < limit;
    std::erase_if(rows, [&](const EventRow& row) { return row.seq > last; });
    Batch batch;
    batch.next_seq = from_seq;
    for (const EventRow& row : rows) {
        v1::Event& event = batch.events.emplace_back();
        if (!event.ParseFromString(row.payload))
            return fail(
                ErrorCode::Corrupt, "event {} of the project cannot be read; restore project.sqlite from a copy", row.seq);
        event.set_seq(row.seq);
        batch.next_seq = row.seq + 1;
    }
    // With a filter, the rows in between belong to other runs: a short batch means everything so far was looked at.
    if (whole) batch.next_seq = std::max(batch.next_seq, last + 1);
    return batch;
}

std::int64_t EventHub::last_seq()
{
    const std::lock_guard lock(m_wait_mutex);
    return m_last;
}

void EventHub::wait_beyond(std::int64_t seq, std::chrono::milliseconds limit)
{
    std::unique_lock lock(m_wait_mutex);
    m_grown.wait_for(lock, limit, [&] { return m_last > seq || m_closed; });
}

void EventHub::close()
{
    {
        const std::lock_guard lock(m_wait_mutex);
        m_closed = true;
    }
    m_grown.notify_all();
}

v1::Event make_event(std::int64_t run, std::int64_t time_ms)
{
    v1::Event event;
    event.set_run(run);
    event.set_time_ms(time_ms);
    return event;
}

v1::Event log_event(std::int64_t run, std::int64_t time_ms, v1::LogLine::Level level, const std::string& text)
{
    v1::Event event = make_event(run, time_ms);
    event.mutable_log()->set_level(level);
    event.mutable_log()->set_text(text);
    return event;
}

}  // namespace pathloom
