// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl bench ladder: the study of what each mechanism is worth.
#include "engine/cli/report_files.h"
#include "engine/cli/shell.h"
#include "engine/cli/study_driver.h"
#include "engine/cli/table.h"
#include "engine/core/files.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace pathloom {

namespace {

struct LadderOptions {
    std::string file;  ///< the study; empty = the one that comes with the program
    std::vector<std::string> rows;
    std::string seeds = "1";
    int steps = 0;
    int workers = 2;
    std::string corpus;
    std::string out = "docs/results";
    bool quick = false;
    bool list = false;
    bool gather = false;
    bool fresh = false;
};

Result<Study> load_study(const std::string& file)
{
    std::filesystem::path path = file;
    if (path.empty()) {
        PATHLOOM_TRY(path, resource_path("study"));
        path /= "ladder.json";
    }
    PATHLOOM_TRY(const std::string text, read_file(path));
    auto study = parse_study(text);
    if (!study) return fail(study.error().code, "{}: {}", path.string(), study.error().message);
    return study;
}

Result<void> keep_results(const StudyResults& results, const std::filesystem::path& folder)
{
    PATHLOOM_CHECK(make_folders(folder));
    PATHLOOM_CHECK(write_file_atomic(
        folder / "ladder.json", to_json(results).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
    PATHLOOM_CHECK(write_file_atomic(folder / "ladder.md", to_markdown(results)));
    std::vector<RunRecord> runs;
    for (const auto& row : results.rows)  // in the study's order
        for (const auto& cell : row.cells)
            if (const auto found = results.runs.find(run_name(row.row, cell.seed));
                row.row.of.empty() && cell.lost.empty() && found != results.runs.end())
                runs.push_back(found->second);
    if (runs.empty()) return {};
    ReportData report;
    report.groups = group_runs(std::move(runs));
    PATHLOOM_TRY(report.base, choose_base(report.groups, {}));
    report.title = results.study.title;
    report.version = results.version;
    report.machine = fmt::format("{} cores, {}", results.cores, results.isa);
    report.preface = fmt::format("Corpus '{}', {} tokens. {} warm-start steps, then {} steps a path.", results.corpus,
        human_count(results.corpus_tokens), results.scale.warm, results.scale.main);
    if (const auto lost = lost_runs(results); !lost.empty())
        report.preface += fmt::format(" Without a model ended {}.", fmt::join(lost, "; "));
    PATHLOOM_CHECK(write_report(std::move(report), folder, "ladder"));
    return {};
}

/// Empty when nothing was kept yet.
Result<std::string> kept_text(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return std::string();
    return read_file(file);
}

void list_rows(const Shell& shell, const Study& study, const std::vector<StudyRow>& rows)
{
    Table table({"ROW", "QUICK", "EXPECTED", "TITLE"});
    nlohmann::json json = nlohmann::json::array();
    for (const auto& row : rows) {
        table.add({row.name, row.quick ? "yes" : "", row.expected, row.title});
        json.push_back({{"name", row.name}, {"title", row.title}, {"quick", row.quick}, {"expected", row.expected},
            {"of", row.of}, {"route", row.route}, {"set", row.set}});
    }
    shell.print({{"study", study.title}, {"rows", json}}, table.text());
}

Result<void> ladder(Shell& shell, const LadderOptions& ladder)
{
    PATHLOOM_TRY(const Study study, load_study(ladder.file));
    StudyOptions options;
    auto names = ladder.rows;
    if (ladder.quick)
        for (const auto& row : study.rows)
            if (row.quick) names.push_back(row.name);
    PATHLOOM_TRY(options.rows, choose_rows(study, names));
    if (ladder.list) {
        list_rows(shell, study, options.rows);
        return {};
    }
    PATHLOOM_TRY(options.seeds, parse_seeds(ladder.seeds));
    options.steps = ladder.steps > 0 ? ladder.steps : study.steps;
    options.corpus_path = ladder.corpus;
    options.train = !ladder.gather;
    if (!ladder.fresh) {
        PATHLOOM_TRY(options.kept, kept_text(std::filesystem::path(ladder.out) / "ladder.json"));
    }
    options.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
    options.keep = [&](const StudyResults& results) { return keep_results(results, ladder.out); };
    if (shell.connection.project.empty() && shell.connection.engine.empty()) {
        shell.connection.project = "out/ladder";
        PATHLOOM_CHECK(make_folders(shell.connection.project));
    }
    PATHLOOM_TRY(const auto session, shell.connect(ladder.workers));
    PATHLOOM_TRY(const auto outcome, run_study(*session, study, options));
    shell.print(to_json(outcome.results), to_markdown(outcome.results));
    if (!outcome.failures.empty())
        return fail(
            ErrorCode::Failed, "{} of the study's runs failed, the first: {}", outcome.failures.size(), outcome.failures.front());
    return {};
}

}  // namespace

void add_study_verbs(CLI::App& benches, Shell& shell)
{
    auto options = std::make_shared<LadderOptions>();
    auto* verb = benches.add_subcommand(
        "ladder", "Train and compare the rows of a study; call it again to go on (project: out/ladder unless given)");
    verb->add_option("--rows", options->rows, "Rows by name, with commas between (default: all; see --list)")->delimiter(',');
    verb->add_flag("--quick", options->quick, "The rows marked quick");
    verb->add_option("--seeds", options->seeds, "Seeds, like 1-3 or 1,2");
    verb->add_option("--steps", options->steps, "Inner steps of a path, warm start included (default: the study's)")
        ->check(CLI::PositiveNumber);
    verb->add_option("--corpus", options->corpus, "File or folder to train on (default: the sample corpus)");
    verb->add_option("--workers", options->workers, "Local workers of the private engine")->check(CLI::Range(1, 1024));
    verb->add_option("--study", options->file, "Another study file");
    verb->add_option("--out", options->out, "Folder for ladder.json, ladder.md and ladder.html (default: docs/results)");
    verb->add_flag("--list", options->list, "Only name the rows");
    verb->add_flag("--gather", options->gather, "Train nothing: write down what is done");
    verb->add_flag("--fresh", options->fresh, "Leave out what ladder.json holds of other projects");
    on_parsed(verb, shell, [&shell, options] { return ladder(shell, *options); });
}

}  // namespace pathloom
