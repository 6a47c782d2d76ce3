// SPDX-License-Identifier: GPL-3.0-or-later
// Cores, threads and memory of real workers while they train, as the system counts them.
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"
#include "engine/core/machine.h"
#include "engine/core/version.h"
#include "engine/worker/grpc_link.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

struct Resources : testing::Test {
    TempFolder folder;

    nlohmann::json ctl(std::vector<std::string> arguments) { return ctl_json(folder / "project", std::move(arguments)); }
    std::string prepare(const std::string& spec)
    {
        write_two_domains(folder / "two.jsonl");
        must(write_file_atomic(folder / "spec.json", std::string_view(spec)));
        ctl({"corpus", "import", (folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});
        return (folder / "spec.json").string();
    }
};

struct ThreadState {
    std::string cores;
    long ticks = 0;  ///< user and system time
};
std::map<int, ThreadState> threads_of(pid_t pid)
{
    std::map<int, ThreadState> threads;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
        const auto status = read_file(entry.path() / "status");
        const auto stat = read_file(entry.path() / "stat");
        if (!status || !stat) continue;  // it has just ended
        ThreadState state;
        const std::string key = "Cpus_allowed_list:\t";
        const auto at = status->find(key) + key.size();
        state.cores = status->substr(at, status->find('\n', at) - at);
        std::istringstream rest(stat->substr(stat->rfind(')') + 2));  // the name may hold anything
        std::string skipped;
        for (int i = 0; i < 11; ++i) rest >> skipped;
        long user = 0;
        long system = 0;
        rest >> user >> system;
        state.ticks = user + system;
        threads[std::stoi(entry.path().filename().string())] = state;
    }
    return threads;
}

bool trains(const v1::Event& event)
{
    return event.has_worker_activity() && event.worker_activity().activity() == v1::ACTIVITY_COMPUTE
        && event.worker_activity().task().find("/train/") != std::string::npos;
}

TEST_F(Resources, WorkersShareTheCoresAndComputeWithTheThreadsOfTheSpec)
{
    const std::string spec = prepare(small_spec);
    LiveEngine engine(folder / "project", 2);
    ctl({"run", "start", spec});
    std::set<std::int64_t> training;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        if (trains(event)) training.insert(event.worker_activity().worker());
        return training.size() == 2;
    }));
    std::map<std::int64_t, std::map<int, ThreadState>> before;
    for (const std::int64_t worker : training) before[worker] = threads_of(engine.pid_of(worker));
    ASSERT_TRUE(engine.follow(
        [](const v1::Event& event) { return event.has_module_stepped() && event.module_stepped().version() == 2; }));

    const auto cores = this_machine().cores;
    std::set<std::string> shares;
    for (const std::int64_t worker : training) {
        const auto after = threads_of(engine.pid_of(worker));
        ASSERT_FALSE(after.empty());
        const std::string share = after.begin()->second.cores;
        shares.insert(share);
        long all = 0;
        std::vector<long> used;
        for (const auto& [id, state] : after) {
            EXPECT_EQ(state.cores, share) << "thread " << id << " may run where another worker computes";
            const auto earlier = before[worker].find(id);
            used.push_back(state.ticks - (earlier == before[worker].end() ? 0 : earlier->second.ticks));
            all += used.back();
        }
        ASSERT_GT(all, 20) << "the worker did next to nothing";
        // One thread computes (training.threads = 1); gRPC, heartbeats and uploads take the odd moment.
        EXPECT_EQ(std::count_if(used.begin(), used.end(), [&](long ticks) { return ticks > all / 4; }), 1);
        const std::string environment = must(read_file("/proc/" + std::to_string(engine.pid_of(worker)) + "/environ"));
        for (const char* name : {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1"})
            EXPECT_NE(environment.find(name), std::string::npos) << name;
    }
    EXPECT_EQ(shares.size(), cores.size() >= 2 ? 2U : 1U);
    EXPECT_TRUE(shares.contains(core_list(cores_of_worker(cores, 2, 0))));
    ASSERT_TRUE(engine.follow(is_done));
    engine.stop();
}

TEST_F(Resources, AWorkersPeakMemoryIsWhatThePlanSaid)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's shadow memory and quarantine are not in the plan";
#endif
    const std::string spec = prepare(R"({"name":"memory","seed":5,
      "model":{"vocabulary":300,"d_model":256,"heads":4,"head_dim":64,"blocks":["full","full","full","full"]},
      "topology":{"levels":[{"modules":2,"blocks":[0,1]},{"modules":2,"blocks":[2,3]}]},
      "routing":{"router":"random","prefix":8},
      "data":{"corpus":"two","sequence":128,"batch":16},
      "training":{"warm_start_steps":0,"phases":2,"tau":2,"warmup_steps":0},
      "evaluation":{"valid_sequences":4,"every":0,"test_sequences":4}})");
    const auto plan = ctl({"run", "start", spec, "--dry-run"});
    EXPECT_TRUE(plan["fits"].get<bool>());
    LiveEngine engine(folder / "project", 1);
    ctl({"run", "start", spec});
    std::int64_t worker = 0;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        if (trains(event)) worker = event.worker_activity().worker();
        return is_done(event);
    }));
    const std::string status = must(read_file("/proc/" + std::to_string(engine.pid_of(worker)) + "/status"));
    const auto peak = 1024.0 * std::stod(status.substr(status.find("VmHWM:") + 6));
    const auto planned = plan["worker_bytes"].get<double>();
    EXPECT_LT(peak, 1.15 * planned) << "the worker needs more than the plan promised";
    EXPECT_GT(peak, 0.55 * planned) << "the plan asks for far more than is used";
    engine.stop();
}

