// SPDX-License-Identifier: GPL-3.0-or-later
// Reports: grouping, escaping, figures, and one whole page kept as it should be.
#include "engine/cli/report_data.h"
#include "engine/cli/report_svg.h"
#include "engine/core/files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace pathloom {
namespace {

RunRecord run(std::int64_t id, const std::string& name, std::uint64_t seed, double perplexity)
{
    RunRecord out;
    out.id = id;
    out.name = name;
    out.state = "done";
    out.seed = seed;
    out.spec = {{"name", name}, {"seed", seed}, {"training", {{"tau", 10}}}};
    out.paths = 2;
    out.phases = 3;
    out.tau = 10;
    out.total_parameters = 1234567;
    out.bytes_down = 5'000'000;
    out.goodput = 0.975;
    out.tokens = 4096;
    out.router = "kmeans";
    out.shards = {{0, 30, {30}}, {1, 10, {10}}};
    out.train = {{0, {6.0, 1}}, {1, {5.5, 1}}, {2, {5.0, 1}}};
    out.valid = {{1, {50, 10}}, {3, {40, 10}}};
    out.evals[{"test", "once"}] = {perplexity, 4.0, 1000, {{"c", perplexity + 1}, {"<b>", perplexity - 1}}, {3, 5}};
    return out;
}

ReportData data()
{
    ReportData out;
    out.title = "Runs of <script>";
    out.version = "1.2.3";
    out.machine = "2 cores, avx2";
    auto routed = run(4, "2x2/1", 1, 80);
    routed.evals[{"test", "64"}] = {70, 4.2, 1000, {}, {}};
    out.groups = group_runs({run(2, "dense/1", 1, 100), routed, run(3, "dense/2", 2, 120)});
    out.base = choose_base(out.groups, "").value();
    out.light = out.dark = {{{"surface", "#FFFFFF"}}, {"#000001", "#000002"}};
    return out;
}

TEST(Report, RunsThatDifferByTheirSeedAreOneGroup)
{
    auto other = run(5, "dense/3", 3, 90);
    other.spec["training"]["tau"] = 20;
    const auto groups = group_runs({run(3, "dense/2", 2, 120), run(2, "dense/1", 1, 100), other, run(6, "dense/1", 1, 100)});
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[0].label, "dense (run 2)");  // another group has the name
    ASSERT_EQ(groups[0].runs.size(), 2U);
    EXPECT_EQ(groups[0].runs[0].seed, 1U);
    EXPECT_EQ(groups[1].label, "dense (run 5)");
    EXPECT_EQ(groups[2].runs[0].id, 6);  // the same seed twice is no spread
}

TEST(Report, TheBaseIsTheOneAskedForOrDense)
{
    const ReportData page = data();
    EXPECT_EQ(page.base, "dense");
    EXPECT_EQ(choose_base(page.groups, "2x2").value(), "2x2");
    EXPECT_EQ(choose_base(page.groups, "x").error().message, "no run of the report is called 'x'; there are: dense, 2x2");
    EXPECT_EQ(choose_base({page.groups[1]}, "").value(), "2x2");
}

TEST(Report, RatiosArePairedBySeedAndAgainstTheBaseRoutedOnce)
{
    const ReportData page = data();
    EXPECT_DOUBLE_EQ(ratio_to_base(page, page.groups[1], "test", "once")->mean, 0.8);
    EXPECT_DOUBLE_EQ(ratio_to_base(page, page.groups[1], "test", "64")->mean, 0.7);
    EXPECT_FALSE(ratio_to_base(page, page.groups[1], "valid", "once"));
    const auto keys = evaluations(page.groups[1]);
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].second, "once");
}

