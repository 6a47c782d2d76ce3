// SPDX-License-Identifier: GPL-3.0-or-later
// What a report says, as one value: runs in groups that differ by their seed only. Pure.
#pragma once

#include "engine/cli/run_record.h"
#include "engine/cli/statistics.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pathloom {

struct ReportGroup {
    std::string label;  ///< the runs' name without "/seed"; with "(run N)" when another group has that name
    std::vector<RunRecord> runs;  ///< ascending seeds
};

/// Colours of one theme by token name (resources/themes), and the categorical ones.
struct ReportTheme {
    std::vector<std::pair<std::string, std::string>> tokens;
    std::vector<std::string> categorical;
};

struct ReportData {
    std::string title;
    std::string version;  ///< of the programs
    std::string machine;  ///< "2 cores, avx512"
    std::string base;  ///< label of the group that ratios are to
    std::vector<ReportGroup> groups;
    ReportTheme light;
    ReportTheme dark;
    std::string preface;  ///< plain text above the tables; may be empty
};

/// Runs whose specs differ in nothing but seed and name, and whose names differ in nothing but a "/seed" at the end, are one
/// group. Groups are in the order of their first run.
std::vector<ReportGroup> group_runs(std::vector<RunRecord> runs);

/// A theme file. Corrupt when it is none, or when a colour is not #RRGGBB.
Result<ReportTheme> parse_theme(const std::string& json);

/// The group that ratios are to: the one called `wanted` (NotFound names those there are), else "dense", else the first.
Result<std::string> choose_base(const std::vector<ReportGroup>& groups, const std::string& wanted);

/// (seed, perplexity) of an evaluation, for the runs that have it.
std::vector<std::pair<std::uint64_t, double>> perplexities(
    const ReportGroup& group, const std::string& split, const std::string& route);
/// Mean ratio to the base's perplexity routed once on the same split, seed by seed; of the means when no seed is in both;
/// nothing when one side is missing.
std::optional<MeanSd> ratio_to_base(
    const ReportData& data, const ReportGroup& group, const std::string& split, const std::string& route);
/// Split and route of every evaluation of a group: test before valid, "once" first, then by falling window, oracles last.
std::vector<std::pair<std::string, std::string>> evaluations(const ReportGroup& group);

/// report.html: self-contained, light or dark as the reader's system. Every number links to the section of its run, which
/// tells id, seed and spec.
std::string report_html(const ReportData& data);
/// results.csv: group,run,name,seed,split,route,domain,perplexity; the domain of the whole split is empty.
std::string results_csv(const ReportData& data);
/// curves.csv: group,run,name,seed,curve,at,loss; curve is train (at = inner step) or valid (at = outer steps).
std::string curves_csv(const ReportData& data);

}  // namespace pathloom
