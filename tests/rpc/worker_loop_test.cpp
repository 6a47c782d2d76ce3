// SPDX-License-Identifier: GPL-3.0-or-later
// The worker's loop against a scripted engine over real sockets, without libtorch.
#include "tests/rpc/support.h"

#include "engine/core/hash.h"
#include "engine/worker/grpc_link.h"
#include "engine/worker/worker_loop.h"

#include <future>

namespace pathloom::test {
namespace {

/// Transfers that go on only once so many of them are under way.
class Meeting {
public:
    explicit Meeting(int wanted)
        : m_wanted(wanted)
    {
    }
    void arrive()
    {
        std::unique_lock lock(m_mutex);
        if (++m_here >= m_wanted) m_changed.notify_all();
        m_met = m_changed.wait_for(lock, std::chrono::seconds(20), [this] { return m_here >= m_wanted; }) && m_met;
    }
    bool met()
    {
        const std::lock_guard lock(m_mutex);
        return m_here >= m_wanted && m_met;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_wanted;
    int m_here = 0;
    bool m_met = true;
};

/// A link that damages, cuts or holds up downloads on their way.
class BadWire final : public EngineLink {
public:
    explicit BadWire(EngineLink& real)
        : m_real(real)
    {
    }
    std::atomic<int> damage = 0;  ///< so many downloads get a flipped byte
    std::atomic<int> cut = 0;  ///< so many downloads break after their first piece
    std::string only;  ///< the one blob that is damaged or cut; empty: whichever comes first
    Meeting* downloads = nullptr;
    Meeting* uploads = nullptr;

    Result<v1::RegisterResponse> enrol(const v1::RegisterRequest& r) override { return m_real.enrol(r); }
    Result<v1::LeaseResponse> lease(const v1::LeaseRequest& r) override { return m_real.lease(r); }
    Result<v1::HeartbeatResponse> heartbeat(const v1::HeartbeatRequest& r) override { return m_real.heartbeat(r); }
    Result<v1::CommitResponse> commit(const v1::CommitRequest& r) override { return m_real.commit(r); }
    Result<void> give_back(const v1::FailRequest& r) override { return m_real.give_back(r); }
    Result<void> leave(const v1::LeaveRequest& r) override { return m_real.leave(r); }
    Result<std::vector<std::string>> missing(const std::vector<std::string>& h) override { return m_real.missing(h); }
    Result<void> upload(const std::string& h, const std::filesystem::path& f, const OnSent& s) override
    {
        if (uploads) uploads->arrive();
        return m_real.upload(h, f, s);
    }
    Result<void> upload_all(const std::vector<Outgoing>& blobs) override { return m_real.upload_all(blobs); }
    void interrupt_transfers() override { m_real.interrupt_transfers(); }
    void stop() override { m_real.stop(); }
    Result<void> download(const std::string& hash, std::uint64_t offset, bool verify, const Sink& sink) override
    {
        if (downloads) downloads->arrive();
        const bool meant = only.empty() || hash == only;
        const bool damaged = meant && damage-- > 0;
        const bool broken = meant && cut-- > 0;
        bool first = true;
        const auto done = m_real.download(hash, offset, verify, [&](const BlobPiece& piece) -> Result<void> {
            if (broken && !first) return fail(ErrorCode::Unreachable, "cut");
            std::vector<std::byte> copy(piece.bytes.begin(), piece.bytes.end());
            if (damaged && first && !copy.empty()) copy[0] ^= std::byte(1);
            first = false;
            return sink(BlobPiece(copy));
        });
        return done;
    }

private:
    EngineLink& m_real;
};

class TestClock final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const override
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
};

struct Loop : testing::Test {
    TestEngine engine;
    TempFolder cache;
    TestClock clock;
    std::unique_ptr<GrpcLink> grpc = must(GrpcLink::open(engine.address(), engine.token(Role::Worker)));
    BadWire link{*grpc};
    WorkerOptions options;
    WorkerLoop::RunTask run_task;
    std::unique_ptr<WorkerLoop> loop;
    std::future<Result<WorkerLoop::End>> ending;
    std::string module = noise(1'500'000, 1);
    std::string tokens = noise(400'000, 2);
    std::string delta = noise(1'200'000, 3);
    std::string inner = noise(70'000, 4);
    std::atomic<int> runs = 0;

    Loop()
    {
        options.identity = {"tester", "here", 1, "portable", "instance-1", false};
        options.retry = {5, 40, 20'000};
        options.lease_wait_ms = 500;
        run_task = [this](const v1::TaskSpec& spec, TaskIo& io) -> Result<v1::TaskResult> {
            ++runs;
            PATHLOOM_CHECK(io.fetch(spec.columns(0).module_hash(), BlobClass::Module));
            v1::TaskResult result;
            for (int i = 0; i < spec.steps(); ++i) {
                result.add_losses(5.0F - float(i));
                if (!io.progress(spec.step_begin() + i, result.losses(i))) return fail(ErrorCode::Cancelled, "stopped");
            }
            PATHLOOM_TRY(const std::string hash, io.store(as_bytes(delta), BlobClass::Delta));
            auto* out = result.add_deltas();
            out->set_name("level0");
            out->set_delta_hash(hash);
            PATHLOOM_TRY(*result.mutable_inner_state_hash(), io.store(as_bytes(inner), BlobClass::Inner));
            result.set_tokens(100);
            return result;
        };
    }
    ~Loop() override
    {
        if (!loop) return;
        loop->stop();
        if (ending.valid()) ending.wait();
    }
    v1::Task task(const std::string& id, std::int64_t fence)
    {
        v1::Task task;
        task.set_id(id);
        task.set_fence(fence);
        task.set_lease_ms(5000);
        auto& spec = *task.mutable_spec();
        spec.set_kind(v1::TASK_KIND_TRAIN);
        auto* column = spec.add_columns();
        column->set_name("level0");
        column->set_module_hash(must(engine.store.put(as_bytes(module))));
        spec.set_tokens_hash(must(engine.store.put(as_bytes(tokens))));
        spec.set_steps(3);
        spec.set_step_begin(60);
        return task;
    }
    void start()
    {
        loop = std::make_unique<WorkerLoop>(link, must(BlobCache::open(cache.path(), 1 << 30)), run_task, clock, options);
        ending = std::async(std::launch::async, [this] { return loop->run(); });
    }
    Result<WorkerLoop::End> end()
    {
        if (ending.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
            ADD_FAILURE() << "the loop does not end";
            loop->stop();
        }
        return ending.get();
    }
    template <class Condition>
    bool wait(Condition condition)
    {
        return engine.workers.wait(condition);
    }
};

TEST_F(Loop, WireCountersAreTheBytesThatCrossed)
{
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    auto second = task("1/train/1/0", 2);
    second.mutable_spec()->set_inner_state_hash(sha256_hex(inner));
    engine.workers.publish(second);
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 2; }));
    engine.workers.drain();
    EXPECT_EQ(must(end()), WorkerLoop::End::Drained);

