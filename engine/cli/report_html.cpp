// SPDX-License-Identifier: GPL-3.0-or-later
// The report as one HTML page: no script, nothing fetched.
#include "engine/cli/report_data.h"
#include "engine/cli/report_svg.h"
#include "engine/cli/table.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pathloom {

namespace {

constexpr std::size_t curve_points = 200;

std::string variables(const ReportTheme& theme)
{
    std::string out;
    for (const auto& [name, colour] : theme.tokens) out += fmt::format("--{}:{};", name, colour);
    for (std::size_t i = 0; i < 8 && !theme.categorical.empty(); ++i)
        out += fmt::format("--c{}:{};", i, theme.categorical[i % theme.categorical.size()]);
    return out;
}

std::string style(const ReportData& data)
{
    std::string out = fmt::format(":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        variables(data.light), variables(data.dark));
    out += R"(body{background:var(--surface);color:var(--text);font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}h3{font-size:1rem}
a{color:var(--accent)}p.note{color:var(--muted)}
div.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}thead th{color:var(--muted);font-weight:600}
td small{color:var(--muted)}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{max-width:100%;height:auto;background:var(--raised);border:1px solid var(--line)}
.grid{stroke:var(--line)}.tick,.axis{fill:var(--muted);font-size:11px}.mid{text-anchor:middle}.end{text-anchor:end}
.line{fill:none;stroke-width:1.8}.dashed{stroke-dasharray:5 3}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}.swatch{display:inline-block;width:1.4rem;height:0;border-top:3px solid;margin-right:.4rem;vertical-align:middle}span.dashed{border-top-style:dashed}
pre{background:var(--sunken);padding:1rem;overflow-x:auto}
)";
    for (int i = 0; i < 8; ++i)
        out += fmt::format(
            "polyline.c{0}{{stroke:var(--c{0})}}rect.c{0}{{fill:var(--c{0})}}span.c{0}{{border-color:var(--c{0})}}\n", i);
    return out;
}

std::string utc(std::int64_t ms)
{
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time_t(ms / 1000)));
}

/// Runs of several projects may have one id.
std::string anchor(const RunRecord& run)
{
    return run.kept ? fmt::format("run-{}-{}", run.id, run.created_ms) : fmt::format("run-{}", run.id);
}

std::string link(const RunRecord& run, const std::string& text)
{
    return fmt::format("<a href=\"#{}\">{}</a>", anchor(run), text);
}

/// "401.36" for one run, "401.4 ± 3.2" and the single ones behind it for several; every value links to its run.
std::string value_cell(const ReportGroup& group, const std::vector<std::pair<const RunRecord*, double>>& values, int digits)
{
    if (values.empty()) return "<td>-</td>";
    if (values.size() == 1)
        return fmt::format("<td>{}{}</td>", link(*values[0].first, fmt::format("{:.{}f}", values[0].second, digits)),
            group.runs.size() > 1 ? fmt::format(" <small>seed {}</small>", values[0].first->seed) : "");
    std::vector<double> numbers;
    std::string single;
    for (const auto& [run, value] : values) {
        numbers.push_back(value);
        single += fmt::format("{}{}", single.empty() ? "" : ", ", link(*run, fmt::format("{:.{}f}", value, digits)));
    }
    const MeanSd summary = mean_sd(numbers);
    return fmt::format("<td>{:.{}f} ± {:.{}f} <small>({})</small></td>", summary.mean, digits, summary.sd, digits, single);
}

/// A number of each run that has one.
template <class Get>
std::string each(const ReportGroup& group, int digits, Get get)
{
    std::vector<std::pair<const RunRecord*, double>> values;
    for (const RunRecord& run : group.runs)
        if (const std::optional<double> value = get(run)) values.emplace_back(&run, *value);
    return value_cell(group, values, digits);
}

std::optional<double> perplexity_of(const RunRecord& run, const std::pair<std::string, std::string>& key)
{
    const auto found = run.evals.find(key);
    return found == run.evals.end() || !(found->second.perplexity > 0) ? std::nullopt : std::optional(found->second.perplexity);
}

