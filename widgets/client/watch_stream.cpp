// SPDX-License-Identifier: GPL-3.0-or-later
// The Watch reactor. Holds keep the call open while reading is paused by a full mailbox.
#include "widgets/client/watch_stream.h"

#include <iterator>
#include <utility>

namespace pathloom {

WatchStream::WatchStream(v1::Engine::Stub& stub, const std::string& token, std::int64_t fromSeq, std::function<void()> wake)
    : m_wake(std::move(wake))
{
    m_context.AddMetadata("authorization", "Bearer " + token);
    m_request.set_from_seq(fromSeq);
    stub.async()->Watch(&m_context, &m_request, this);
    StartRead(&m_response);
    StartCall();
}

WatchStream::~WatchStream()
{
    m_context.TryCancel();
    std::unique_lock lock(m_mutex);
    m_closing = true;
    if (m_paused) {
        m_paused = false;
        lock.unlock();
        RemoveHold();
        lock.lock();
    }
    m_finished.wait(lock, [this] { return m_done; });
}

WatchStream::Batch WatchStream::drain()
{
    Batch batch;
    bool resume = false;
    {
        const std::lock_guard lock(m_mutex);
        batch.events = std::exchange(m_mailbox, {});
        batch.ended = m_done;
        batch.status = m_status;
        resume = std::exchange(m_paused, false);
    }
    if (resume) {
        StartRead(&m_response);
        RemoveHold();
    }
    return batch;
}

void WatchStream::OnReadDone(bool ok)
{
    if (!ok) return;  // OnDone follows with the reason
    bool wake = false;
    bool read = true;
    {
        const std::lock_guard lock(m_mutex);
        wake = m_mailbox.empty();
        auto* events = m_response.mutable_events();
        m_mailbox.insert(m_mailbox.end(), std::make_move_iterator(events->begin()), std::make_move_iterator(events->end()));
        if (m_mailbox.empty()) wake = false;
        if (m_mailbox.size() >= mailboxLimit && !m_closing) {
            m_paused = true;
            read = false;
            AddHold();
        }
    }
    if (read) StartRead(&m_response);
    if (wake) m_wake();
}

void WatchStream::OnDone(const grpc::Status& status)
{
    const std::lock_guard lock(m_mutex);  // held to the end: the destructor must not see m_done before we have finished
    m_status = status;
    m_done = true;
    m_wake();
    m_finished.notify_all();
}

}  // namespace pathloom
