// SPDX-License-Identifier: GPL-3.0-or-later
// Real processes, killed for real: a run ends with the same bits whatever dies, and says what it cost.
#include "tests/rpc/support.h"

#include "engine/core/files.h"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <fstream>
#include <map>
#include <random>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

void write_corpus(const std::filesystem::path& file)
{
    std::mt19937 random(7);
    const std::vector<std::vector<std::string>> words
        = {{"loom", "thread", "warp", "weft", "cloth", "spin"}, {"path", "module", "level", "shard", "phase", "step"}};
    std::ofstream out(file);
    for (int document = 0; document < 160; ++document) {
        const auto& vocabulary = words[std::size_t(document % 2)];
        std::string text;
        for (int i = 0; i < 200; ++i) text += vocabulary[random() % vocabulary.size()] + (i % 9 == 8 ? ". " : " ");
        out << nlohmann::json{{"text", text}, {"domain", document % 2 == 0 ? "weaving" : "training"}}.dump() << "\n";
    }
}

/// Tasks of about a second: long enough to be killed in the middle.
const char* const spec = R"({"name":"chaos","seed":5,
  "model":{"vocabulary":300,"d_model":64,"heads":2,"head_dim":32,"blocks":["full","full"]},
  "topology":{"levels":[{"modules":2,"blocks":[0]},{"modules":2,"blocks":[1]}]},
  "routing":{"router":"kmeans","prefix":8},
  "data":{"corpus":"two","sequence":64,"batch":4},
  "training":{"warm_start_steps":20,"phases":3,"tau":60,"warmup_steps":5},
  "evaluation":{"valid_sequences":8,"every":1,"test_sequences":16}})";

/// One engine process with local workers, and a client that follows its log.
class LiveEngine {
public:
    LiveEngine(const std::filesystem::path& project, int workers)
        : m_project(project)
        , m_process("pathloom-engine",
              {"--project", project.string(), "--local-workers", std::to_string(workers), "--lease-ms", "4000", "--heartbeat-ms",
                  "100"})
    {
        // The connection file appears once it serves; the call then waits for the socket.
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (;;) {
            const auto connection = read_connection(project);
            if (connection && connection->pid == m_process.pid()) {
                m_channel = must(make_channel(connection->address));
                break;
            }
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the engine did not start");
            std::this_thread::yield();
        }
        m_caller = Caller(must(read_token(token_file(project, "operator"))));
        m_stub = v1::Engine::NewStub(m_channel);
        if (!m_channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)))
            throw std::runtime_error("no connection");
    }

    /// Read the log from where the last call ended until `seen` says true. False: the stream ended or a minute and a half has
    /// passed.
    bool follow(const std::function<bool(const v1::Event&)>& seen)
    {
        const auto context = m_caller.context(std::chrono::seconds(90));
        v1::WatchRequest request;
        request.set_from_seq(m_next);
        const auto reader = m_stub->Watch(context.get(), request);
        v1::WatchResponse response;
        while (reader->Read(&response)) {
            for (const v1::Event& event : response.events()) {
                EXPECT_EQ(event.seq(), m_next) << "the log has a gap";
                ++m_next;
                if (event.has_worker_joined()) m_pids[event.worker_joined().worker()] = pid_t(event.worker_joined().pid());
                if (event.has_task_lost()) ++losses;
                if (seen(event)) {
                    context->TryCancel();
                    return true;
                }
            }
        }
        return false;
    }

    v1::Engine::Stub& stub() { return *m_stub; }
    const Caller& caller() const { return m_caller; }
    pid_t pid_of(std::int64_t worker) const { return m_pids.at(worker); }
    void kill()
    {
        m_process.signal(SIGKILL);
        m_process.finish();
    }
    void stop()
    {
        m_process.signal(SIGTERM);
        EXPECT_EQ(m_process.finish().code, 0);
    }
    void start_at(std::int64_t seq, std::map<std::int64_t, pid_t> pids)
    {
        m_next = seq;
        m_pids = std::move(pids);
    }
    std::int64_t next() const { return m_next; }
    int losses = 0;

private:
    std::filesystem::path m_project;
    Program m_process;
    std::shared_ptr<grpc::Channel> m_channel;
    Caller m_caller;
    std::unique_ptr<v1::Engine::Stub> m_stub;
    std::map<std::int64_t, pid_t> m_pids;
    std::int64_t m_next = 1;
};

struct Chaos : testing::Test {
    static void SetUpTestSuite()
    {
        s_folder = new TempFolder;
        write_corpus(*s_folder / "two.jsonl");
        must(write_file_atomic(*s_folder / "chaos.json", std::string_view(spec)));
        s_quiet_digest = quiet_digest("quiet", "1");
    }
    static void TearDownTestSuite() { delete s_folder; }

