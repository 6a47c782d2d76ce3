// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that route their sequences anew on the way: the same bits for any number of workers and whatever dies.
#include "tests/rpc/quiet_run.h"

#include <nlohmann/json.hpp>

#include <signal.h>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

const char* const reshard_spec = R"({"name":"reshard","seed":5,
  "model":{"vocabulary":300,"d_model":32,"heads":2,"head_dim":16,"blocks":["full","full"]},
  "topology":{"levels":[{"modules":2,"blocks":[0]},{"modules":2,"blocks":[1]}]},
  "routing":{"router":"discriminative","start":"product-kmeans","reshard":[1,3],"router_data":0.1,"overlap":2,"prefix":8},
  "data":{"corpus":"two","sequence":64,"batch":2},
  "training":{"warm_start_steps":10,"phases":5,"tau":8,"warmup_steps":5,"paths_per_phase":3,"early_stopping":0.1},
  "evaluation":{"valid_sequences":8,"every":1,"test_sequences":16}})";

struct Reshard : QuietRun<Reshard> {
    static constexpr const char* const& spec = reshard_spec;
};

TEST_F(Reshard, TwoAndFourWorkersGiveTheSameBits)
{
    EXPECT_EQ(quiet_digest("two-workers", 2), s_quiet_digest);
    EXPECT_EQ(quiet_digest("four-workers", 4), s_quiet_digest);
}

TEST_F(Reshard, ARunReportsEveryRoutingAndNoShardIsEmpty)
{
    LiveEngine engine(project("quiet"), 0);
    std::vector<v1::ShardsAssigned> routings;
    ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
        if (event.has_shards()) routings.push_back(event.shards());
        return is_done(event);
    }));
    ASSERT_EQ(routings.size(), 3U);
    EXPECT_EQ(routings[0].router(), "product-kmeans");
    for (std::size_t i = 0; i < routings.size(); ++i) {
        EXPECT_EQ(routings[i].routing(), int(i));
        std::int64_t sequences = 0;
        for (const auto& shard : routings[i].shards()) {
            EXPECT_GT(shard.sequences(), 0);
            sequences += shard.sequences();
        }
        if (i == 0) continue;
        EXPECT_EQ(routings[i].router(), "discriminative");
        std::int64_t flow = 0;
        for (const auto& one : routings[i].flow()) flow += one.sequences();
        EXPECT_EQ(2 * flow, sequences) << "overlap 2: each training sequence is in two shards";
    }
    EXPECT_EQ(routings[1].phase(), 1);
    EXPECT_EQ(routings[2].phase(), 3);
    engine.stop();
}

TEST_F(Reshard, KilledWorkersAndAKilledEngineLeaveTheSameBits)
{
    import("killed");
    std::int64_t next = 1;
    {
        LiveEngine engine(project("killed"), 2);
        start("killed");
        std::int64_t worker = 0;
        ASSERT_TRUE(engine.follow([&](const v1::Event& event) {
            const bool scoring
                = event.has_task_leased() && event.task_leased().task().find("/discriminate/") != std::string::npos;
            if (scoring) worker = event.task_leased().worker();
            return scoring;
        }));
        ::kill(engine.pid_of(worker), SIGKILL);
        ASSERT_TRUE(engine.follow([](const v1::Event& event) {
            return event.has_task_committed() && event.task_committed().stage() == "discriminate";
        }));
        engine.kill();  // between the scores of a re-sharding
        next = engine.next();
    }
    LiveEngine engine(project("killed"), 2);
    engine.start_at(next, {});
    ASSERT_TRUE(engine.follow([](const v1::Event& event) { return event.has_shards() && event.shards().routing() == 1; }));
    engine.kill();  // just after one
    next = engine.next();
    LiveEngine last(project("killed"), 1);
    last.start_at(next, {});
    ASSERT_TRUE(last.follow(is_done));
    EXPECT_EQ(digest("killed"), s_quiet_digest);
    last.stop();
}

TEST_F(Reshard, ReroutingScoresTheSameTokensAndTheOracleBoundsIt)
{
    LiveEngine engine(project("quiet"), 2);
    for (const char* split : {"valid", "test"}) {
        std::map<std::string, nlohmann::json> eval;
        for (const char* route : {"once", "48", "32", "16", "16-token", "32-token", "oracle-0", "oracle-32", "oracle"})
            eval[route] = ctl("quiet", {"run", "eval", "1", "--split", split, "--route", route});
        const auto nll = [&](const char* route) { return eval[route]["nll"].get<double>(); };
        for (const auto& [route, document] : eval) {
            EXPECT_EQ(document["tokens"], eval["once"]["tokens"]) << route << ": the prefix is excluded for all alike";
            EXPECT_EQ(document["sequences"], eval["once"]["sequences"]) << route;
            EXPECT_EQ(document["route"], route);
            EXPECT_EQ(document["split"], split);
        }
        EXPECT_LE(nll("oracle-0"), nll("once") + 1e-6);
        EXPECT_LE(nll("oracle-32"), nll("32") + 1e-6);
        EXPECT_LE(nll("oracle-32"), nll("32-token") + 1e-6);
        EXPECT_LE(nll("oracle-32"), nll("oracle-0") + 1e-6);
        EXPECT_LE(nll("oracle"), nll("oracle-32") + 1e-6);
        EXPECT_LE(nll("oracle"), nll("16") + 1e-6);
        EXPECT_LE(nll("oracle"), nll("16-token") + 1e-6);
        EXPECT_EQ(ctl("quiet", {"run", "eval", "1", "--split", split, "--route", "16", "--router", "token"}), eval["16-token"]);
        EXPECT_EQ(eval["16"]["window"], 16);
        EXPECT_GE(eval["16"]["switches"], 0.0);
        EXPECT_GT(eval["16"]["chunks"], eval["32"]["chunks"]);
        EXPECT_EQ(ctl("quiet", {"run", "eval", "1", "--split", split, "--route", "16"}), eval["16"]) << "it is kept";
    }
    const auto refused
        = run_program("pathloomctl", {"run", "eval", "1", "--route", "17", "--project", project("quiet").string()});
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("multiple of 16"), std::string::npos) << refused.err;
    const auto once
        = run_program("pathloomctl", {"run", "eval", "1", "--router", "token", "--project", project("quiet").string()});
    EXPECT_EQ(once.code, 2);
    EXPECT_NE(once.err.find("--route 64"), std::string::npos) << once.err;
    engine.stop();
}

