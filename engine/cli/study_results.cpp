// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of a study.
#include "engine/cli/study_results.h"

#include "engine/cli/run_record_json.h"
#include "engine/cli/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <ranges>

namespace pathloom {

namespace {

constexpr double wire_tolerance = 0.02;
constexpr double near_tolerance = 0.005;

const StudyRowResult* find_row(const StudyResults& results, const std::string& name)
{
    const auto found = std::ranges::find(results.rows, name, [](const StudyRowResult& row) { return row.row.name; });
    return found == results.rows.end() ? nullptr : &*found;
}

double rank_of(const StudyCell& cell)
{
    return cell.lost.empty() ? cell.eval.perplexity : std::numeric_limits<double>::infinity();
}

std::string rank_text(double rank)
{
    return std::isinf(rank) ? "lost" : fmt::format("{:.3f}", rank);
}

std::optional<double> rank_of(const StudyRowResult& row, std::uint64_t seed)
{
    const auto found = std::ranges::find(row.cells, seed, &StudyCell::seed);
    return found == row.cells.end() ? std::nullopt : std::optional(rank_of(*found));
}

const RunRecord* run_of(const StudyResults& results, const StudyRowResult& row)
{
    const auto cell = std::ranges::find_if(row.cells, [](const StudyCell& one) { return one.lost.empty(); });
    if (cell == row.cells.end()) return nullptr;
    const auto found = results.runs.find(run_name(row.row, cell->seed));
    return found == results.runs.end() ? nullptr : &found->second;
}

std::string spread(const MeanSd& value, int digits)
{
    if (value.n == 0) return "-";
    return value.n == 1 ? fmt::format("{:.{}f}", value.mean, digits)
                        : fmt::format("{:.{}f} ± {:.{}f}", value.mean, digits, value.sd, digits);
}

MeanSd mean_ratio(const StudyResults& results, const StudyRowResult& row)
{
    std::vector<double> values;
    for (const auto& [seed, ratio] : ratios(results, row)) values.push_back(ratio);
    return mean_sd(values);
}

nlohmann::json summary(const MeanSd& value)
{
    if (value.n == 0) return nullptr;
    return {{"mean", value.mean}, {"sd", value.sd}, {"n", value.n}};
}

nlohmann::json row_json(const StudyResults& results, const StudyRowResult& row)
{
    nlohmann::json out{{"name", row.row.name}, {"title", row.row.title}, {"route", row.row.route},
        {"perplexity", summary(perplexity(row))}, {"ratio", summary(mean_ratio(results, row))},
        {"cells", nlohmann::json::array()}};
    if (!row.row.of.empty()) out["of"] = row.row.of;
    if (!row.row.expected.empty()) out["paper"] = row.row.expected;
    const auto by_seed = ratios(results, row);
    for (const StudyCell& cell : row.cells) {
        nlohmann::json one = cell.lost.empty() ? eval_json(cell.eval) : nlohmann::json{{"lost", cell.lost}};
        one["seed"] = cell.seed;
        one["run"] = cell.run;
        const auto ratio = std::ranges::find(by_seed, cell.seed, &std::pair<std::uint64_t, double>::first);
        if (ratio != by_seed.end()) one["ratio"] = ratio->second;
        out["cells"].push_back(one);
    }
    return out;
}

nlohmann::json run_json(const RunRecord& run)
{
    auto out = record_json(run);
    out["module_bytes_a_path_and_phase"] = module_bytes_a_phase(run);
    return out;
}

std::string curves(const StudyResults& results, const StudyRowResult& row)
{
    const RunRecord* run = run_of(results, row);
    if (run == nullptr || run->valid.empty()) return {};
    std::string out = fmt::format("| {} |", row.row.name);
    constexpr int columns = 6;
    for (int i = 1; i <= columns; ++i) {
        const int wanted = run->phases * i / columns;
        auto at = run->valid.upper_bound(wanted);
        out += at == run->valid.begin() ? " - |" : fmt::format(" {:.3f} |", std::prev(at)->second.mean());
    }
    return out + "\n";
}

/// `low` is to have less than `allowed` times the perplexity of `high`.
struct Comparison {
    const StudyRowResult* low;
    const StudyRowResult* high;
    double allowed;
};

}  // namespace

std::string run_name(const StudyRow& row, std::uint64_t seed)
{
    return fmt::format("{}/{}", row.of.empty() ? row.name : row.of, seed);
}

MeanSd perplexity(const StudyRowResult& row)
{
    std::vector<double> values;
    for (const StudyCell& cell : row.cells)
        if (cell.lost.empty()) values.push_back(cell.eval.perplexity);
    return mean_sd(values);
}

std::vector<std::pair<std::uint64_t, double>> ratios(const StudyResults& results, const StudyRowResult& row)
{
    std::vector<std::pair<std::uint64_t, double>> out;
    const StudyRowResult* base = find_row(results, results.study.base);
    if (base == nullptr) return out;
    for (const StudyCell& cell : row.cells)
        if (const auto other = rank_of(*base, cell.seed); cell.lost.empty() && other && *other > 0 && std::isfinite(*other))
            out.emplace_back(cell.seed, cell.eval.perplexity / *other);
    return out;
}

std::vector<std::string> lost_runs(const StudyResults& results)
{
    std::vector<std::string> out;
    for (const auto& row : results.rows)
        for (const auto& cell : row.cells)
            if (!cell.lost.empty())
                out.push_back(fmt::format("{} (run {}): {}", run_name(row.row, cell.seed), cell.run, cell.lost));
    return out;
}

double module_bytes_a_phase(const RunRecord& run)
{
    return run.train_tasks > 0 ? double(run.train_task_bytes) / double(run.train_tasks) : 0.0;
}

std::string answer(const StudyResults& results, const StudyCheck& check)
{
    const char* const unfinished = "not all rows are done";
    std::vector<Comparison> comparisons;
    for (std::size_t i = 0; i + 1 < check.below.size(); ++i)
        comparisons.push_back({find_row(results, check.below[i]), find_row(results, check.below[i + 1]), 1});
    for (std::size_t i = 1; i < check.near.size(); ++i)
        comparisons.push_back({find_row(results, check.near[i]), find_row(results, check.near.front()), 1 + near_tolerance});
    std::map<std::uint64_t, std::size_t> compared;  // by seed
    std::map<std::uint64_t, std::string> against;  // the first comparison of a seed that says no
    for (const Comparison& c : comparisons) {
        if (c.low == nullptr || c.high == nullptr) return unfinished;
        for (const StudyCell& cell : c.low->cells) {
            const auto other = rank_of(*c.high, cell.seed);
            if (!other) continue;
            ++compared[cell.seed];
            if (const double rank = rank_of(cell); rank >= *other * c.allowed)
                against.try_emplace(cell.seed,
                    fmt::format("{} {}, {} {}", c.low->row.name, rank_text(rank), c.high->row.name, rank_text(*other)));
        }
    }
    // A seed that lacks a row may say no, but not yes.
    std::erase_if(compared, [&](const auto& seed) { return seed.second < comparisons.size() && !against.contains(seed.first); });
    if (!against.empty())
        return fmt::format("no in {} of {} seed{}: seed {}, {}", against.size(), compared.size(), compared.size() == 1 ? "" : "s",
            against.begin()->first, against.begin()->second);
    if (!comparisons.empty() && compared.empty()) return unfinished;
    double first = 0;
    for (const std::string& name : check.wire) {
        const StudyRowResult* row = find_row(results, name);
        const RunRecord* run = row == nullptr ? nullptr : run_of(results, *row);
        if (run == nullptr) return unfinished;
        const double bytes = module_bytes_a_phase(*run);
        if (first == 0) first = bytes;
        if (first == 0 || std::abs(bytes / first - 1) > wire_tolerance)
            return fmt::format("no: {} sends {:.0f} bytes a path and phase, {} {:.0f}", name, bytes, check.wire.front(), first);
    }
    if (comparisons.empty()) return "yes";
    return fmt::format("yes ({} {})", compared.size() == 1 ? "seed" : "seeds", fmt::join(std::views::keys(compared), ", "));
}

nlohmann::json to_json(const StudyResults& results)
{
    nlohmann::json out{{"study", results.study.title}, {"base", results.study.base}, {"version", results.version},
        {"machine", {{"isa", results.isa}, {"cores", results.cores}}},
        {"corpus",
            {{"name", results.corpus}, {"documents", results.corpus_documents}, {"tokens", results.corpus_tokens},
                {"domains", results.corpus_domains}}},
        {"steps", {{"warm_start", results.scale.warm}, {"after", results.scale.main}}}, {"rows", nlohmann::json::array()},
        {"runs", nlohmann::json::array()}, {"checks", nlohmann::json::array()}};
    for (const auto& row : results.rows) out["rows"].push_back(row_json(results, row));
    for (const auto& [name, run] : results.runs) out["runs"].push_back(run_json(run));
    for (const auto& check : results.study.checks)
        out["checks"].push_back({{"say", check.say}, {"answer", answer(results, check)}});
    return out;
}

std::string to_markdown(const StudyResults& results)
{
    std::string out = fmt::format("# {}\n\n", results.study.title);
    const RunRecord* any = nullptr;
    for (const auto& row : results.rows)
        if (any == nullptr) any = run_of(results, row);
    out += fmt::format("Corpus '{}': {} documents, {} tokens, {} domains. {} warm-start steps, then {} steps a path{}. "
                       "Programs {}, {} cores, {}.\n\n",
        results.corpus, human_count(results.corpus_documents), human_count(results.corpus_tokens), results.corpus_domains.size(),
        results.scale.warm, results.scale.main,
        any == nullptr ? std::string() : fmt::format(" of {} tokens", human_count(tokens_a_step(*any))), results.version,
        results.cores, results.isa);
    out += fmt::format("Test perplexity, the routing prefix excluded for every row alike; mean and standard deviation over "
                       "seeds. Ratios are to `{}`, seed by seed.\n\n",
        results.study.base);
    out += "| row | paths | parameters | training tokens | perplexity | ratio | ratio by seed | paper | seeds: runs |\n"
           "|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& row : results.rows) {
        const RunRecord* run = run_of(results, row);
        std::string by_seed;
        for (const auto& [seed, ratio] : ratios(results, row))
            by_seed += fmt::format("{}{:.3f}", by_seed.empty() ? "" : " / ", ratio);
        std::string runs;
        for (const auto& cell : row.cells)
            runs += fmt::format("{}{}: {}{}", runs.empty() ? "" : ", ", cell.seed, cell.run, cell.lost.empty() ? "" : " (lost)");
        out += fmt::format("| {} (`{}`) | {} | {} | {} | {} | {} | {} | {} | {} |\n", row.row.title, row.row.name,
            run == nullptr ? "-" : std::to_string(run->paths), run == nullptr ? "-" : human_count(run->total_parameters),
            run == nullptr ? "-" : human_count(run->tokens), spread(perplexity(row), 2), spread(mean_ratio(results, row), 3),
            by_seed.empty() ? "-" : by_seed, row.row.expected.empty() ? "-" : row.row.expected, runs.empty() ? "not done" : runs);
    }
    if (const auto lost = lost_runs(results); !lost.empty())
        out += fmt::format("\n## Runs that ended without a model\n\n- {}\n", fmt::join(lost, "\n- "));
    out += "\n## What it was to show\n\n";
    for (const auto& check : results.study.checks) out += fmt::format("- {}: **{}**\n", check.say, answer(results, check));
    out += "\n## Validation loss (nats a token) after sixths of the phases, first seed\n\n| row | 1/6 | 2/6 | 3/6 | 4/6 | 5/6 | "
           "end |\n"
           "|---|---|---|---|---|---|---|\n";
    for (const auto& row : results.rows)
        if (row.row.of.empty()) out += curves(results, row);
    out += "\n## On the wire, first seed\n\n| row | inner steps a phase | module bytes a path and phase | a path and step | "
           "measured in all | in caches |\n"
           "|---|---|---|---|---|---|\n";
    for (const auto& row : results.rows) {
        const RunRecord* run = run_of(results, row);
        if (run == nullptr || !row.row.of.empty()) continue;
        const double bytes = module_bytes_a_phase(*run);
        out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", row.row.name, run->tau, human_bytes(std::uint64_t(bytes)),
            human_bytes(std::uint64_t(run->tau > 0 ? bytes / run->tau : 0)), human_bytes(run->module_bytes),
            human_bytes(run->module_hits));
    }
    return out;
}

}  // namespace pathloom
