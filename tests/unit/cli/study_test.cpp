// SPDX-License-Identifier: GPL-3.0-or-later
// Studies: the file, the settings it makes, the tables.
#include "engine/cli/study_kept.h"
#include "engine/cli/study_results.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"
#include "engine/model/presets.h"
#include "engine/model/spec.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace pathloom {
namespace {

const char* const tiny
    = R"({"title":"t","preset":"sample-4x4","base":"a","steps":100,"tau":10,"warm_part":0.2,"set":["data.batch=4"],
  "rows":[{"name":"a","expected":"1","set":["outer.optimizer=none"]},
          {"name":"b","tau":20,"compute":3,"reshards":2,"quick":true},
          {"name":"b-64","of":"b","route":"64"},
          {"name":"pupil","teacher":"b"}],
  "checks":[{"say":"b below a","below":["b","a"]},{"say":"same bytes","wire":["a","b"]}]})";

Study must(Result<Study> study)
{
    EXPECT_TRUE(study) << study.error().message;
    return study.value_or(Study());
}
std::string complaint(const std::string& json)
{
    const auto study = parse_study(json);
    return study ? "" : study.error().message;
}
bool has(const std::vector<std::string>& list, const std::string& one)
{
    return std::ranges::find(list, one) != list.end();
}

TEST(Study, ReadsItsFile)
{
    const Study study = must(parse_study(tiny));
    ASSERT_EQ(study.rows.size(), 4U);
    EXPECT_EQ(study.rows[0].title, "a");
    EXPECT_EQ(study.rows[1].tau, 20);
    EXPECT_EQ(study.rows[1].compute, 3);
    EXPECT_TRUE(study.rows[1].quick);
    EXPECT_EQ(study.rows[2].of, "b");
    EXPECT_EQ(study.checks.size(), 2U);
}

TEST(Study, SaysWhatIsWrongAndWhere)
{
    const auto change = [](const std::string& from, const std::string& to) {
        std::string text = tiny;
        text.replace(text.find(from), from.size(), to);
        return complaint(text);
    };
    EXPECT_EQ(complaint("{"), "the study is not JSON");
    EXPECT_EQ(complaint("[]"), "the study: is not an object");
    EXPECT_EQ(change("\"compute\"", "\"computer\""), "the study's row 2: there is no key \"computer\"");
    EXPECT_EQ(change("\"tau\":20", "\"tau\":0"), "the study's row 2: 'tau' is not a whole number from 1 to 100000000");
    EXPECT_EQ(change("\"name\":\"a\"", "\"name\":\"a/b\""),
        "the study's row 1: 'name' must be a word of letters, digits, '-', '.' and '_'");
    EXPECT_EQ(change("\"name\":\"b\"", "\"name\":\"a\""), "the study has two rows named 'a'");
    EXPECT_EQ(change("\"of\":\"b\"", "\"of\":\"c\""), "the study's row 'b-64' is of 'c', which is no trained row before it");
    EXPECT_EQ(change("\"teacher\":\"b\"", "\"teacher\":\"z\""),
        "the study's row 'pupil' is taught by 'z', which is no trained row before it");
    EXPECT_EQ(change("\"base\":\"a\"", "\"base\":\"x\""), "the study's base 'x' is none of its trained rows");
    EXPECT_EQ(change("\"wire\":[\"a\",\"b\"]", "\"wire\":[\"a\",\"z\"]"),
        "the study's check 'same bytes' names a row 'z', which is not there");
    EXPECT_EQ(change("\"wire\":[\"a\",\"b\"]", "\"near\":[\"a\",\"z\"]"),
        "the study's check 'same bytes' names a row 'z', which is not there");
    EXPECT_EQ(change("\"wire\":[\"a\",\"b\"]", "\"near\":[\"a\"]"),
        "the study's check 2: 'below', 'near' or 'wire' must name two rows or more");
}

TEST(Study, ScalesSoThatAllRowsTrainEquallyLong)
{
    const Study study = must(parse_study(tiny));
    EXPECT_EQ(scale_study(study, 100).value(), (StudyScale{20, 80}));
    EXPECT_EQ(scale_study(study, 110).value(), (StudyScale{30, 80}));  // 88 to the next multiple of 20
    EXPECT_EQ(scale_study(study, 12).value(), (StudyScale{2, 10}));  // too short for tau 20: the study's own
    EXPECT_NE(scale_study(study, 9).error().message.find("use --steps 13 or more"), std::string::npos);
}