    const auto& first = engine.workers.counted.at("1/train/0/0#1").wire();
    EXPECT_EQ(first.modules_down(), module.size());
    EXPECT_EQ(first.data_down(), tokens.size());
    EXPECT_EQ(first.deltas_up(), delta.size());
    EXPECT_EQ(first.inner_up(), inner.size());
    EXPECT_EQ(first.modules_hit() + first.data_hit() + first.inner_hit() + first.inner_down() + first.results_up(), 0U);
    // The second task finds everything in the cache, and the engine holds its results already.
    const auto& again = engine.workers.counted.at("1/train/1/0#2").wire();
    EXPECT_EQ(again.modules_hit(), module.size());
    EXPECT_EQ(again.data_hit(), tokens.size());
    EXPECT_EQ(again.inner_hit(), inner.size());
    EXPECT_EQ(again.modules_down() + again.data_down() + again.inner_down() + again.deltas_up() + again.inner_up(), 0U);

    std::uint64_t down = 0;
    std::uint64_t up = 0;
    const std::lock_guard lock(engine.traffic_mutex);
    for (const auto& call : engine.traffic) down += call.down, up += call.up;
    EXPECT_EQ(down, first.modules_down() + first.data_down());
    EXPECT_EQ(up, first.deltas_up() + first.inner_up());
    EXPECT_TRUE(engine.store.has(sha256_hex(delta)));
}

TEST_F(Loop, BlobsOfATaskMoveSideBySide)
{
    Meeting down(3), up(2);
    link.downloads = &down;
    link.uploads = &up;
    const std::string other = noise(1'100'000, 5);
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) -> Result<TaskOutcome> {
        PATHLOOM_TRY(auto outcome, inner_run(spec, io));
        auto* out = outcome.result.add_deltas();
        out->set_name("level1");
        PATHLOOM_TRY(*out->mutable_delta_hash(), io.store(as_bytes(other), BlobClass::Delta));
        return outcome;
    };
    auto one = task("1/train/0/0", 1);
    auto* column = one.mutable_spec()->add_columns();
    column->set_name("level1");
    column->set_module_hash(must(engine.store.put(as_bytes(noise(900'000, 6)))));
    engine.workers.publish(one);
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    EXPECT_TRUE(down.met()) << "two modules and the tokens wait for each other";
    EXPECT_TRUE(up.met()) << "so do both deltas";
}

TEST_F(Loop, TheNextTaskIsComputedWhileTheLastOneIsStillBeingCommitted)
{
    engine.workers.change([&] { engine.workers.block_commits = true; });
    std::promise<void> second_begun;
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) {
        if (runs == 1) second_begun.set_value();
        return inner_run(spec, io);
    };
    engine.workers.publish(task("1/train/0/0", 1));
    engine.workers.publish(task("1/train/0/1", 2));
    start();
    // No commit is answered before the second task has begun: a worker that waited for its commit would stay here for ever.
    ASSERT_EQ(second_begun.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    ASSERT_TRUE(wait([&] { return engine.workers.commits.size() == 1; }));
    // Both leases are kept alive, and the one that is being delivered is not given up by asking for the next.
    ASSERT_TRUE(wait([&] {
        return std::any_of(engine.workers.heartbeats.begin(), engine.workers.heartbeats.end(), [](const auto& beat) {
            return beat.task() == "1/train/0/1" && beat.fence() == 2 && beat.also_size() == 1
                && beat.also(0).task() == "1/train/0/0" && beat.also(0).fence() == 1;
        });
    }));
    ASSERT_TRUE(wait([&] { return engine.workers.leases.size() >= 2; }));
    engine.workers.change([&] {
        ASSERT_EQ(engine.workers.leases[1].held_size(), 1);
        EXPECT_EQ(engine.workers.leases[1].held(0).task(), "1/train/0/0");
        EXPECT_EQ(engine.workers.leases[1].held(0).fence(), 1);
        engine.workers.block_commits = false;
    });
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 2; }));
    engine.workers.drain();
    EXPECT_EQ(must(end()), WorkerLoop::End::Drained);
    EXPECT_TRUE(engine.workers.fails.empty());
}

TEST_F(Loop, TheNextTasksBlobsComeWhileThisOneIsComputed)
{
    const std::string other = noise(900'000, 9);
    auto second = task("1/train/0/1", 2);
    second.mutable_spec()->mutable_columns(0)->set_module_hash(must(engine.store.put(as_bytes(other))));
    std::atomic<bool> fetched_meanwhile = false;
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) {
        if (runs == 0) {  // the first task ends only when the second one's module has been served
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
            while (!fetched_meanwhile && std::chrono::steady_clock::now() < deadline) {
                std::size_t seen = 0;
                {
                    const std::lock_guard lock(engine.traffic_mutex);
                    for (const auto& call : engine.traffic)
                        fetched_meanwhile = fetched_meanwhile || call.hash == sha256_hex(other);
                }
                engine.workers.change([&] { seen = engine.workers.heartbeats.size(); });
                wait([&] { return engine.workers.heartbeats.size() > seen; });
            }
        }
        return inner_run(spec, io);
    };
    engine.workers.publish(task("1/train/0/0", 1));
    engine.workers.publish(second);
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 2; }));
    EXPECT_TRUE(fetched_meanwhile);
    const auto& wire = engine.workers.counted.at("1/train/0/1#2").wire();
    EXPECT_EQ(wire.modules_down(), other.size()) << "bytes fetched ahead count for the task that needed them";
    EXPECT_EQ(wire.data_hit(), tokens.size());
    EXPECT_EQ(wire.ahead_down(), 0U);
}