TEST_F(Reshard, EarlyStoppingNamesTheVersionItKept)
{
    const auto eval = ctl("quiet", {"run", "eval", "1", "--split", "test"});
    for (const auto& path : eval["paths"]) {
        EXPECT_GE(path["version"], 4) << "only versions trained on the last shards compete";
        EXPECT_LE(path["version"], 5);
        const auto out = *s_folder / ("path" + path["path"].dump());
        ctl("quiet", {"export", "path", "1", path["path"].dump(), "--out", out.string()});
        const auto config = nlohmann::json::parse(must(read_file(out / "config.json")));
        for (const auto& module : config["modules"]) EXPECT_EQ(module["version"], path["version"]);
    }
}

TEST_F(Reshard, TheExplorerTellsWhoGotWhat)
{
    const auto view = ctl("quiet", {"run", "routing", "1", "--points", "50"});
    EXPECT_EQ(view["router"], "discriminative");
    EXPECT_EQ(view["routing"], 2);
    EXPECT_EQ(view["points"].size(), 50U);
    ASSERT_EQ(view["confusion"].size(), 4U);
    std::int64_t sequences = 0, listed = 0;
    for (const auto& row : view["confusion"]) {
        ASSERT_EQ(row["by_domain"].size(), 2U);
        for (const auto& count : row["by_domain"]) sequences += count.get<std::int64_t>();
        const auto documents = ctl("quiet", {"run", "documents", "1", row["path"].dump(), "--limit", "1000"});
        EXPECT_EQ(documents["total"], documents["documents"].size());
        std::int64_t before = 1 << 30;
        for (const auto& document : documents["documents"]) {
            listed += document["sequences"].get<std::int64_t>();
            EXPECT_LE(document["sequences"], before);
            EXPECT_LE(document["sequences"], document["of"]);
            before = document["sequences"];
            EXPECT_FALSE(document["document"]["opening"].get<std::string>().empty());
        }
    }
    EXPECT_GT(sequences, 0);
    EXPECT_EQ(listed, sequences) << "every sequence is on one path";

    // A text that is typed in goes where the same text in the corpus went.
    int compared = 0, agreed = 0;
    for (const auto& row : view["confusion"]) {
        const auto documents = ctl("quiet", {"run", "documents", "1", row["path"].dump(), "--limit", "3"});
        for (const auto& document : documents["documents"]) {
            if (document["sequences"] != document["of"]) continue;  // its beginning may have gone elsewhere
            const auto opening = document["document"]["opening"].get<std::string>();
            const auto route = ctl("quiet", {"run", "route", "1", opening});
            EXPECT_EQ(route["tokens"], 8);
            EXPECT_EQ(opening.rfind(route["read"].get<std::string>(), 0), 0U);
            ASSERT_EQ(route["cells"].size(), 4U);
            double sum = 0;
            for (const auto& cell : route["cells"]) sum += cell["probability"].get<double>();
            EXPECT_NEAR(sum, 1.0, 1e-9);
            ++compared;
            agreed += route["cells"][0]["path"] == row["path"] ? 1 : 0;
        }
    }
    EXPECT_GT(compared, 0);
    EXPECT_EQ(agreed, compared);
    const auto blank = run_program("pathloomctl", {"run", "route", "1", "  ", "--project", project("quiet").string()});
    EXPECT_EQ(blank.code, 2);
    const auto none = run_program("pathloomctl", {"run", "documents", "1", "9", "--project", project("quiet").string()});
    EXPECT_EQ(none.code, 2);
    EXPECT_NE(none.err.find("paths 0 to 3"), std::string::npos) << none.err;
}

TEST_F(Reshard, WhatCannotBeRoutedIsRefusedBeforeTraining)
{
    const auto refusal = [&](const std::string& set) {
        const auto result = run_program(
            "pathloomctl", {"run", "start", spec_file().string(), "--set", set, "--project", project("quiet").string()});
        EXPECT_NE(result.code, 0) << set;
        return result.err;
    };
    EXPECT_NE(refusal("routing.overlap=9").find("4 cells"), std::string::npos);
    EXPECT_NE(refusal("routing.reshard=[9]").find("routing.reshard names outer step 9"), std::string::npos);
    EXPECT_NE(refusal("routing.router_data=0.0001").find("it needs 10 or more"), std::string::npos);
}

#endif

}  // namespace
}  // namespace pathloom::test