std::string seeds(const ReportGroup& group)
{
    std::string out;
    for (const RunRecord& run : group.runs)
        out += fmt::format("{}{}", out.empty() ? "" : ", ", link(run, fmt::format("{} (run {})", run.seed, run.id)));
    return out;
}

std::string table(const std::vector<std::string>& head, const std::string& rows)
{
    std::string out = "<div class=\"wide\"><table><thead><tr>";
    for (const auto& one : head) out += "<th>" + escape_html(one) + "</th>";
    return out + "</tr></thead><tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string perplexity_table(const ReportData& data)
{
    std::string rows;
    for (const ReportGroup& group : data.groups) {
        auto keys = evaluations(group);
        if (keys.empty()) keys.emplace_back("test", "once");
        for (const auto& key : keys) {
            const auto ratio = ratio_to_base(data, group, key.first, key.second);
            rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}<td>{}</td></tr>\n",
                escape_html(group.label), seeds(group), group.runs.front().paths,
                human_count(group.runs.front().total_parameters), escape_html(key.first), escape_html(key.second),
                each(group, 2, [&](const RunRecord& run) { return perplexity_of(run, key); }),
                !ratio             ? std::string("-")
                    : ratio->n > 1 ? fmt::format("{:.3f} ± {:.3f}", ratio->mean, ratio->sd)
                                   : fmt::format("{:.3f}", ratio->mean));
        }
    }
    return table({"run", "seed", "paths", "parameters", "split", "route", "perplexity", "ratio to " + data.base}, rows);
}

std::string domain_table(const ReportData& data)
{
    const std::pair<std::string, std::string> key{"test", "once"};
    std::set<std::string> domains;
    for (const ReportGroup& group : data.groups)
        for (const RunRecord& run : group.runs)
            if (const auto found = run.evals.find(key); found != run.evals.end())
                for (const auto& [domain, perplexity] : found->second.domains) domains.insert(domain);
    if (domains.empty()) return "<p class=\"note\">No run is scored on the test split yet.</p>\n";
    std::vector<std::string> head{"domain"};
    for (const ReportGroup& group : data.groups) head.push_back(group.label);
    std::string rows;
    for (const std::string& domain : domains) {
        rows += "<tr><td>" + escape_html(domain) + "</td>";
        for (const ReportGroup& group : data.groups)
            rows += each(group, 1, [&](const RunRecord& run) -> std::optional<double> {
                const auto eval = run.evals.find(key);
                if (eval == run.evals.end()) return std::nullopt;
                const auto found = eval->second.domains.find(domain);
                return found == eval->second.domains.end() || !(found->second > 0) ? std::nullopt : std::optional(found->second);
            });
        rows += "</tr>\n";
    }
    return table(head, rows);
}

/// Means over the group's runs where they have a value, thinned to some two hundred points of equal width.
template <class Curve>
Series mean_curve(const ReportGroup& group, Curve RunRecord::*curve)
{
    std::map<double, CurveSum> all;
    for (const RunRecord& run : group.runs)
        for (const auto& [at, sum] : run.*curve) {
            auto& here = all[double(at)];
            here.sum += sum.mean();
            here.weight += 1;
        }
    Series out{group.label, {}};
    const std::size_t width = (all.size() + curve_points - 1) / curve_points;
    CurveSum bin, place;
    std::size_t count = 0;
    for (const auto& [at, sum] : all) {
        bin.sum += sum.mean(), bin.weight += 1;
        place.sum += at, place.weight += 1;
        if (++count % width != 0 && count != all.size()) continue;
        out.points.emplace_back(place.mean(), bin.mean());
        bin = place = {};
    }
    return out;
}

std::string curves(const ReportData& data)
{
    std::vector<Series> valid, train;
    for (const ReportGroup& group : data.groups) {
        valid.push_back(mean_curve(group, &RunRecord::valid));
        train.push_back(mean_curve(group, &RunRecord::train));
    }
    const std::string out = line_chart("Validation loss by outer steps", "outer steps", "nats a token", valid)
        + line_chart("Training loss, mean of the paths", "inner step", "nats a token", train);
    return out.empty() ? "<p class=\"note\">No losses yet.</p>\n" : out;
}

