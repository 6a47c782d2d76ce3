// SPDX-License-Identifier: GPL-3.0-or-later
// The worker's loop.
#include "engine/worker/worker_loop.h"

#include "engine/core/version.h"
#include "engine/worker/task_session.h"

#include <spdlog/spdlog.h>

#include <limits>
#include <utility>

namespace pathloom {

namespace {

/// Nothing the worker can do about these: end with the message.
bool fatal(ErrorCode code)
{
    return code == ErrorCode::Unauthorised || code == ErrorCode::Unsupported;
}

std::uint64_t down(const v1::WireBytes& wire)
{
    return wire.modules_down() + wire.inner_down() + wire.data_down();
}
std::uint64_t hits(const v1::WireBytes& wire)
{
    return wire.modules_hit() + wire.inner_hit() + wire.data_hit();
}
std::uint64_t up(const v1::WireBytes& wire)
{
    return wire.deltas_up() + wire.inner_up() + wire.results_up();
}

}  // namespace

WorkerLoop::WorkerLoop(EngineLink& link, BlobCache cache, RunTask run_task, const Clock& clock, WorkerOptions options)
    : m_link(link)
    , m_cache(std::move(cache))
    , m_run_task(std::move(run_task))
    , m_clock(clock)
    , m_options(std::move(options))
    , m_pulse(link, m_abandon, [this] { return enrol_once(); })
    , m_failures({m_options.retry.first_ms, m_options.retry.longest_ms, std::numeric_limits<std::int64_t>::max()}, clock, m_stop,
          m_options.seed)
{
}

Retry WorkerLoop::retry(Interrupt& interrupt)
{
    return {m_options.retry, m_clock, interrupt, m_options.seed};
}

Result<std::int64_t> WorkerLoop::enrol_once()
{
    const std::lock_guard lock(m_enrolling);  // the heartbeat and the loop may both notice that the engine forgot us
    v1::RegisterRequest request;
    request.set_protocol(protocol_version);
    request.set_name(m_options.identity.name);
    request.set_host(m_options.identity.host);
    request.set_pid(m_options.identity.pid);
    request.set_isa(m_options.identity.isa);
    request.set_instance(m_options.identity.instance);
    request.set_local(m_options.identity.local);
    PATHLOOM_TRY(const auto response, m_link.enrol(request));
    if (response.heartbeat_ms() > 0) m_heartbeat_ms = response.heartbeat_ms();
    return response.worker();
}

Result<void> WorkerLoop::enrol()
{
    Retry attempts = retry(m_stop);
    while (true) {
        const auto worker = enrol_once();
        if (worker) {
            m_pulse.set_worker(*worker);
            return {};
        }
        if (fatal(worker.error().code) || worker.error().code == ErrorCode::Cancelled) return fail(worker.error());
        PATHLOOM_CHECK(attempts.wait(worker.error()));
    }
}

Result<WorkerLoop::End> WorkerLoop::run()
{
    if (auto enrolled = enrol(); !enrolled) {
        if (m_stop.raised()) return End::Stopped;
        return fail(enrolled.error());
    }
    spdlog::info("worker {} registered as '{}'", m_pulse.worker(), m_options.identity.name);
    m_pulse.start(m_pulse.worker(), m_heartbeat_ms);
    if (m_stop.raised()) m_pulse.leave();  // a stop that came while registering
    auto end = serve();
    m_pulse.join();
    if (!end && end.error().code == ErrorCode::Cancelled && m_stop.raised()) return End::Stopped;
    return end;
}

void WorkerLoop::stop()
{
    m_stop.raise();
    m_pulse.leave();  // before the calls end, so that run() cannot join the heartbeat thread without a goodbye
    m_link.stop();
}

Result<WorkerLoop::End> WorkerLoop::serve()
{
    Retry attempts = retry(m_stop);
    while (!m_stop.raised()) {
        v1::LeaseRequest request;
        request.set_worker(m_pulse.worker());
        request.set_wait_ms(m_options.lease_wait_ms);
        const std::int64_t asked = m_clock.now_ms();
        const auto lease = m_link.lease(request);
        if (!lease) {
            if (fatal(lease.error().code) || lease.error().code == ErrorCode::Cancelled) return fail(lease.error());
            if (lease.error().code == ErrorCode::NotFound) {
                PATHLOOM_CHECK(enrol());
            }
            PATHLOOM_CHECK(attempts.wait(lease.error()));
            continue;
        }
        attempts.reset();
        if (lease->leave()) {
            v1::LeaveRequest bye;
            bye.set_worker(m_pulse.worker());
            bye.set_reason("drained");
            if (auto left = m_link.leave(bye); !left) spdlog::warn("left without a goodbye: {}", left.error().message);
            return End::Drained;
        }
        if (lease->has_task()) {
            PATHLOOM_CHECK(process(lease->task()));
        } else if (m_clock.now_ms() - asked < 20) {
            m_stop.pause(std::chrono::milliseconds(100));  // an engine that does not wait is not to be flooded
        }
    }
    return End::Stopped;
}

Result<void> WorkerLoop::process(const v1::Task& task)
{
    m_pulse.begin(task.id(), task.fence());
    TaskSession session(m_link, m_cache, m_pulse, m_abandon, retry(m_abandon));
    const auto outcome = [&]() -> Result<void> {
        PATHLOOM_CHECK(session.prefetch(task.spec()));
        m_pulse.activity(v1::ACTIVITY_COMPUTE);
        PATHLOOM_TRY(auto result, m_run_task(task.spec(), session));
        m_pulse.activity(v1::ACTIVITY_UPLOAD);
        return deliver(task, session, std::move(result));
    }();
    Result<void> end;
    if (outcome) {
        m_failures.reset();
    } else if (m_stop.raised()) {
        spdlog::info("task {} given back", task.id());  // by the heartbeat thread, at once
    } else if (m_abandon.raised()) {
        spdlog::info("task {} abandoned: the engine took it away", task.id());
    } else {
        end = report(task, outcome.error());
    }
    if (!m_stop.raised()) m_pulse.end();
    m_cache.evict({});
    return end;
}

Result<void> WorkerLoop::deliver(const v1::Task& task, TaskSession& session, v1::TaskResult result)
{
    Retry attempts = retry(m_abandon);
    bool enrolled_again = false;
    v1::CommitRequest commit;
    commit.set_task(task.id());
    commit.set_fence(task.fence());
    while (true) {
        const auto accepted = [&]() -> Result<v1::CommitResponse> {
            PATHLOOM_CHECK(session.upload());
            *result.mutable_wire() = session.wire();
            *commit.mutable_result() = result;
            commit.set_worker(m_pulse.worker());
            return m_link.commit(commit);
        }();
        if (accepted) {
            const auto& wire = session.wire();
            if (accepted->accepted()) {
                spdlog::info("task {} done: {} tokens in {:.2f} s, {} bytes down, {} from the cache, {} up", task.id(),
                    result.tokens(), result.compute_seconds(), down(wire), hits(wire), up(wire));
            } else {
                spdlog::info("task {} finished but not counted: {}", task.id(), accepted->reason());
            }
            return {};
        }
        // A finished result is kept through an engine's absence. The engine counts the same (task, fence) once.
        if (accepted.error().code == ErrorCode::NotFound && !enrolled_again) {
            enrolled_again = true;  // an engine that came back may have forgotten us
            PATHLOOM_CHECK(enrol());
        } else if (accepted.error().code != ErrorCode::Unreachable) {
            return fail(accepted.error());
        }
        PATHLOOM_CHECK(attempts.wait(accepted.error()));
    }
}

Result<void> WorkerLoop::report(const v1::Task& task, const Error& error)
{
    if (error.code == ErrorCode::Unauthorised || error.code == ErrorCode::Unreachable) return fail(error);
    spdlog::error("task {} failed: {}", task.id(), error.message);
    v1::FailRequest request;
    request.set_worker(m_pulse.worker());
    request.set_task(task.id());
    request.set_fence(task.fence());
    request.set_reason(error.message);
    if (auto given = m_link.give_back(request); !given)
        spdlog::warn("task {} could not be given back: {}", task.id(), given.error().message);
    if (auto waited = m_failures.wait(error); !waited && !m_stop.raised()) return fail(waited.error());
    return {};
}

}  // namespace pathloom