TEST_F(Loop, WhatWasFetchedForATaskThatWentElsewhereIsCountedApart)
{
    const std::string other = noise(900'000, 9);
    auto elsewhere = task("1/train/0/1", 2);
    elsewhere.mutable_spec()->mutable_columns(0)->set_module_hash(must(engine.store.put(as_bytes(other))));
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) {
        if (runs == 0) {
            for (bool served = false; !served;) {
                std::size_t seen = 0;
                {
                    const std::lock_guard lock(engine.traffic_mutex);
                    for (const auto& call : engine.traffic) served = served || call.hash == sha256_hex(other);
                }
                engine.workers.change([&] { seen = engine.workers.heartbeats.size(); });
                if (!wait([&] { return engine.workers.heartbeats.size() > seen; })) break;
            }
            engine.workers.retract();  // another worker got it
            engine.workers.publish(task("1/train/0/2", 3));
        }
        return inner_run(spec, io);
    };
    engine.workers.publish(task("1/train/0/0", 1));
    engine.workers.publish(elsewhere);
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.contains("1/train/0/2#3"); }));
    const auto& wire = engine.workers.counted.at("1/train/0/2#3").wire();
    EXPECT_EQ(wire.ahead_down(), other.size());
    EXPECT_EQ(wire.modules_down(), 0U);
    EXPECT_EQ(wire.modules_hit(), module.size());
}