TEST(Report, NamesCannotBreakThePage)
{
    EXPECT_EQ(escape_html("a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&#39;c");
    EXPECT_EQ(escape_html("\x01"), "\xEF\xBF\xBD");
    EXPECT_EQ(escape_html("x\xFFy\xC3"), "x\xEF\xBF\xBDy\xEF\xBF\xBD");
    EXPECT_EQ(escape_html("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate is no character
    EXPECT_EQ(escape_html("Grüße \xF0\x9F\x99\x82\n"), "Grüße \xF0\x9F\x99\x82\n");
    const std::string page = report_html(data());
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("<b>"), std::string::npos);
}

TEST(Report, EveryNumbersLinkLeadsToASection)
{
    const std::string page = report_html(data());
    for (std::size_t at = page.find("href=\"#"); at != std::string::npos; at = page.find("href=\"#", at + 1)) {
        const std::string id = page.substr(at + 7, page.find('"', at + 7) - at - 7);
        EXPECT_NE(page.find("id=\"" + id + "\""), std::string::npos) << id;
    }
    EXPECT_NE(
        page.find("110.00 ± 14.14 <small>(<a href=\"#run-2\">100.00</a>, <a href=\"#run-3\">120.00</a>)"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos);  // nothing is fetched
    EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Report, TicksAreRoundAndInside)
{
    EXPECT_EQ(ticks(0, 10), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(ticks(-1, 1, 4), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
    EXPECT_TRUE(ticks(1, 1).empty());
    EXPECT_TRUE(ticks(0, std::numeric_limits<double>::quiet_NaN()).empty());
}

TEST(Report, ChartsLeaveOutWhatIsNoNumber)
{
    const double inf = std::numeric_limits<double>::infinity();
    const std::string svg = line_chart("t", "x", "y", {{"s", {{0, 1}, {1, inf}, {2, 3}}}});
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(line_chart("t", "x", "y", {{"s", {{0, inf}}}}), "");
    EXPECT_EQ(bar_chart("t", {}, 0), "");
    EXPECT_NE(line_chart("t", "x", "y", {{"s", {{1, 1}}}}).find("<polyline"), std::string::npos);  // one point has no extent
}

TEST(Report, SpreadsheetsGetPlainCells)
{
    ReportData page = data();
    page.groups[0].runs[0].name = "=1+1,\"x\"";
    const std::string csv = results_csv(page);
    EXPECT_NE(csv.find("dense,2,\"'=1+1,\"\"x\"\"\",1,test,once,,100\n"), std::string::npos) << csv;
    EXPECT_NE(curves_csv(page).find("2x2,4,2x2/1,1,valid,3,4\n"), std::string::npos);
}

TEST(Report, ThemesAreColours)
{
    EXPECT_EQ(parse_theme(R"({"surface":"#00ff00","categorical":["#010203"]})").value().tokens.size(), 1U);
    EXPECT_FALSE(parse_theme(R"({"surface":"#00ff00","categorical":["red;}"]})"));
    EXPECT_FALSE(parse_theme("[1"));
    EXPECT_FALSE(parse_theme("{}"));
}

/// The page of a fixed value, kept in the repository. UPDATE_GOLDEN=1 writes it anew.
TEST(Report, ThePageIsTheOneKept)
{
    const std::string file = std::string(CLI_TEST_DATA) + "/report.golden.html";
    const std::string page = report_html(data());
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        ASSERT_TRUE(write_file_atomic(file, page));
    }
    const auto kept = read_file(file);
    ASSERT_TRUE(kept) << kept.error().message;
    EXPECT_EQ(page, *kept);
}

TEST(Record, FoldsTheLog)
{
    RunRecord record;
    v1::Event planned;
    planned.mutable_run_planned()->set_tau(5);
    planned.mutable_run_planned()->set_phases(4);
    fold(record, planned);
    for (const double nll : {4.0, 2.0}) {
        v1::Event valid;
        valid.mutable_valid_point()->set_phase(1);
        valid.mutable_valid_point()->set_nll(nll);
        valid.mutable_valid_point()->set_tokens(nll == 4.0 ? 100 : 300);
        fold(record, valid);
    }
    EXPECT_DOUBLE_EQ(record.valid[1].mean(), 2.5);
    for (const int path : {0, 1}) {
        v1::Event train;
        train.mutable_train_points()->set_path(path);
        train.mutable_train_points()->set_step_begin(7);
        train.mutable_train_points()->add_losses(float(1 + path));
        train.mutable_train_points()->add_losses(float(3 + path));
        fold(record, train);
    }
    EXPECT_DOUBLE_EQ(record.train[8].mean(), 3.5);
    for (const std::int64_t worker : {1, 0}) {
        v1::Event done;
        done.mutable_task_committed()->set_stage("train");
        done.mutable_task_committed()->set_worker(worker);
        done.mutable_task_committed()->set_compute_seconds(2);
        done.mutable_task_committed()->set_tokens(10);
        fold(record, done);
    }
    EXPECT_DOUBLE_EQ(record.compute_seconds, 2);  // the reused one cost nothing
    EXPECT_EQ(record.tokens, 20);
    v1::Event eval;
    eval.mutable_eval_done()->set_split("test");
    eval.mutable_eval_done()->set_route("64");
    eval.mutable_eval_done()->set_result_json(R"({"perplexity":9.5,"domains":{"c":{"perplexity":null}},"histogram":[1,2]})");
    fold(record, eval);
    EXPECT_DOUBLE_EQ((record.evals[{"test", "64"}].perplexity), 9.5);
    EXPECT_FALSE(parse_eval("[]"));
}

}  // namespace
}  // namespace pathloom