TEST(Study, MakesTheSettingsOfARun)
{
    const Study study = must(parse_study(tiny));
    const auto a = settings_of(study, study.rows[0], {20, 80}, 7, "my \"corpus\"").value();
    EXPECT_EQ(a[0], "data.batch=4");
    EXPECT_EQ(a[1], "outer.optimizer=none");
    EXPECT_TRUE(has(a, "seed=7"));
    EXPECT_TRUE(has(a, "data.corpus=\"my \\\"corpus\\\"\""));
    EXPECT_TRUE(has(a, "training.warm_start_steps=20"));
    EXPECT_TRUE(has(a, "training.phases=8"));
    const auto b = settings_of(study, study.rows[1], {20, 80}, 7, "c").value();
    EXPECT_TRUE(has(b, "training.phases=12"));
    EXPECT_TRUE(has(b, "routing.reshard=[3,6]"));
    EXPECT_NE(
        settings_of(study, study.rows[1], {2, 10}, 7, "c").error().message.find("which do not divide 10"), std::string::npos);
    EXPECT_FALSE(settings_of(study, study.rows[2], {20, 80}, 7, "c"));
    EXPECT_TRUE(has(settings_of(study, study.rows[3], {20, 80}, 7, "c", 12).value(), "distillation.teacher=12"));
}

TEST(Study, ChoosesRowsWithWhatTheyNeed)
{
    const Study study = must(parse_study(tiny));
    const auto rows = choose_rows(study, {"b-64"}).value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].name, "b");
    EXPECT_EQ(choose_rows(study, {}).value().size(), 4U);
    EXPECT_EQ(choose_rows(study, {"pupil"}).value().size(), 2U);
    EXPECT_EQ(choose_rows(study, {"b-63"}).error().message, "the study has no row 'b-63'; the nearest is 'b-64'");
}

TEST(Study, ReadsSeeds)
{
    EXPECT_EQ(parse_seeds("1-3,7,2").value(), (std::vector<std::uint64_t>{1, 2, 3, 7}));
    for (const char* wrong : {"", "3-1", "a", "1-", "1,", "1;2", "0-5000", "-1", "1-99999999999999999999"})
        EXPECT_FALSE(parse_seeds(wrong)) << wrong;
}

/// A file somebody has cut, or changed by accident, is refused or read; never anything else.
TEST(Study, MutatedFilesAreReadOrRefused)
{
    std::mt19937 random(11);
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string text = tiny;
        for (unsigned i = 0; i <= random() % 3; ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 3) {
            case 0:
                text[at] = char(random());
                break;
            case 1:
                text.erase(at, random() % 8);
                break;
            default:
                text.insert(at, text.substr(random() % text.size(), random() % 8));
            }
            if (text.empty()) text = "x";
        }
        const auto study = parse_study(text);
        const auto eval = parse_eval(text);
        if (!study) {
            ++refused;
            EXPECT_FALSE(study.error().message.empty());
            EXPECT_EQ(study.error().message.find('\n'), std::string::npos);
        } else {
            for (const StudyRow& row : study->rows) {
                const auto scale = scale_study(*study, 100);
                if (!scale || !row.of.empty()) continue;
                EXPECT_TRUE(settings_of(*study, row, *scale, 1, "c") || row.tau > 0 || row.reshards > 0);
            }
        }
        if (!eval) {
            EXPECT_FALSE(eval.error().message.empty());
        }
    }
    EXPECT_GT(refused, 1000);
}

/// The study that comes with the program: every row is a spec the engine takes, at its own length and at a short one.
TEST(Study, TheLadderMakesValidRuns)
{
    const auto text = read_file(resource_path("study").value() / "ladder.json");
    const Study study = must(parse_study(text.value()));
    const std::string preset = load_preset(study.preset).value().spec_json;
    const StudyScale scale = scale_study(study, study.steps).value();
    EXPECT_NEAR(double(scale.warm) / study.steps, study.warm_part, 0.005);
    for (const StudyRow& row : study.rows) {
        if (!row.of.empty()) continue;
        const auto settings = settings_of(study, row, scale, 1, "sample", 1);
        ASSERT_TRUE(settings) << settings.error().message;
        const auto spec = parse_run_spec(preset, *settings);
        ASSERT_TRUE(spec) << row.name << ": " << spec.error().message;
        EXPECT_EQ(std::int64_t(spec->training.phases) * spec->training.tau, std::int64_t(scale.main) * row.compute) << row.name;
    }
    for (const char* core :
        {"dense", "dense-outer", "diloco-16", "2x2", "4x4", "flat-16", "4x4-random", "4x4-product", "4x4-discriminative"})
        EXPECT_TRUE(std::ranges::any_of(study.rows, [&](const StudyRow& row) { return row.name == core && row.quick; })) << core;
}