TEST_F(Loop, CountsOnceWhenTheConnectionDropsBeforeTheAnswer)
{
    engine.workers.change([&] { engine.workers.block_commits = true; });
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.commits.size() == 1; }));
    engine.stop();  // the commit is noted, its answer is lost
    engine.workers.change([&] { engine.workers.block_commits = false; });
    engine.start();
    ASSERT_TRUE(wait([&] { return engine.workers.commits.size() >= 2; }));
    engine.workers.drain();
    EXPECT_EQ(must(end()), WorkerLoop::End::Drained);
    EXPECT_EQ(engine.workers.counted.size(), 1U);
    EXPECT_EQ(runs, 1) << "the finished result must be kept, not computed again";
    EXPECT_TRUE(engine.workers.fails.empty());
    ASSERT_EQ(engine.workers.commits.size(), 2U);
    EXPECT_EQ(engine.workers.commits[0].SerializeAsString(), engine.workers.commits[1].SerializeAsString());
}

TEST_F(Loop, KeepsAResultWhileTheEngineIsAway)
{
    std::promise<void> computing;
    std::promise<void> away;
    auto gone = away.get_future();
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) {
        auto result = inner_run(spec, io);
        computing.set_value();
        gone.wait();
        return result;
    };
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    computing.get_future().wait();
    engine.stop();
    away.set_value();
    engine.start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(engine.workers.commits.back().result().wire().deltas_up(), delta.size());
}

TEST_F(Loop, StopsATaskThatIsTakenAway)
{
    std::promise<void> abandoned;
    run_task = [&](const v1::TaskSpec&, TaskIo& io) -> Result<v1::TaskResult> {
        std::int64_t step = 0;
        while (io.progress(step, 1.0F)) {
            ++step;
            engine.workers.change([&] { engine.workers.abandon = step >= 3; });
            const std::size_t seen = [&] {
                const std::lock_guard lock(engine.workers.mutex);
                return engine.workers.heartbeats.size();
            }();
            wait([&] { return engine.workers.heartbeats.size() > seen; });
        }
        abandoned.set_value();
        return fail(ErrorCode::Cancelled, "stopped after step {}", step);
    };
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    ASSERT_EQ(abandoned.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
    engine.workers.change([&] { engine.workers.abandon = false; });
    engine.workers.drain();
    EXPECT_EQ(must(end()), WorkerLoop::End::Drained);
    EXPECT_TRUE(engine.workers.commits.empty());
    EXPECT_TRUE(engine.workers.fails.empty());
}

TEST_F(Loop, HeartbeatsCarryActivityAndEveryLossOnce)
{
    engine.workers.publish(task("1/train/0/0", 9));
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) {
        auto result = inner_run(spec, io);
        wait([&] {
            std::size_t losses = 0;
            for (const auto& beat : engine.workers.heartbeats) losses += std::size_t(beat.losses_size());
            return losses == 3;
        });
        return result;
    };
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    ASSERT_TRUE(wait([&] { return engine.workers.heartbeats.back().task().empty(); }));
    const std::lock_guard lock(engine.workers.mutex);
    std::vector<float> losses;
    std::set<v1::Activity> activities;
    for (const auto& beat : engine.workers.heartbeats) {
        activities.insert(beat.activity());
        if (beat.losses_size() == 0) continue;
        EXPECT_EQ(beat.step_begin(), 60 + std::int64_t(losses.size()));
        EXPECT_EQ(beat.fence(), 9);
        losses.insert(losses.end(), beat.losses().begin(), beat.losses().end());
    }
    EXPECT_EQ(losses, (std::vector<float>{5, 4, 3}));
    EXPECT_TRUE(activities.contains(v1::ACTIVITY_COMPUTE));
    EXPECT_TRUE(activities.contains(v1::ACTIVITY_IDLE));
}

TEST_F(Loop, ADamagedDownloadIsAskedForOnceMore)
{
    link.damage = 1;
    link.only = sha256_hex(as_bytes(module));  // the tokens are fetched beside it
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    EXPECT_EQ(engine.workers.counted.begin()->second.wire().modules_down(), 2 * module.size())
        << "both transfers crossed the wire";
}

