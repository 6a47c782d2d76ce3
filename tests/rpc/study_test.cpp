// SPDX-License-Identifier: GPL-3.0-or-later
// A small study from corpus to page, called again, and called with what it cannot do; and the report of its runs.
#include "tests/rpc/live_engine.h"

#include "engine/core/files.h"

#include <nlohmann/json.hpp>

namespace pathloom::test {
namespace {

#if defined(HAVE_PATHLOOM_WORKER) && defined(HAVE_PATHLOOM_ENGINE) && defined(HAVE_PATHLOOMCTL)

const char* const study = R"({"title":"A small <study>","preset":"sample-2x2","base":"dense","steps":24,"tau":4,"warm_part":0.3,
  "set":["model.vocabulary=300","model.d_model=32","model.heads=2","model.head_dim=16","model.blocks=[\"full\",\"full\"]",
         "routing.prefix=8","data.sequence=64","data.batch=2","evaluation.valid_sequences=8","evaluation.test_sequences=16"],
  "rows":[
    {"name":"dense","set":["topology.levels=[{\"modules\":1,\"blocks\":[0,1]}]","routing.router=none","outer.optimizer=none"]},
    {"name":"2x2","quick":true,"set":["topology.levels=[{\"modules\":2,\"blocks\":[0]},{\"modules\":2,\"blocks\":[1]}]"]},
    {"name":"2x2-h8","tau":8,"set":["topology.levels=[{\"modules\":2,\"blocks\":[0]},{\"modules\":2,\"blocks\":[1]}]"]},
    {"name":"2x2-every-16","of":"2x2","route":"16","set":[]},
    {"name":"student","teacher":"2x2","set":["topology.levels=[{\"modules\":1,\"blocks\":[0,1]}]","routing.router=none",
      "outer.optimizer=none"]}],
  "checks":[{"say":"2x2 below dense","below":["2x2","dense"]},{"say":"bytes a phase","wire":["2x2","2x2-h8"]}]})";

struct StudyRun : testing::Test {
    TempFolder folder;
    std::string project = (folder / "project").string();

