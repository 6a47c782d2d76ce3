// SPDX-License-Identifier: GPL-3.0-or-later
// Real processes, killed for real: a run ends with the same bits whatever dies, and says what it cost.
#include "engine/core/hash.h"
#include "tests/rpc/quiet_run.h"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <algorithm>
#include <latch>
#include <map>
#include <set>
#include <thread>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

struct Chaos : QuietRun<Chaos> {
    static constexpr const char* const& spec = small_spec;
    /// Kills workers in the middle of training tasks until `losses` of them are lost. False: the run was done before.
    static bool kill_workers(LiveEngine& engine, int losses)
    {
        bool done = false;
        while (engine.losses < losses && !done) {
            std::int64_t worker = 0;
            EXPECT_TRUE(engine.follow([&](const v1::Event& event) {
                done = is_done(event);
                const auto& activity = event.worker_activity();
                const bool training = event.has_worker_activity() && activity.activity() == v1::ACTIVITY_COMPUTE
                    && activity.task().find("/train/") != std::string::npos;
                if (training) worker = activity.worker();
                return done || training;
            }));
            if (done || worker == 0) break;
            ::kill(engine.pid_of(worker), SIGKILL);
            EXPECT_TRUE(engine.follow(
                [&](const v1::Event& event) { return event.has_worker_gone() && event.worker_gone().worker() == worker; }));
        }
        EXPECT_GE(engine.losses, losses) << "each kill must have cost a task";
        return !done;
    }
};

TEST_F(Chaos, OneTwoAndFourWorkersGiveTheSameBits)
{
    EXPECT_EQ(quiet_digest("two-workers", 2), s_quiet_digest);
    EXPECT_EQ(quiet_digest("four-workers", 4), s_quiet_digest);
}

TEST_F(Chaos, GoodputIsTheSameAfterARestart)
{
    // The engine of `run start` has ended: another one reads the same from the rows. Leases are longer than their computing.
    EXPECT_LT(s_quiet_goodput, 1.0);
    EXPECT_NEAR(ctl("quiet", {"run", "show", "1"})["goodput"].get<double>(), s_quiet_goodput, 1e-9);
}

TEST_F(Chaos, WorkersKilledMidTaskLeaveTheSameBits)
{
    import("killed");
    LiveEngine engine(project("killed"), 2);
    start("killed");
    if (kill_workers(engine, 2)) {
        ASSERT_TRUE(engine.follow(is_done));
    }
    EXPECT_EQ(digest("killed"), s_quiet_digest);
    const auto run = ctl("killed", {"run", "show", "1"});
    EXPECT_GE(run["faults"].get<int>(), 2);
    EXPECT_LT(run["goodput"].get<double>(), 1.0);
    engine.stop();
    EXPECT_NEAR(ctl("killed", {"run", "show", "1"})["goodput"].get<double>(), run["goodput"].get<double>(), 1e-9)
        << "what the killed workers cost is remembered";
}

TEST_F(Chaos, AKilledEngineGoesOnWhereItWas)
{
    import("engine-killed");
    std::int64_t next = 1;
    {
        LiveEngine engine(project("engine-killed"), 2);
        start("engine-killed");
        ASSERT_TRUE(engine.follow(
            [](const v1::Event& event) { return event.has_module_stepped() && event.module_stepped().version() == 2; }));
        engine.kill();
        next = engine.next();
    }
    LiveEngine engine(project("engine-killed"), 2);
    engine.start_at(next, {});  // the log goes on where it ended: no gap, no repetition
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest("engine-killed"), s_quiet_digest);
    engine.stop();
}

TEST_F(Chaos, BytesOnTheWireAreTheAnalyticCount)
{
    const auto run = ctl("quiet", {"run", "show", "1"});
    ASSERT_EQ(run["traffic"].size(), 3U);
    for (const auto& phase : run["traffic"]) {
        // Small modules: a blob's header is a visible part of it here, so allow the 2% of the contract plus the headers.
        const double analytic = phase["analytic"].get<double>();
        const double headers = 4 * 2 * 4 * 1200.0;  // paths x directions x columns x a header
        EXPECT_GE(phase["measured"].get<double>(), 0.98 * analytic);
        EXPECT_LE(phase["measured"].get<double>(), 1.02 * analytic + headers);
    }
}

