// SPDX-License-Identifier: GPL-3.0-or-later
// The worker's loop.
#include "engine/worker/worker_loop.h"

#include "engine/core/version.h"

#include <spdlog/spdlog.h>

#include <limits>
#include <memory>
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
    , m_pulse(link, [this] { return enrol_once(); })
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
    *request.mutable_codecs() = {m_options.codecs.begin(), m_options.codecs.end()};
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
    Courier courier([this](Parcel& parcel) { return deliver(parcel); });
    Scout scout([this] { return look_ahead(); });
    Retry attempts = retry(m_stop);
    while (!m_stop.raised()) {
        PATHLOOM_CHECK(courier.outcome());
        v1::LeaseRequest request;
        request.set_worker(m_pulse.worker());
        request.set_wait_ms(m_options.lease_wait_ms);
        if (const auto parcel = courier.under_way()) {
            auto* held = request.add_held();
            held->set_task(parcel->task);
            held->set_fence(parcel->fence);
        }
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
            PATHLOOM_CHECK(courier.wait_idle());  // what is finished counts
            v1::LeaveRequest bye;
            bye.set_worker(m_pulse.worker());
            bye.set_reason("drained");
            if (auto left = m_link.leave(bye); !left) spdlog::warn("left without a goodbye: {}", left.error().message);
            return End::Drained;
        }
        if (lease->has_task()) {
            PATHLOOM_CHECK(process(lease->task(), courier, scout));
        } else if (m_clock.now_ms() - asked < 20) {
            m_stop.pause(std::chrono::milliseconds(100));  // an engine that does not wait is not to be flooded
        }
    }
    return End::Stopped;
}

Scout::Find WorkerLoop::look_ahead()
{
    v1::LeaseRequest request;
    request.set_worker(m_pulse.worker());
    request.set_wait_ms(m_options.ahead_wait_ms);
    request.set_ahead(true);
    auto next = m_link.lease(request);
    Scout::Find find;
    if (!next || !next->has_task() || m_stop.raised()) return find;
    find.task = next->task().id();
    find.holding = std::make_shared<Holding>();
    find.holding->task = find.task;
    find.session = std::make_unique<TaskSession>(m_link, m_cache, m_pulse, find.holding, retry(find.holding->abandon));
    find.spec = std::move(*next->mutable_task()->mutable_spec());
    return find;
}

Result<void> WorkerLoop::process(const v1::Task& task, Courier& courier, Scout& scout)
{
    Scout::Find ahead = scout.take(task.id());
    auto holding = ahead.holding ? ahead.holding : std::make_shared<Holding>();
    holding->task = task.id();
    holding->fence = task.fence();
    m_pulse.begin(holding);
    auto session = std::move(ahead.session);
    if (!session) session = std::make_unique<TaskSession>(m_link, m_cache, m_pulse, holding, retry(holding->abandon));
    session->add_wasted(scout.take_wasted());
    auto computed = [&]() -> Result<TaskOutcome> {
        PATHLOOM_CHECK(session->prefetch(task.spec()));
        m_pulse.activity(v1::ACTIVITY_COMPUTE);
        scout.look();
        return m_run_task(task.spec(), *session);
    }();
    if (!computed) return conclude(task, holding, fail(computed.error()));
    m_pulse.activity(v1::ACTIVITY_UPLOAD);
    // Waits for the parcel before this one: two finished tasks in memory are enough.
    if (auto handed = courier.wait_idle(); !handed) return handed;
    m_pulse.uploading();
    return courier.hand_over({task, holding, std::move(session), std::move(*computed)});
}

Result<void> WorkerLoop::deliver(Parcel& parcel)
{
    const auto delivered = upload_and_commit(parcel);
    parcel.session.reset();  // its blobs may go
    return conclude(parcel.task, parcel.holding, delivered);
}

Result<void> WorkerLoop::conclude(const v1::Task& task, const std::shared_ptr<Holding>& holding, const Result<void>& outcome)
{
    Result<void> end;
    if (outcome) {
        const std::lock_guard lock(m_failing);
        m_failures.reset();
    } else if (m_stop.raised()) {
        spdlog::info("task {} given back", task.id());  // by the heartbeat thread, at once
    } else if (holding->abandon.raised()) {
        spdlog::info("task {} abandoned: the engine took it away", task.id());
    } else {
        end = report(task, outcome.error());
    }
    if (!m_stop.raised()) m_pulse.end(holding);
    m_cache.evict({});
    return end;
}

Result<void> WorkerLoop::upload_and_commit(Parcel& parcel)
{
    const v1::Task& task = parcel.task;
    TaskSession& session = *parcel.session;
    v1::TaskResult& result = parcel.outcome.result;
    if (parcel.outcome.store) {
        PATHLOOM_CHECK(parcel.outcome.store(session, result));
        parcel.outcome.store = {};  // the bytes are in the cache: their memory is for the next task
    }
    Retry attempts = retry(parcel.holding->abandon);
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
        } else if (!session.passing(accepted.error())) {
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
    const std::lock_guard lock(m_failing);
    if (auto waited = m_failures.wait(error); !waited && !m_stop.raised()) return fail(waited.error());
    return {};
}

}  // namespace pathloom