std::string routing(const ReportData& data)
{
    std::string out;
    int colour = 0;
    for (const ReportGroup& group : data.groups) {
        const RunRecord& run = group.runs.front();
        std::vector<std::pair<std::string, double>> shards, tests;
        for (const ShardRow& shard : run.shards) shards.emplace_back(std::to_string(shard.path), double(shard.sequences));
        if (const auto eval = run.evals.find({"test", "once"}); eval != run.evals.end())
            for (std::size_t path = 0; path < eval->second.histogram.size(); ++path)
                tests.emplace_back(std::to_string(path), double(eval->second.histogram[path]));
        if (shards.size() > 1 || tests.size() > 1) {
            out += fmt::format("<h3>{}, {}</h3>\n<p class=\"note\">Router {}{}.</p>\n", escape_html(group.label),
                link(run, fmt::format("run {}, seed {}", run.id, run.seed)), escape_html(run.router),
                run.routing > 0 ? fmt::format(", fitted anew {} times", run.routing) : "");
            if (shards.size() > 1) out += bar_chart("Training sequences of each path", shards, colour);
            if (tests.size() > 1) out += bar_chart("Test sequences routed to each path", tests, colour);
        }
        ++colour;
    }
    return out.empty() ? "<p class=\"note\">One path each: nothing is routed.</p>\n" : out;
}

std::string wire_table(const ReportData& data)
{
    std::string rows;
    for (const ReportGroup& group : data.groups)
        for (const RunRecord& run : group.runs)
            rows += fmt::format(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3f}</td>"
                "<td>{}</td><td>{:.0f}</td><td>{}</td></tr>\n",
                escape_html(group.label), link(run, fmt::format("{} (run {})", run.seed, run.id)), run.phases, run.tau,
                human_bytes(run.bytes_down), human_bytes(run.bytes_up), human_bytes(run.module_bytes),
                human_bytes(run.module_hits), run.goodput, run.faults, run.compute_seconds, human_count(run.tokens));
    return table({"run", "seed", "phases", "inner steps a phase", "down", "up", "modules on the wire", "from caches", "goodput",
                     "faults", "compute seconds", "training tokens"},
        rows);
}

std::string provenance(const ReportGroup& group, const RunRecord& run)
{
    const std::string numbers = run.kept
        ? fmt::format("Begun {}, in a project of its own; its numbers were kept, its modules were not.", utc(run.created_ms))
        : fmt::format("Its numbers: <code>pathloomctl run show {0}</code>, <code>pathloomctl run eval {0}</code>, "
                      "<code>pathloomctl run digest {0}</code>.",
            run.id);
    return fmt::format("<section id=\"{}\"><h3>Run {}: {}</h3>\n"
                       "<p>Seed {}, {}{}; group {}. {}</p>\n"
                       "<details><summary>Spec, every default written out</summary><pre>{}</pre></details></section>\n",
        anchor(run), run.id, escape_html(run.name), run.seed, escape_html(run.state),
        run.preset.empty() ? "" : ", preset " + escape_html(run.preset), escape_html(group.label), numbers,
        escape_html(run.spec.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
}

}  // namespace

std::string report_html(const ReportData& data)
{
    std::string out
        = fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>\n{1}</style></head>"
                      "<body>\n<h1>{0}</h1>\n<p class=\"note\">Pathloom {2}, {3}.</p>\n",
            escape_html(data.title), style(data), escape_html(data.version), escape_html(data.machine));
    if (!data.preface.empty()) out += "<p>" + escape_html(data.preface) + "</p>\n";
    out += "<h2>Perplexity</h2>\n<p class=\"note\">The routing prefix is excluded for all alike. Mean and standard deviation "
           "over "
           "seeds where there are several; every number links to its run. Ratios are to the base routed once, seed by seed.</p>\n"
        + perplexity_table(data);
    out += "<h2>By domain, test split, routed once</h2>\n" + domain_table(data);
    out += "<h2>Losses</h2>\n" + curves(data);
    out += "<h2>Routing</h2>\n" + routing(data);
    out += "<h2>On the wire</h2>\n" + wire_table(data);
    out += "<h2>Where the numbers come from</h2>\n";
    for (const ReportGroup& group : data.groups)
        for (const RunRecord& run : group.runs) out += provenance(group, run);
    return out + "</body></html>\n";
}

}  // namespace pathloom
