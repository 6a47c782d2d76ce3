// SPDX-License-Identifier: GPL-3.0-or-later
// Real processes, killed for real: a run ends with the same bits whatever dies, and says what it cost.
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <latch>
#include <map>
#include <thread>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

struct Chaos : testing::Test {
    static void SetUpTestSuite()
    {
        s_folder = new TempFolder;
        write_two_domains(*s_folder / "two.jsonl");
        must(write_file_atomic(*s_folder / "chaos.json", std::string_view(small_spec)));
        s_quiet_digest = quiet_digest("quiet", "1");
    }
    static void TearDownTestSuite() { delete s_folder; }

    static nlohmann::json ctl(const std::string& project, std::vector<std::string> arguments)
    {
        return ctl_json(*s_folder / project, std::move(arguments));
    }
    static void import(const std::string& project)
    {
        ctl(project, {"corpus", "import", (*s_folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});
    }
    static std::string quiet_digest(const std::string& project, const std::string& workers)
    {
        import(project);
        const auto run = ctl(project, {"run", "start", (*s_folder / "chaos.json").string(), "--workers", workers, "--wait"});
        EXPECT_EQ(run["state"], "done");
        EXPECT_EQ(run["faults"], 0);
        if (project == "quiet") s_quiet_goodput = run["goodput"];
        return ctl(project, {"run", "digest", "1"})["sha256"];
    }

    static TempFolder* s_folder;
    static std::string s_quiet_digest;
    static double s_quiet_goodput;
};
TempFolder* Chaos::s_folder = nullptr;
std::string Chaos::s_quiet_digest;
double Chaos::s_quiet_goodput = 0;

TEST_F(Chaos, OneTwoAndFourWorkersGiveTheSameBits)
{
    EXPECT_EQ(quiet_digest("two-workers", "2"), s_quiet_digest);
    EXPECT_EQ(quiet_digest("four-workers", "4"), s_quiet_digest);
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
    LiveEngine engine(*s_folder / std::string("killed"), 2);
    ctl("killed", {"run", "start", (*s_folder / "chaos.json").string()});
    bool done = false;
    while (engine.losses < 2 && !done) {
        std::int64_t worker = 0;
        ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
            done = is_done(event);
            const auto& activity = event.worker_activity();
            const bool training = event.has_worker_activity() && activity.activity() == v1::ACTIVITY_COMPUTE
                && activity.task().find("/train/") != std::string::npos;
            if (training) worker = activity.worker();
            return done || training;
        }));
        if (done) break;
        ::kill(engine.pid_of(worker), SIGKILL);
        ASSERT_TRUE(engine.follow(
            [&](const v1::Event& event) { return event.has_worker_gone() && event.worker_gone().worker() == worker; }));
    }
    EXPECT_GE(engine.losses, 2) << "both kills must have cost a task";
    if (!done) {
        ASSERT_TRUE(engine.follow(is_done));
    }
    EXPECT_EQ(ctl("killed", {"run", "digest", "1"})["sha256"], s_quiet_digest);
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
        LiveEngine engine(*s_folder / std::string("engine-killed"), 2);
        ctl("engine-killed", {"run", "start", (*s_folder / "chaos.json").string()});
        ASSERT_TRUE(engine.follow(
            [](const v1::Event& event) { return event.has_module_stepped() && event.module_stepped().version() == 2; }));
        engine.kill();
        next = engine.next();
    }
    LiveEngine engine(*s_folder / std::string("engine-killed"), 2);
    engine.start_at(next, {});  // the log goes on where it ended: no gap, no repetition
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("engine-killed", {"run", "digest", "1"})["sha256"], s_quiet_digest);
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

TEST_F(Chaos, AnEvaluationIsOfTheTestSplitUnlessAskedOtherwise)
{
    EXPECT_EQ(ctl("quiet", {"run", "eval", "1"})["split"], "test");
    const auto help = run_program("pathloomctl", {"run", "eval", "--help"});
    EXPECT_NE(help.out.find("test (the default)"), std::string::npos) << help.out;
}

TEST_F(Chaos, AStoppedEngineEndsItsStreamsAndWaitsForNoIdleOrFrozenClient)
{
    import("stopping");
    LiveEngine engine(*s_folder / std::string("stopping"), 0);
    // Idle connections, as a worker's bulk channel or a script between two calls: nobody reads from them now.
    std::vector<std::shared_ptr<grpc::Channel>> idle;
    for (int i = 0; i < 3; ++i) {
        idle.push_back(must(make_channel(engine.address())));
        v1::EngineInfo info;
        ASSERT_TRUE(v1::Engine::NewStub(idle.back())->GetInfo(engine.caller().context().get(), v1::GetInfoRequest(), &info).ok());
    }
    // And a client that hangs altogether: its kernel holds the connection open, nobody answers for it.
    const Program frozen("pathloom-worker",
        {"--engine", engine.address(), "--token-file", token_file(*s_folder / std::string("stopping"), "worker").string()});
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
    LiveEngine engine(*s_folder / std::string("stopped"), 2);
    ctl("stopped", {"run", "start", (*s_folder / "chaos.json").string()});
    ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_module_stepped(); }));
    EXPECT_EQ(ctl("stopped", {"run", "stop", "1"})["state"], "stopped");
    EXPECT_EQ(ctl("stopped", {"run", "resume", "1"})["state"], "running");
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("stopped", {"run", "digest", "1"})["sha256"], s_quiet_digest);
    const auto clone = ctl("stopped", {"run", "clone", "1"});
    EXPECT_NE(clone["run"], 1);
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("stopped", {"run", "digest", "2"})["sha256"], s_quiet_digest);
    engine.stop();
}

#endif

}  // namespace
}  // namespace pathloom::test
