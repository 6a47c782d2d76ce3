// SPDX-License-Identifier: GPL-3.0-or-later
// Following a run through the event log.
#include "engine/cli/run_follow.h"

#include "engine/core/clock.h"

#include <algorithm>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;
constexpr RetryPolicy reconnect{200, 5'000, 60'000};

Result<v1::Run> get_run(Session& session, std::int64_t id)
{
    v1::GetRunRequest request;
    request.set_id(id);
    return session.call(&Stub::GetRun, request);
}

bool moves_summary(const v1::Event& event)
{
    switch (event.body_case()) {
    case v1::Event::kRunState:
    case v1::Event::kStage:
    case v1::Event::kTaskCommitted:
    case v1::Event::kTaskLost:
    case v1::Event::kValidPoint:
    case v1::Event::kModuleStepped:
        return true;
    default:
        return false;
    }
}

class Follower {
public:
    Follower(Session& session, std::int64_t id, std::int64_t from_seq, const FollowHandlers& handlers)
        : m_session(session)
        , m_id(id)
        , m_next(std::max<std::int64_t>(from_seq, 1))
        , m_handlers(handlers)
    {
    }

    Result<v1::Run> run()
    {
        PATHLOOM_TRY(m_last, get_run(m_session, m_id));
        // A run at rest ends where the log ends now. The stream of one run has gaps and would not tell when it is there,
        // so the whole log is read; an older rest of a resumed run is then just another event.
        m_replay = at_rest(m_last);
        if (m_replay) {
            PATHLOOM_TRY(const auto info, m_session.call(&Stub::GetInfo, v1::GetInfoRequest()));
            m_end = info.last_seq();
            if (m_next > m_end) return finish();
        }
        SystemClock clock;
        Retry retry(reconnect, clock, m_session.interrupted(), std::uint64_t(m_id));
        while (true) {
            v1::WatchRequest request;
            request.set_from_seq(m_next);
            request.set_run(m_replay ? 0 : m_id);
            const std::int64_t before = m_next;
            auto streamed = look();
            if (streamed && !m_finished)
                streamed = m_session.stream<v1::WatchRequest, v1::WatchResponse>(
                    &Stub::Watch, request, [this](const v1::WatchResponse& batch) { return take(batch); });
            if (m_finished) return finish();
            if (!streamed && streamed.error().code != ErrorCode::Unreachable) return fail(streamed.error());
            if (m_next > before) retry.reset();
            PATHLOOM_CHECK(retry.wait(
                streamed ? Error{ErrorCode::Unreachable, "the engine ended the event stream; try again"} : streamed.error()));
        }
    }

private:
    Result<bool> take(const v1::WatchResponse& batch)
    {
        for (const auto& event : batch.events()) {
            m_next = event.seq() + 1;
            if (m_replay && event.seq() >= m_end) m_finished = true;
            if (m_replay && event.seq() > m_end) break;
            if (event.run() != m_id) continue;
            if (m_handlers.on_event) m_handlers.on_event(event);
            m_moved = m_moved || moves_summary(event);
            if (event.body_case() == v1::Event::kRunState) m_rested = event.run_state().state() != v1::RUN_STATE_RUNNING;
        }
        if (m_replay) return !m_finished;
        PATHLOOM_CHECK(look());
        return !m_finished;
    }

    /// Ask for the summary when events have changed it. What could not be asked (connection lost) is asked after the reconnect.
    Result<void> look()
    {
        if (!m_moved) return {};
        PATHLOOM_TRY(const auto now, get_run(m_session, m_id));
        m_moved = false;
        if (now.SerializeAsString() != m_last.SerializeAsString()) {
            m_last = now;
            if (m_handlers.on_progress && !at_rest(now)) m_handlers.on_progress(now);
        }
        // An old rest that was replayed is not the end: the run itself must be at rest, too.
        m_finished = m_rested && at_rest(now);
        return {};
    }

    Result<v1::Run> finish() { return get_run(m_session, m_id); }

    Session& m_session;
    std::int64_t m_id;
    std::int64_t m_next;
    const FollowHandlers& m_handlers;
    v1::Run m_last;
    bool m_replay = false;
    bool m_moved = false;
    bool m_rested = false;
    bool m_finished = false;
    std::int64_t m_end = 0;
};

}  // namespace

bool at_rest(const v1::Run& run)
{
    return run.state() == v1::RUN_STATE_DONE || run.state() == v1::RUN_STATE_STOPPED || run.state() == v1::RUN_STATE_FAILED;
}

Result<v1::Run> follow_run(Session& session, std::int64_t id, std::int64_t from_seq, const FollowHandlers& handlers)
{
    return Follower(session, id, from_seq, handlers).run();
}

}  // namespace pathloom