TEST_F(Chaos, ALossyCodecKeepsTheBitsWhateverDies)
{
    const std::vector<std::string> int4{"--set", "outer.codec=int4", "--set", "training.phases=2"};
    finished("int4", 1, int4);
    const std::string wanted = digest("int4");
    EXPECT_EQ(quiet_digest("int4-four", 4, int4), wanted);
    const auto fp32 = ctl("quiet", {"run", "show", "1"});
    const auto run = ctl("int4", {"run", "show", "1"});
    for (std::size_t phase = 0; phase < 2; ++phase) {
        const double measured = run["traffic"][phase]["measured"], analytic = run["traffic"][phase]["analytic"];
        EXPECT_GE(measured, 0.98 * analytic);
        EXPECT_LE(measured, 1.02 * analytic + 4 * 2 * 4 * 1200.0);
    }
    auto dry = int4;
    dry.emplace_back("--dry-run");
    const auto estimate = start("int4", dry);
    const double fewer = 4 * (4 * estimate["path_parameters"].get<double>() - estimate["delta_bytes_per_path"].get<double>());
    // Which modules a worker still has depends on which tasks it got, so what its cache saved counts as if it had crossed.
    const auto needed = [](const nlohmann::json& phase) { return phase["measured"].get<double>() + phase["hits"].get<double>(); };
    const double saved = needed(fp32["traffic"][0]) - needed(run["traffic"][0]);
    EXPECT_NEAR(saved, fewer, 0.02 * fewer + 4 * 4 * 1200.0);

    import("int4-killed");
    std::int64_t next = 1;
    {
        LiveEngine engine(project("int4-killed"), 2);
        start("int4-killed", int4);
        kill_workers(engine, 1);
        ASSERT_TRUE(engine.follow(
            [](const v1::Event& event) { return event.has_module_stepped() && event.module_stepped().version() == 1; }));
        engine.kill();
        next = engine.next();
    }
    LiveEngine engine(project("int4-killed"), 2);
    engine.start_at(next, {});
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest("int4-killed"), wanted);
    engine.stop();
}

TEST_F(Chaos, AWorkerThatDoesNotKnowTheCodecIsTurnedAwayAlone)
{
    import("old-worker");
    LiveEngine engine(project("old-worker"), 0);
    start("old-worker",
        {"--set", "outer.codec=int8", "--set", "training.phases=1", "--set", "training.tau=4", "--set",
            "training.warm_start_steps=0", "--set", "routing.router=random", "--set", "evaluation.every=0"});  // training only
    const Caller caller(must(read_token(token_file(project("old-worker"), "worker"))));
    const auto workers = v1::Workers::NewStub(engine.channel());
    v1::RegisterRequest old;
    old.set_protocol(protocol_version);
    old.set_name("old");
    old.set_instance("of before");
    old.add_codecs("bf16");
    v1::RegisterResponse known;
    ASSERT_TRUE(workers->Register(caller.context().get(), old, &known).ok());
    v1::LeaseRequest request;
    request.set_worker(known.worker());
    request.set_wait_ms(5000);
    v1::LeaseResponse lease;
    const auto refused = workers->Lease(caller.context().get(), request, &lease);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << refused.error_message();
    EXPECT_NE(refused.error_message().find("does not know the codec 'int8'"), std::string::npos) << refused.error_message();
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        return event.has_worker_gone() && event.worker_gone().worker() == known.worker()
            && event.worker_gone().reason().find("int8") != std::string::npos;
    }));
    ctl("old-worker", {"workers", "set", "1"});
    ASSERT_TRUE(engine.follow(is_done)) << "the others train on";
    engine.stop();
}

TEST_F(Chaos, AnEvaluationIsOfTheTestSplitUnlessAskedOtherwise)
{
    EXPECT_EQ(ctl("quiet", {"run", "eval", "1"})["split"], "test");
    const auto help = run_program("pathloomctl", {"run", "eval", "--help"});
    EXPECT_NE(help.out.find("test (the default)"), std::string::npos) << help.out;
}