StudyResults results()
{
    StudyResults out;
    out.study = must(parse_study(tiny));
    out.scale = {20, 80};
    out.corpus = "c";
    const auto cell = [](std::uint64_t seed, std::int64_t run, double perplexity) {
        StudyCell one{seed, run, {}};
        one.eval.perplexity = perplexity;
        return one;
    };
    out.rows = {{out.study.rows[0], {cell(1, 1, 100), cell(2, 3, 110)}}, {out.study.rows[1], {cell(1, 2, 90), cell(2, 4, 88)}},
        {out.study.rows[2], {}}};
    for (const std::int64_t id : {1, 2, 3, 4}) {
        RunRecord& run = out.runs[fmt::format("{}/{}", id % 2 == 1 ? "a" : "b", (id + 1) / 2)];
        run.id = id;
        run.name = fmt::format("{}/{}", id % 2 == 1 ? "a" : "b", (id + 1) / 2);
        run.paths = id % 2 == 1 ? 1 : 4;
        run.phases = 2;
        run.train_tasks = 2 * run.paths;
        run.train_task_bytes = std::uint64_t(run.train_tasks) * (id % 2 == 1 ? 1000 : 1015);
        run.valid[2] = {30, 10};
    }
    return out;
}

TEST(Study, RatiosAreSeedBySeed)
{
    const StudyResults found = results();
    const auto by_seed = ratios(found, found.rows[1]);
    ASSERT_EQ(by_seed.size(), 2U);
    EXPECT_DOUBLE_EQ(by_seed[0].second, 0.9);
    EXPECT_DOUBLE_EQ(by_seed[1].second, 0.8);
    const MeanSd mean = perplexity(found.rows[0]);
    EXPECT_DOUBLE_EQ(mean.mean, 105);
    EXPECT_NEAR(mean.sd, 7.0711, 1e-4);
}

TEST(Study, AnswersItsChecks)
{
    StudyResults found = results();
    EXPECT_EQ(answer(found, found.study.checks[0]), "yes (seeds 1, 2)");
    EXPECT_EQ(answer(found, found.study.checks[1]), "yes");  // 1.5% apart
    found.runs["b/1"].train_task_bytes = 8 * 1030;
    EXPECT_EQ(answer(found, found.study.checks[1]), "no: b sends 1030 bytes a path and phase, a 1000");
    found.rows[1].cells[1].eval.perplexity = 111;
    EXPECT_EQ(answer(found, found.study.checks[0]), "no in 1 of 2 seeds: seed 2, b 111.000, a 110.000");
    found.rows[1].cells.pop_back();
    EXPECT_EQ(answer(found, found.study.checks[0]), "yes (seed 1)") << "the other seed has not been asked";
    found.rows[1].cells.clear();
    EXPECT_EQ(answer(found, found.study.checks[0]), "not all rows are done");
}

TEST(Study, ARunThatDivergedIsAResult)
{
    StudyResults found = results();
    StudyCell& lost = found.rows[0].cells[1];
    lost.lost = "training diverged at step 482";
    EXPECT_EQ(answer(found, found.study.checks[0]), "yes (seeds 1, 2)") << "nothing is worse than a lost run";
    EXPECT_EQ(perplexity(found.rows[0]).n, 1U);
    EXPECT_EQ(ratios(found, found.rows[1]).size(), 1U) << "there is nothing to compare with in the other seed";
    const std::string text = to_markdown(found);
    EXPECT_NE(text.find("| 1: 1, 2: 3 (lost) |"), std::string::npos) << text;
    EXPECT_NE(text.find("- a/2 (run 3): training diverged at step 482\n"), std::string::npos) << text;

    found.corpus = "two";
    const auto kept = parse_kept(to_json(found).dump(), "two", 0);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(kept->cells.at({"a", 2}).lost, lost.lost);
    EXPECT_EQ(kept->cells.at({"a", 2}).run, 3);
    EXPECT_EQ(kept->cells.at({"a", 1}).lost, "");

    StudyResults worse = results();
    worse.rows[1].cells[0].lost = "diverged";
    EXPECT_EQ(answer(worse, worse.study.checks[0]), "no in 1 of 2 seeds: seed 1, b lost, a 100.000");
}