    static nlohmann::json ctl(const std::string& project, std::vector<std::string> arguments)
    {
        for (const std::string& extra : {std::string("--json"), std::string("--project"), (*s_folder / project).string()})
            arguments.push_back(extra);
        const auto result = run_program("pathloomctl", arguments);
        if (result.code != 0) throw std::runtime_error(arguments[0] + " " + arguments[1] + ": " + result.err);
        return nlohmann::json::parse(result.out);
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
        return ctl(project, {"run", "digest", "1"})["sha256"];
    }

    static TempFolder* s_folder;
    static std::string s_quiet_digest;
};
TempFolder* Chaos::s_folder = nullptr;
std::string Chaos::s_quiet_digest;

TEST_F(Chaos, OneTwoAndFourWorkersGiveTheSameBits)
{
    EXPECT_EQ(quiet_digest("two-workers", "2"), s_quiet_digest);
    EXPECT_EQ(quiet_digest("four-workers", "4"), s_quiet_digest);
}

TEST_F(Chaos, WorkersKilledMidTaskLeaveTheSameBits)
{
    import("killed");
    LiveEngine engine(*s_folder / std::string("killed"), 2);
    ctl("killed", {"run", "start", (*s_folder / "chaos.json").string()});
    const auto is_done
        = [](const v1::Event& event) { return event.has_run_state() && event.run_state().state() == v1::RUN_STATE_DONE; };
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
    if (!done) ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("killed", {"run", "digest", "1"})["sha256"], s_quiet_digest);
    const auto run = ctl("killed", {"run", "show", "1"});
    EXPECT_GE(run["faults"].get<int>(), 2);
    EXPECT_LT(run["goodput"].get<double>(), 1.0);
    engine.stop();
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
    ASSERT_TRUE(engine.follow(
        [](const v1::Event& event) { return event.has_run_state() && event.run_state().state() == v1::RUN_STATE_DONE; }));
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

TEST_F(Chaos, StopResumeAndCloneKeepTheBits)
{
    import("stopped");
    LiveEngine engine(*s_folder / std::string("stopped"), 2);
    ctl("stopped", {"run", "start", (*s_folder / "chaos.json").string()});
    ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_module_stepped(); }));
    EXPECT_EQ(ctl("stopped", {"run", "stop", "1"})["state"], "stopped");
    EXPECT_EQ(ctl("stopped", {"run", "resume", "1"})["state"], "running");
    const auto is_done
        = [](const v1::Event& event) { return event.has_run_state() && event.run_state().state() == v1::RUN_STATE_DONE; };
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("stopped", {"run", "digest", "1"})["sha256"], s_quiet_digest);
    const auto clone = ctl("stopped", {"run", "clone", "1"});
    EXPECT_NE(clone["run"], 1);
    ASSERT_TRUE(engine.follow(is_done));
    EXPECT_EQ(ctl("stopped", {"run", "digest", "2"})["sha256"], s_quiet_digest);
    engine.stop();
}

TEST_F(Chaos, WrongInputIsRefusedAndLeavesNothing)
{
    const auto refused = [&](std::vector<std::string> arguments, const std::string& needle) {
        for (const std::string& extra : {std::string("--project"), (*s_folder / std::string("quiet")).string()})
            arguments.push_back(extra);
        const auto result = run_program("pathloomctl", arguments);
        EXPECT_EQ(result.code, 1) << arguments[0] << " " << arguments[1] << result.out;
        EXPECT_NE(result.err.find(needle), std::string::npos) << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << "one line: " << result.err;
    };
    const auto usage = [&](const std::string& set, const std::string& needle) {
        const auto result = run_program("pathloomctl",
            {"run", "start", (*s_folder / "chaos.json").string(), "--set", set, "--project",
                (*s_folder / std::string("quiet")).string()});
        EXPECT_EQ(result.code, 2) << set << ": " << result.err;
        EXPECT_NE(result.err.find(needle), std::string::npos) << result.err;
    };
    usage("topology.levels[0].modules=0", "topology.levels[0].modules");
    usage("training.tua=3", "tua");
    usage("data.corpus=nothing", "nothing");
    usage("topology.replicas=60000", "paths");
    usage("model.vocabulary=301", "vocabulary");
    refused({"run", "show", "99"}, "99");
    must(write_file_atomic(*s_folder / "binary.txt", std::string_view("a\0b", 3)));
    const auto binary = run_program("pathloomctl",
        {"corpus", "import", (*s_folder / "binary.txt").string(), "--name", "bin", "--project",
            (*s_folder / std::string("quiet")).string()});
    EXPECT_NE(binary.code, 0);
    const auto large = run_program("pathloomctl",
        {"corpus", "import", (*s_folder / "two.jsonl").string(), "--name", "big", "--vocabulary", "30000", "--project",
            (*s_folder / std::string("quiet")).string()});
    EXPECT_NE(large.code, 0);
    EXPECT_NE(large.err.find("vocabulary"), std::string::npos) << large.err;
    EXPECT_EQ(ctl("quiet", {"run", "list"})["runs"].size(), 1U);
    EXPECT_EQ(ctl("quiet", {"corpus", "list"})["corpora"].size(), 1U);
}

#endif

}  // namespace
}  // namespace pathloom::test
