// SPDX-License-Identifier: GPL-3.0-or-later
// Grouping runs, ratios, and the report's tables for spreadsheets.
#include "engine/cli/report_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

namespace pathloom {

namespace {

std::string without_seed(const RunRecord& run)
{
    const std::string suffix = fmt::format("/{}", run.seed);
    return run.name.size() > suffix.size() && run.name.ends_with(suffix) ? run.name.substr(0, run.name.size() - suffix.size())
                                                                         : run.name;
}

nlohmann::json without_names(const RunRecord& run)
{
    auto spec = run.spec;
    if (spec.is_object()) {
        spec.erase("seed");
        spec.erase("name");
    }
    return spec;
}

bool is_colour(const nlohmann::json& value)
{
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
}

/// RFC 4180, and no cell that a spreadsheet would take for a formula.
std::string cell(const std::string& text)
{
    std::string out = text;
    if (!out.empty() && std::string_view("=+-@\t\r").find(out[0]) != std::string_view::npos) out.insert(0, "'");
    if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

}  // namespace

std::vector<ReportGroup> group_runs(std::vector<RunRecord> runs)
{
    std::vector<ReportGroup> groups;
    for (RunRecord& run : runs) {
        const auto same = [&](const ReportGroup& group) {
            const RunRecord& first = group.runs.front();
            return without_seed(first) == without_seed(run) && without_names(first) == without_names(run)
                && std::ranges::none_of(group.runs, [&](const RunRecord& other) { return other.seed == run.seed; });
        };
        const auto found = std::ranges::find_if(groups, same);
        if (found == groups.end())
            groups.push_back({without_seed(run), {std::move(run)}});
        else
            found->runs.push_back(std::move(run));
    }
    std::map<std::string, int> names;
    for (const ReportGroup& group : groups) ++names[group.label];
    for (ReportGroup& group : groups) {
        std::ranges::sort(group.runs, {}, &RunRecord::seed);
        if (names[group.label] > 1) group.label += fmt::format(" (run {})", group.runs.front().id);
    }
    return groups;
}

Result<ReportTheme> parse_theme(const std::string& json)
{
    const auto document = nlohmann::json::parse(json, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Corrupt, "the theme is not a JSON object");
    ReportTheme theme;
    for (const auto& [name, value] : document.items())
        if (is_colour(value)) theme.tokens.emplace_back(name, value.get<std::string>());
    if (const auto list = document.find("categorical"); list != document.end() && list->is_array())
        for (const auto& value : *list) {
            if (!is_colour(value)) return fail(ErrorCode::Corrupt, "the theme's categorical colours are not all #RRGGBB");
            theme.categorical.push_back(value.get<std::string>());
        }
    if (theme.tokens.empty() || theme.categorical.empty()) return fail(ErrorCode::Corrupt, "the theme names no colours");
    return theme;
}

Result<std::string> choose_base(const std::vector<ReportGroup>& groups, const std::string& wanted)
{
    if (groups.empty()) return fail(ErrorCode::Usage, "a report needs at least one run");
    std::string names;
    for (const ReportGroup& group : groups) {
        if (group.label == (wanted.empty() ? "dense" : wanted)) return group.label;
        names += (names.empty() ? "" : ", ") + group.label;
    }
    if (!wanted.empty()) return fail(ErrorCode::NotFound, "no run of the report is called '{}'; there are: {}", wanted, names);
    return groups.front().label;
}

std::vector<std::pair<std::uint64_t, double>> perplexities(
    const ReportGroup& group, const std::string& split, const std::string& route)
{
    std::vector<std::pair<std::uint64_t, double>> out;
    for (const RunRecord& run : group.runs)
        if (const auto found = run.evals.find({split, route}); found != run.evals.end() && found->second.perplexity > 0)
            out.emplace_back(run.seed, found->second.perplexity);
    return out;
}

std::optional<MeanSd> ratio_to_base(
    const ReportData& data, const ReportGroup& group, const std::string& split, const std::string& route)
{
    const auto base = std::ranges::find(data.groups, data.base, &ReportGroup::label);
    if (base == data.groups.end()) return std::nullopt;
    const auto ours = perplexities(group, split, route);
    const auto theirs = perplexities(*base, split, "once");
    if (ours.empty() || theirs.empty()) return std::nullopt;
    std::vector<double> paired, all_ours, all_theirs;
    for (const auto& [seed, value] : ours) {
        all_ours.push_back(value);
        for (const auto& [other, base_value] : theirs)
            if (other == seed) paired.push_back(value / base_value);
    }
    if (!paired.empty()) return mean_sd(paired);
    for (const auto& [seed, value] : theirs) all_theirs.push_back(value);
    const double ratio = mean_sd(all_ours).mean / mean_sd(all_theirs).mean;
    return MeanSd{ratio, 0, 1};
}

std::vector<std::pair<std::string, std::string>> evaluations(const ReportGroup& group)
{
    std::vector<std::pair<std::string, std::string>> out;
    for (const RunRecord& run : group.runs)
        for (const auto& [key, eval] : run.evals)
            if (std::ranges::find(out, key) == out.end()) out.push_back(key);
    const auto rank = [](const std::pair<std::string, std::string>& key) {
        const auto& [split, route] = key;
        const int kind = route == "once" ? 0 : (route.starts_with("oracle") ? 2 : 1);
        const auto digits = route.find_first_of("0123456789");
        const int window = digits == std::string::npos ? 0 : std::atoi(route.c_str() + digits);
        return std::tuple(split != "test", kind, -window, route);
    };
    std::ranges::sort(out, [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return out;
}

std::string results_csv(const ReportData& data)
{
    std::string out = "group,run,name,seed,split,route,domain,perplexity\n";
    for (const ReportGroup& group : data.groups)
        for (const RunRecord& run : group.runs)
            for (const auto& [key, eval] : run.evals) {
                const std::string begin = fmt::format(
                    "{},{},{},{},{},{},", cell(group.label), run.id, cell(run.name), run.seed, cell(key.first), cell(key.second));
                out += fmt::format("{},{}\n", begin, eval.perplexity);
                for (const auto& [domain, perplexity] : eval.domains)
                    out += fmt::format("{}{},{}\n", begin, cell(domain), perplexity);
            }
    return out;
}

std::string curves_csv(const ReportData& data)
{
    std::string out = "group,run,name,seed,curve,at,loss\n";
    for (const ReportGroup& group : data.groups)
        for (const RunRecord& run : group.runs) {
            const std::string begin = fmt::format("{},{},{},{},", cell(group.label), run.id, cell(run.name), run.seed);
            for (const auto& [step, sum] : run.train) out += fmt::format("{}train,{},{}\n", begin, step, sum.mean());
            for (const auto& [phase, sum] : run.valid) out += fmt::format("{}valid,{},{}\n", begin, phase, sum.mean());
        }
    return out;
}

}  // namespace pathloom