TEST(Study, TablesNameEveryRun)
{
    const StudyResults found = results();
    const std::string text = to_markdown(found);
    EXPECT_NE(text.find("| b (`b`) | 4 |"), std::string::npos) << text;
    EXPECT_NE(text.find("| 89.00 ± 1.41 | 0.850 ± 0.071 | 0.900 / 0.800 | - | 1: 2, 2: 4 |"), std::string::npos) << text;
    EXPECT_NE(text.find("not done"), std::string::npos);
    const auto json = to_json(found);
    EXPECT_EQ(json["rows"][1]["cells"][1]["ratio"], 0.8);
    EXPECT_EQ(json["runs"].size(), 4U);
    EXPECT_EQ(json["checks"][0]["answer"], "yes (seeds 1, 2)");
}

TEST(Study, WhatItHasWrittenIsReadAgain)
{
    StudyResults found = results();
    found.corpus = "two";
    found.corpus_tokens = 1234;
    RunRecord& run = found.runs["b/1"];
    run.spec = {{"seed", 1}};
    run.domains = {"code", "prose"};
    run.shards = {{0, 7, {3, 4}}, {1, 5, {5, 0}}};
    run.train[3] = {4.5, 2};
    run.evals[{"test", "once"}] = {90, 4.5, 100, {{"code", 80.0}}, {3, 4}};
    const std::string text = to_json(found).dump();

    const auto kept = parse_kept(text, "two", 1234);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(kept->cells.size(), 4U);
    EXPECT_EQ(kept->cells.at({"b", 2}).run, 4);
    EXPECT_EQ(kept->cells.at({"b", 2}).eval, found.rows[1].cells[1].eval);
    const RunRecord& again = kept->runs.at("b/1");
    EXPECT_TRUE(again.kept);
    EXPECT_EQ(again.domains, run.domains);
    EXPECT_EQ(again.shards, run.shards);
    EXPECT_EQ(again.train, run.train);
    EXPECT_EQ(again.valid, run.valid);
    EXPECT_EQ(again.evals, run.evals);
    EXPECT_EQ(again.spec, run.spec);
    EXPECT_EQ(module_bytes_a_phase(again), module_bytes_a_phase(run));

    EXPECT_TRUE(parse_kept(text, "two", 1235).value().cells.empty()) << "another corpus";
    EXPECT_EQ(parse_kept("{", "two", 1234).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(parse_kept(R"({"corpus":{"name":"two","tokens":1234},"rows":[],"runs":[{"run":1}]})", "two", 1234).error().code,
        ErrorCode::Corrupt);
}

TEST(Study, RunsThatOthersNeedAreMadeHere)
{
    const auto row = [](const char* name, const char* of, const char* teacher) {
        StudyRow out;
        out.name = name;
        out.of = of;
        out.teacher = teacher;
        return out;
    };
    const std::vector<StudyRow> rows{row("a", "", ""), row("b", "", ""), row("b-16", "b", ""), row("student", "", "a")};
    const std::set<CellKey> kept{{"a", 1}, {"b", 1}, {"b-16", 1}, {"a", 2}, {"b", 2}, {"c", 2}};
    EXPECT_EQ(cells_to_keep(kept, {}, {1, 2}), kept);
    EXPECT_EQ(cells_to_keep(kept, {rows[0], rows[1]}, {1, 2}), kept);
    const std::set<CellKey> student{{"b", 1}, {"b-16", 1}, {"a", 2}, {"b", 2}, {"c", 2}};
    EXPECT_EQ(cells_to_keep(kept, rows, {1}), student) << "the student's teacher";
    const std::set<CellKey> both{{"a", 1}, {"b", 1}, {"b-16", 1}, {"c", 2}};
    EXPECT_EQ(cells_to_keep(kept, rows, {2}), both) << "the teacher, and the run that is to be evaluated";
}

}  // namespace
}  // namespace pathloom
