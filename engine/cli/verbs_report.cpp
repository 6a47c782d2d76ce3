// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl run report.
#include "engine/cli/report_files.h"
#include "engine/cli/shell.h"

#include <fmt/format.h>

#include <algorithm>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

Result<void> report(Shell& shell, std::vector<std::int64_t> ids, const std::string& out, const std::string& base)
{
    std::vector<std::int64_t> once;
    for (const auto id : ids)
        if (std::ranges::find(once, id) == once.end()) once.push_back(id);
    PATHLOOM_TRY(const auto session, shell.connect(workers_for_scoring));
    for (const auto id : once) {
        v1::GetRunRequest get;
        get.set_id(id);
        PATHLOOM_TRY(const auto run, session->call(&Stub::GetRun, get));
        if (run.state() != v1::RUN_STATE_DONE) continue;  // the report says its state and what is known so far
        v1::EvalRunRequest eval;
        eval.set_id(id);
        eval.set_split("test");
        eval.set_route("once");
        PATHLOOM_CHECK(session->call(&Stub::EvalRun, eval));
    }
    PATHLOOM_TRY(auto records, fetch_records(*session, once));
    ReportData data;
    data.groups = group_runs(std::move(records));
    PATHLOOM_TRY(data.base, choose_base(data.groups, base));
    data.title = fmt::format("Runs of {}", session->info().project());
    data.version = session->info().version();
    data.machine = fmt::format("{} cores, {}", session->info().cores(), session->info().isa());
    PATHLOOM_TRY(const auto files, write_report(std::move(data), out, "report"));
    nlohmann::json list = nlohmann::json::array();
    std::string text;
    for (const auto& file : files) {
        list.push_back(file.string());
        text += file.string() + "\n";
    }
    shell.print({{"runs", once}, {"files", list}}, text);
    return {};
}

}  // namespace

void add_report_verb(Shell& shell, CLI::App& run)
{
    auto ids = std::make_shared<std::vector<std::int64_t>>();
    auto out = std::make_shared<std::string>();
    auto base = std::make_shared<std::string>();
    auto* verb = run.add_subcommand("report", "Tables and figures of runs as one HTML page, and as CSV");
    verb->add_option("ID", *ids, "Run ids")->required();
    verb->add_option("--out", *out, "Folder for report.html, report-results.csv and report-curves.csv")->required();
    verb->add_option("--base", *base, "Name of the run that ratios are to (default: dense, else the first)");
    on_parsed(verb, shell, [&shell, ids, out, base] { return report(shell, *ids, *out, *base); });
}

}  // namespace pathloom