TEST_F(Resources, ThreadsOfTheMachineAreWrittenIntoTheSpecWhenTheRunStarts)
{
    const std::string spec = prepare(small_spec);
    const auto cores = this_machine().cores;
    ctl({"run", "start", spec, "--set", "training.threads=0", "--workers", "1"});
    EXPECT_EQ(ctl({"run", "show", "1"})["spec"]["training"]["threads"], cores.size());
    ctl({"run", "start", spec, "--set", "training.threads=0", "--workers", std::to_string(cores.size())});
    EXPECT_EQ(ctl({"run", "show", "2"})["spec"]["training"]["threads"], 1);
    const auto plan = ctl({"run", "start", spec, "--dry-run", "--set", "training.threads=1000"});
    EXPECT_NE(plan["warnings"].dump().find("training.threads is 1000"), std::string::npos) << plan["warnings"];
}

TEST_F(Resources, ARunBelongsToOneKindOfDevice)
{
    const std::string spec = prepare(small_spec);
    LiveEngine engine(folder / "project", 0);
    const auto link = must(GrpcLink::open(engine.address(), must(read_token(token_file(folder / "project", "worker")))));
    const auto join = [&](const std::string& isa) {
        v1::RegisterRequest request;
        request.set_protocol(protocol_version);
        request.set_name(isa);
        request.set_instance(isa);
        request.set_isa(isa);
        return must(link->enrol(request)).worker();
    };
    const auto leased = [&](std::int64_t worker) {
        v1::LeaseRequest request;
        request.set_worker(worker);
        return must(link->lease(request)).task();
    };
    const auto plain = join("avx2");
    ctl({"run", "start", spec});  // auto, and nobody offers more than a CPU
    const auto warned = ctl({"run", "start", spec, "--dry-run", "--set", "training.device=cuda"});
    EXPECT_NE(warned["warnings"].dump().find("no worker here offers one"), std::string::npos) << warned["warnings"];
    const auto graphic = join("cuda");
    EXPECT_TRUE(leased(graphic).id().empty()) << "the run began on CPUs";
    ctl({"run", "start", spec, "--set", "seed=6"});
    EXPECT_FALSE(ctl({"run", "show", "1"})["spec"]["training"].contains("device"));
    EXPECT_EQ(ctl({"run", "show", "2"})["spec"]["training"]["device"], "cuda");
    EXPECT_EQ(ctl({"engine", "info"})["devices"], (nlohmann::json{"cpu", "cuda"}));

    const v1::Task here = leased(plain), there = leased(graphic);
    EXPECT_EQ(here.run(), 1);
    EXPECT_EQ(here.spec().device(), "");
    EXPECT_EQ(there.run(), 2);
    EXPECT_EQ(there.spec().device(), "cuda");
    engine.kill();
}

TEST_F(Resources, ARunThatCannotFitIsRefusedWithTheNumbers)
{
    const std::string spec = prepare(small_spec);
    const auto refused = run_program("pathloomctl",
        {"--project", (folder / "project").string(), "run", "start", spec, "--set", "data.batch=1000000", "--set",
            "data.sequence=4096"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("data.batch"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find(" GB"), std::string::npos) << refused.err;
    EXPECT_EQ(ctl({"run", "list"})["runs"].size(), 0U);
}

#endif

}  // namespace
}  // namespace pathloom::test