    StudyRun()
    {
        write_two_domains(folder / "two.jsonl");
        must(write_file_atomic(folder / "study.json", std::string_view(study)));
        ctl_json(project, {"corpus", "import", (folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});
    }
    ProgramResult ladder(std::vector<std::string> more)
    {
        std::vector<std::string> all{"bench", "ladder", "--json", "--project", project, "--study",
            (folder / "study.json").string(), "--corpus", (folder / "two.jsonl").string(), "--out", (folder / "out").string()};
        all.insert(all.end(), more.begin(), more.end());
        return run_program("pathloomctl", all);
    }
    nlohmann::json must_ladder(std::vector<std::string> more)
    {
        const auto result = ladder(std::move(more));
        EXPECT_EQ(result.code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }
};

TEST_F(StudyRun, TrainsWhatIsMissingAndSaysWhereEveryNumberIsFrom)
{
    const auto first = must_ladder({"--rows", "dense,2x2", "--seeds", "1"});
    ASSERT_EQ(first["rows"].size(), 2U);
    EXPECT_EQ(first["steps"]["after"], 16);

    const auto all = must_ladder({"--seeds", "1,2"});
    ASSERT_EQ(all["rows"].size(), 5U);
    EXPECT_EQ(all["runs"].size(), 8U);  // four trained rows in two seeds; the evaluated row has no run of its own
    for (const auto& row : all["rows"]) {
        EXPECT_EQ(row["cells"].size(), 2U) << row.dump();
        for (const auto& cell : row["cells"]) EXPECT_GT(cell["perplexity"].get<double>(), 1.0);
    }
    EXPECT_EQ(all["rows"][0]["cells"][0], first["rows"][0]["cells"][0]) << "a finished run is not trained again";
    EXPECT_EQ(all["rows"][3]["cells"][0]["run"], all["rows"][1]["cells"][0]["run"]);
    EXPECT_EQ(all["rows"][0]["ratio"]["mean"], 1.0);
    EXPECT_EQ(all["checks"][1]["answer"], "yes") << all["checks"].dump();

    const std::string page = must(read_file(folder / "out" / "ladder.html"));
    EXPECT_NE(page.find("A small &lt;study&gt;"), std::string::npos);
    for (int run = 1; run <= 8; ++run) EXPECT_NE(page.find("id=\"run-" + std::to_string(run) + "\""), std::string::npos) << run;
    EXPECT_NE(must(read_file(folder / "out" / "ladder.md")).find("| 2x2 (`2x2`) | 4 |"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(must(read_file(folder / "out" / "ladder.json"))), all);

    // The student: the same bits again, and a teacher that does not fit is refused before anything is written.
    const auto student = all["rows"][4]["cells"][0]["run"].get<int>();
    const auto again = ctl_json(project, {"run", "clone", std::to_string(student), "--workers", "1", "--wait"});
    EXPECT_EQ(ctl_json(project, {"run", "digest", std::to_string(again["run"].get<int>())})["sha256"],
        ctl_json(project, {"run", "digest", std::to_string(student)})["sha256"]);
    const auto refused = [&](const std::string& teacher, const std::string& other) {
        const auto result = run_program("pathloomctl",
            {"run", "clone", "1", "--project", project, "--set", "distillation.teacher=" + teacher, "--set", other});
        EXPECT_EQ(result.code, 2) << result.err;
        return result.err;
    };
    EXPECT_NE(refused("99", "seed=1").find("distillation.teacher is run 99, which is not there"), std::string::npos);
    EXPECT_NE(refused("2", "data.sequence=48").find("run 2 cannot teach this one: it has other sequences"), std::string::npos);

    const auto report = ctl_json(project, {"run", "report", "1", "2", "--out", (folder / "report").string()});
    EXPECT_EQ(report["files"].size(), 3U);
    const std::string csv = must(read_file(folder / "report" / "report-results.csv"));
    EXPECT_NE(csv.find(",1,dense/1,1,test,once,,"), std::string::npos) << csv;
    EXPECT_EQ(
        run_program("pathloomctl", {"run", "report", "99", "--out", (folder / "r").string(), "--project", project}).code, 1);
    EXPECT_EQ(
        run_program("pathloomctl", {"run", "report", "1", "--base", "x", "--out", (folder / "r").string(), "--project", project})
            .code,
        1);
}

TEST_F(StudyRun, GoesOnFromWhatAnotherProjectHasWritten)
{
    const auto first = must_ladder({"--rows", "dense,2x2,2x2-every-16", "--seeds", "1"});
    project = (folder / "elsewhere").string();
    ctl_json(project, {"corpus", "import", (folder / "two.jsonl").string(), "--name", "two", "--vocabulary", "300"});

    const auto more = must_ladder({"--rows", "2x2-h8,2x2-every-16", "--seeds", "1"});
    EXPECT_EQ(ctl_json(project, {"run", "list"})["runs"].size(), 1U) << "what is kept is not trained";
    ASSERT_EQ(more["rows"].size(), 4U);
    EXPECT_EQ(more["rows"][0], first["rows"][0]);
    EXPECT_EQ(more["rows"][1], first["rows"][1]);
    EXPECT_EQ(more["rows"][3], first["rows"][2]);
    EXPECT_EQ(more["checks"][1]["answer"], "yes") << more["checks"].dump();
    const std::string page = must(read_file(folder / "out" / "ladder.html"));
    EXPECT_NE(page.find("in a project of its own; its numbers were kept"), std::string::npos);

    const auto student = must_ladder({"--rows", "student", "--seeds", "1"});  // whose teacher must be here
    EXPECT_EQ(ctl_json(project, {"run", "list"})["runs"].size(), 3U);
    EXPECT_EQ(student["rows"].size(), 5U);

    const auto fresh = must_ladder({"--rows", "2x2-h8", "--seeds", "1", "--fresh"});
    EXPECT_EQ(fresh["rows"].size(), 1U);
    must(write_file_atomic(folder / "out" / "ladder.json", std::string_view("{}")));
    EXPECT_NE(ladder({"--rows", "dense", "--seeds", "1"}).err.find("ladder.json of an earlier call"), std::string::npos);
}

TEST_F(StudyRun, RefusesWhatItCannotDoBeforeItTrains)
{
    must_ladder({"--rows", "dense", "--seeds", "1"});
    const auto other = ladder({"--rows", "2x2,dense", "--steps", "48", "--seeds", "1"});
    EXPECT_EQ(other.code, 2);
    EXPECT_NE(other.err.find("run 1 is called 'dense/1' but has training."), std::string::npos) << other.err;
    EXPECT_EQ(ctl_json(project, {"run", "list"})["runs"].size(), 1U);
    const auto unknown = ladder({"--rows", "3x3"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_NE(unknown.err.find("the study has no row '3x3'; the nearest is '2x2'"), std::string::npos) << unknown.err;
    EXPECT_EQ(ladder({"--seeds", "x"}).code, 2);
    const auto nothing = must_ladder({"--gather", "--seeds", "1,2", "--rows", "dense"});
    EXPECT_EQ(nothing["rows"][0]["cells"].size(), 1U) << "seed 2 is not there and is not trained";
}

#endif

}  // namespace
}  // namespace pathloom::test