TEST_F(Loop, ADownloadDamagedTwiceIsReported)
{
    link.damage = 100;  // whichever of those side by side is first
    engine.workers.publish(task("1/train/0/0", 4));
    start();
    ASSERT_TRUE(wait([&] { return !engine.workers.fails.empty(); }));
    EXPECT_EQ(engine.workers.fails[0].fence(), 4);
    EXPECT_NE(engine.workers.fails[0].reason().find("damaged"), std::string::npos) << engine.workers.fails[0].reason();
    EXPECT_EQ(runs, 0);
}

TEST_F(Loop, ACutDownloadIsResumedNotRepeated)
{
    link.cut = 1;
    link.only = sha256_hex(as_bytes(module));
    engine.workers.publish(task("1/train/0/0", 1));
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.size() == 1; }));
    EXPECT_EQ(engine.workers.counted.begin()->second.wire().modules_down(), module.size());
}

TEST_F(Loop, AFailedTaskIsReportedAndTheNextOneRuns)
{
    run_task = [&, inner_run = run_task](const v1::TaskSpec& spec, TaskIo& io) -> Result<TaskOutcome> {
        if (runs++ == 0) return fail(ErrorCode::Usage, "precision fp7 is not known");
        return inner_run(spec, io);
    };
    engine.workers.publish(task("1/train/0/0", 1));
    engine.workers.publish(task("1/train/0/1", 2));
    start();
    ASSERT_TRUE(wait([&] { return engine.workers.counted.contains("1/train/0/1#2"); }));
    ASSERT_EQ(engine.workers.fails.size(), 1U);
    EXPECT_EQ(engine.workers.fails[0].reason(), "precision fp7 is not known");
}

TEST_F(Loop, AnotherProtocolIsRefusedWithAClearLine)
{
    engine.workers.protocol = protocol_version + 1;
    start();
    const auto ended = end();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, ErrorCode::Unsupported);
    EXPECT_NE(ended.error().message.find("protocol"), std::string::npos);
}

TEST_F(Loop, AWrongTokenEndsTheWorker)
{
    grpc = must(GrpcLink::open(engine.address(), engine.token(Role::Viewer)));
    WorkerLoop worker(*grpc, must(BlobCache::open(cache.path(), 1 << 30)), run_task, clock, options);
    EXPECT_EQ(worker.run().error().code, ErrorCode::Unauthorised);
}

TEST_F(Loop, GivesUpWhenPatienceRunsOut)
{
    engine.stop();
    options.retry.patience_ms = 50;
    start();
    EXPECT_EQ(end().error().code, ErrorCode::Unreachable);
}

TEST_F(Loop, RegistersAgainWhenTheEngineForgotIt)
{
    start();
    ASSERT_TRUE(wait([&] { return !engine.workers.heartbeats.empty(); }));
    engine.workers.change([&] { engine.workers.forget_worker = true; });
    ASSERT_TRUE(wait([&] { return engine.workers.registered.size() == 2; }));
    EXPECT_EQ(engine.workers.registered[0].instance(), engine.workers.registered[1].instance());
}

TEST_F(Loop, StopGivesTheTaskBackAndLeavesEvenDuringALongStep)
{
    std::promise<void> computing;
    std::promise<void> release;
    run_task = [&](const v1::TaskSpec&, TaskIo& io) -> Result<v1::TaskResult> {
        computing.set_value();
        release.get_future().wait();  // a step that takes long
        return io.progress(0, 1.0F) ? Result<v1::TaskResult>(v1::TaskResult()) : fail(ErrorCode::Cancelled, "stopped");
    };
    engine.workers.publish(task("1/train/0/0", 3));
    start();
    computing.get_future().wait();
    loop->stop();
    EXPECT_TRUE(loop->wait_left(std::chrono::seconds(10)));
    EXPECT_TRUE(wait([&] { return engine.workers.leaves.size() == 1 && engine.workers.fails.size() == 1; }));
    EXPECT_EQ(engine.workers.fails[0].fence(), 3);
    EXPECT_EQ(engine.workers.leaves[0].reason(), "left");
    release.set_value();
    EXPECT_EQ(must(end()), WorkerLoop::End::Stopped);
    EXPECT_TRUE(engine.workers.commits.empty());
}

TEST_F(Loop, StopEndsAnIdleWorkerAtOnce)
{
    options.lease_wait_ms = 60'000;
    start();
    ASSERT_TRUE(wait([&] { return !engine.workers.heartbeats.empty(); }));
    loop->stop();
    EXPECT_EQ(must(end()), WorkerLoop::End::Stopped);
    EXPECT_EQ(engine.workers.leaves.size(), 1U);
}

}  // namespace
}  // namespace pathloom::test
