// SPDX-License-Identifier: GPL-3.0-or-later
// All programs together: a private engine, real workers, a small run from text to export.
#include "tests/rpc/support.h"

#include "engine/core/files.h"
#include "engine/store/safetensors.h"

#include <nlohmann/json.hpp>

#include <signal.h>

#include <fstream>
#include <random>

namespace pathloom::test {
namespace {

#ifdef HAVE_PATHLOOM_WORKER
struct WorkerProcess : testing::Test {
    TestEngine engine;
    std::string token = engine.write_token(Role::Worker).string();
};

TEST_F(WorkerProcess, RegistersAndLeavesOnSigterm)
{
    Program worker("pathloom-worker",
        {"--engine", engine.address(), "--token-file", token, "--name", "w1", "--cache", (engine.folder / "cache").string()});
    ASSERT_TRUE(engine.workers.wait([&] { return !engine.workers.heartbeats.empty(); }));
    EXPECT_EQ(engine.workers.registered[0].name(), "w1");
    EXPECT_EQ(engine.workers.registered[0].pid(), worker.pid()) << "pinning the math threads must not change the process";
    worker.signal(SIGTERM);
    const auto result = worker.finish();
    EXPECT_EQ(result.code, 0) << result.err;
    ASSERT_EQ(engine.workers.leaves.size(), 1U);
    EXPECT_EQ(engine.workers.leaves[0].reason(), "left");
}

TEST_F(WorkerProcess, LeavesWhenDrained)
{
    engine.workers.drain();
    const auto result = run_program("pathloom-worker", {"--engine", engine.address(), "--token-file", token});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(engine.workers.leaves.at(0).reason(), "drained");
}

TEST_F(WorkerProcess, ExitCodesTellWhatIsWrong)
{
    EXPECT_EQ(run_program("pathloom-worker", {"--engine", engine.address()}).code, 2);
    EXPECT_EQ(run_program("pathloom-worker", {"--engine", "nonsense", "--token-file", token}).code, 2);
    EXPECT_EQ(
        run_program("pathloom-worker", {"--engine", engine.address(), "--token-file", engine.write_token(Role::Viewer).string()})
            .code,
        4);
    engine.workers.protocol = protocol_version + 1;
    const auto old = run_program("pathloom-worker", {"--engine", engine.address(), "--token-file", token});
    EXPECT_EQ(old.code, 1);
    EXPECT_NE(old.err.find("protocol"), std::string::npos) << old.err;
    engine.stop();
    EXPECT_EQ(run_program("pathloom-worker", {"--engine", engine.address(), "--token-file", token, "--patience", "0"}).code, 3);
}

TEST(WorkerBench, PrintsOneDocument)
{
    const auto result = run_program("pathloomctl",
        {"bench", "inner", "--json", "--d-model", "32", "--heads", "2", "--blocks", "1", "--vocabulary", "256", "--sequence",
            "32", "--batch", "2", "--steps", "2"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto document = nlohmann::json::parse(result.out);
    for (const char* key : {"tokens_per_second", "gflops", "gemm_peak_gflops", "fraction_of_peak", "peak_rss_mb"})
        EXPECT_GT(document[key].get<double>(), 0.0) << key;
}
#endif

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE)
/// Two domains a router can tell apart.
void write_corpus(const std::filesystem::path& file)
{
    std::mt19937 random(1);
    const std::vector<std::vector<std::string>> words = {{"sea", "ship", "wave", "salt", "wind", "sail", "rope", "mast"},
        {"sum", "proof", "set", "prime", "field", "ring", "group", "limit"}};
    std::ofstream out(file);
    for (int document = 0; document < 120; ++document) {
        const auto& vocabulary = words[std::size_t(document % 2)];
        std::string text;
        for (int i = 0; i < 300; ++i) text += vocabulary[random() % vocabulary.size()] + (i % 12 == 11 ? ". " : " ");
        out << nlohmann::json{{"text", text}, {"domain", document % 2 == 0 ? "sea" : "maths"}}.dump() << "\n";
    }
}

const char* const small_run = R"({"name":"small","seed":3,
  "model":{"vocabulary":300,"d_model":32,"heads":2,"head_dim":16,"blocks":["full","full"],"window":16},
  "topology":{"levels":[{"modules":2,"blocks":[0]},{"modules":2,"blocks":[1]}]},
  "routing":{"router":"kmeans","prefix":8},
  "data":{"corpus":"two","sequence":64,"batch":2},
  "training":{"warm_start_steps":4,"phases":2,"tau":3,"warmup_steps":2},
  "evaluation":{"valid_sequences":4,"every":1,"test_sequences":8}})";

nlohmann::json ctl(const TempFolder& folder, const std::string& project, std::vector<std::string> arguments)
{
    for (const std::string& extra : {std::string("--json"), std::string("--project"), (folder / project).string()})
        arguments.push_back(extra);
    const auto result = run_program("pathloomctl", arguments);
    if (result.code != 0) throw std::runtime_error(arguments[0] + " " + arguments[1] + ": " + result.err);
    return nlohmann::json::parse(result.out);
}

TEST(EndToEnd, TextToExportAndTheSameBitsAgain)
{
    const TempFolder folder;
    write_corpus(folder / "two.jsonl");
    must(write_file_atomic(folder / "small.json", std::string_view(small_run)));
    std::vector<std::string> digests;
    for (const auto& [project, workers] : {std::pair("one", "1"), std::pair("three", "3")}) {
        const auto corpus
            = ctl(folder, project, {"corpus", "import", (folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});
        EXPECT_GT(corpus["tokens"], 10'000);
        EXPECT_EQ(corpus["domains"].size(), 2U);
        const auto run = ctl(folder, project, {"run", "start", (folder / "small.json").string(), "--workers", workers, "--wait"});
        EXPECT_EQ(run["state"], "done");
        EXPECT_EQ(run["step"], 10);
        EXPECT_GT(run["bytes_up"], 0);
        const auto digest = ctl(folder, project, {"run", "digest", std::to_string(run["run"].get<int>())});
        EXPECT_EQ(digest["sha256"].get<std::string>().size(), 64U);
        digests.push_back(digest["sha256"]);
    }
    EXPECT_EQ(digests[0], digests[1]) << "one worker or three: the same bits";

    const auto eval = ctl(folder, "one", {"run", "eval", "1", "--split", "test", "--route", "once"});
    EXPECT_GT(eval["perplexity"], 1.0);
    EXPECT_GT(eval["tokens"], 0);
    const auto exported = ctl(folder, "one", {"export", "path", "1", "3", "--out", (folder / "out").string()});
    const auto model = Safetensors::open(folder / "out/model.safetensors");
    ASSERT_TRUE(model) << exported.dump();
    EXPECT_GT(model->tensors().size(), 4U);
    EXPECT_TRUE(std::filesystem::exists(folder / "out/config.json"));
    EXPECT_TRUE(std::filesystem::exists(folder / "out/tokenizer.model"));
    EXPECT_FALSE(read_connection(folder / std::string("one"))) << "the private engine must be gone";
}
#endif

}  // namespace
}  // namespace pathloom::test