TEST_F(Chaos, AStoppedEngineEndsItsStreamsAndWaitsForNoIdleOrFrozenClient)
{
    import("stopping");
    LiveEngine engine(project("stopping"), 0);
    // Idle connections, as a worker's bulk channel or a script between two calls: nobody reads from them now.
    std::vector<std::shared_ptr<grpc::Channel>> idle;
    for (int i = 0; i < 3; ++i) {
        idle.push_back(must(make_channel(engine.address())));
        v1::EngineInfo info;
        ASSERT_TRUE(v1::Engine::NewStub(idle.back())->GetInfo(engine.caller().context().get(), v1::GetInfoRequest(), &info).ok());
    }
    // And a client that hangs altogether: its kernel holds the connection open, nobody answers for it.
    const Program frozen(
        "pathloom-worker", {"--engine", engine.address(), "--token-file", token_file(project("stopping"), "worker").string()});
    ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_worker_joined(); }));
    frozen.signal(SIGSTOP);
    std::vector<grpc::Status> ends(3);
    std::vector<std::thread> watchers;
    std::latch watching(3);
    for (auto& end : ends)
        watchers.emplace_back([&] {
            const auto stub = v1::Engine::NewStub(must(make_channel(engine.address())));
            const auto context = engine.caller().context(std::chrono::seconds(60));
            v1::WatchRequest request;
            const auto reader = stub->Watch(context.get(), request);
            v1::WatchResponse response;
            EXPECT_TRUE(reader->Read(&response));
            watching.count_down();
            while (reader->Read(&response)) { }
            end = reader->Finish();
        });
    watching.wait();
    const auto asked = std::chrono::steady_clock::now();
    engine.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(4)) << "a client that hangs would hold it for five";
    for (auto& watcher : watchers) watcher.join();
    for (const auto& end : ends) EXPECT_TRUE(end.ok()) << end.error_message();
    for (const auto& channel : idle) EXPECT_TRUE(channel) << "kept open until here";
}

TEST_F(Chaos, StopResumeAndCloneKeepTheBits)
{
    import("stopped");
    LiveEngine engine(project("stopped"), 2);
    start("stopped");
    ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_module_stepped(); }));
    EXPECT_EQ(ctl("stopped", {"run", "stop", "1"})["state"], "stopped");
    EXPECT_EQ(ctl("stopped", {"run", "resume", "1"})["state"], "running");
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest("stopped"), s_quiet_digest);
    const auto clone = ctl("stopped", {"run", "clone", "1"});
    EXPECT_NE(clone["run"], 1);
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(digest("stopped", "2"), s_quiet_digest);
    engine.stop();
}

TEST_F(Chaos, WhatARunNeedsNoMoreIsRemovedBeforeItEnds)
{
    import("collected");
    LiveEngine engine(project("collected"), 2, "unix", {"--garbage-age", "8", "--collect-ms", "100"});
    start("collected");
    const auto stepped = [&](int version) {
        std::set<std::string> modules;
        return engine.follow([&, version](const v1::Event& event) {
            if (event.has_module_stepped() && event.module_stepped().version() == version)
                modules.insert(event.module_stepped().module());
            return modules.size() == 4;
        });
    };
    const auto blobs = [&] {  // the names of files: a BlobStore of our own would tidy up under the engine's hands
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(project("collected") / "blobs"))
            if (is_sha256_hex(entry.path().filename().string())) names.insert(entry.path().filename().string());
        return names;
    };
    ASSERT_TRUE(stepped(1));
    const auto before = blobs();  // with the pseudo-gradients of these steps, which stay until the next ones
    ASSERT_TRUE(stepped(2));
    EXPECT_EQ(ctl("collected", {"run", "stop", "1"})["state"], "stopped");
    const auto gone = [&] {
        const auto now = blobs();
        return !std::ranges::includes(now, before);
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!gone() && std::chrono::steady_clock::now() < deadline) ctl("collected", {"run", "list"});
    EXPECT_TRUE(gone()) << "of " << before.size() << " blobs";
    EXPECT_EQ(ctl("collected", {"run", "resume", "1"})["state"], "running");
    std::string trouble;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        if (event.has_blob_damaged()) trouble += event.blob_damaged().what() + "\n";
        if (event.has_task_lost()) trouble += event.task_lost().reason() + "\n";
        return is_done(event);
    }));
    EXPECT_EQ(digest("collected"), s_quiet_digest);
    EXPECT_EQ(trouble, "") << "something that was needed went";
    engine.stop();
}

#endif

}  // namespace
}  // namespace pathloom::test
