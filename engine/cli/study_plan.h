// SPDX-License-Identifier: GPL-3.0-or-later
// A study: many runs that differ in one thing each, described in one JSON file (resources/study). Pure: text and numbers in,
// settings of runs out.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// One row of a study's table: a run, or (when `of` is set) another evaluation of the run of another row.
struct StudyRow {
    std::string name;  ///< a word: runs are called name/seed
    std::string title;
    std::string expected;  ///< what the paper says of its ratio to the base; empty = it says nothing
    std::vector<std::string> set;  ///< settings on top of the study's
    int tau = 0;  ///< inner steps a phase; 0 = the study's
    int compute = 1;  ///< the steps after the warm start, times this (a dense path that sees as much as so many paths)
    int reshards = 0;  ///< routing.reshard at so many quarters of the phases
    bool quick = false;  ///< part of the short list
    std::string of;  ///< the row whose run is evaluated; empty = a run of its own
    std::string route = "once";  ///< as of `run eval`
    std::string teacher;  ///< the row whose run of the same seed teaches this one; empty = none
    bool operator==(const StudyRow&) const = default;
};

/// Something the study is to show. The answer is printed, whatever it is.
struct StudyCheck {
    std::string say;
    std::vector<std::string> below;  ///< rows, each with a lower perplexity than the next in every seed
    std::vector<std::string> near;  ///< rows whose perplexity is less than 0.5% above the first one's in every seed
    std::vector<std::string> wire;  ///< rows whose module bytes a path and phase are within 2% of the first one's
    bool operator==(const StudyCheck&) const = default;
};

struct Study {
    std::string title;
    std::string preset;  ///< what all runs start from
    std::string base;  ///< row that the others are set against
    std::vector<std::string> set;
    int steps = 0;  ///< inner steps of a path unless asked otherwise
    int tau = 0;
    double warm_part = 0.27;  ///< of the steps, DiPaCo 4
    std::vector<StudyRow> rows;
    std::vector<StudyCheck> checks;
    bool operator==(const Study&) const = default;
};

/// Usage errors name the row and the key.
Result<Study> parse_study(const std::string& json);

/// Steps before and after routing. `main` is a multiple of every tau of the study when it is large enough to be, so that all
/// rows train equally long and share their warm start; else of the study's own tau.
struct StudyScale {
    int warm = 0;
    int main = 0;
    bool operator==(const StudyScale&) const = default;
};
/// Usage when `steps` does not hold one phase.
Result<StudyScale> scale_study(const Study& study, int steps);

/// "training.tau=50"-style settings that make the row's run out of the study's preset; `teacher` is the run that teaches it, for
/// rows that have one. Usage when the row's tau does not divide the steps, or a row with `of` is asked for.
Result<std::vector<std::string>> settings_of(const Study& study, const StudyRow& row, const StudyScale& scale, std::uint64_t seed,
    const std::string& corpus, std::int64_t teacher = 0);

/// The rows of these names and every row they need, in the study's order. No names = all. NotFound names the nearest row.
Result<std::vector<StudyRow>> choose_rows(const Study& study, const std::vector<std::string>& names);

/// "1-3,7" = {1, 2, 3, 7}. Usage for anything else and for more than a thousand.
Result<std::vector<std::uint64_t>> parse_seeds(const std::string& text);

}  // namespace pathloom
