// SPDX-License-Identifier: GPL-3.0-or-later
// What a study has found, as one value; and as JSON and Markdown. Pure.
#pragma once

#include "engine/cli/run_record.h"
#include "engine/cli/statistics.h"
#include "engine/cli/study_plan.h"

#include <map>
#include <string>
#include <vector>

namespace pathloom {

/// One row in one seed.
struct StudyCell {
    std::uint64_t seed = 0;
    std::int64_t run = 0;
    EvalRecord eval;  ///< of the test split
    std::string lost = {};  ///< why the run ended without a model (it diverged, say); `eval` means nothing then
};

struct StudyRowResult {
    StudyRow row;
    std::vector<StudyCell> cells;  ///< by seed; seeds not done are missing
};

struct StudyResults {
    Study study;
    StudyScale scale;
    std::string corpus;  ///< name
    std::int64_t corpus_documents = 0;
    std::int64_t corpus_tokens = 0;
    std::vector<std::string> corpus_domains;
    std::string version;  ///< of the programs
    std::string isa;
    int cores = 0;
    std::vector<StudyRowResult> rows;
    std::map<std::string, RunRecord> runs;  ///< every run a cell names, by its name (row/seed)
};

/// "row/seed" of the run behind a cell; evaluated rows have that of the row they are of.
std::string run_name(const StudyRow& row, std::uint64_t seed);

/// Perplexities over the seeds; and ratios to the base row, seed by seed, over the seeds both have. Lost runs count in neither.
MeanSd perplexity(const StudyRowResult& row);
std::vector<std::pair<std::uint64_t, double>> ratios(const StudyResults& results, const StudyRowResult& row);

/// Module bytes a path and phase (downloads, what caches saved of them, pseudo-gradients), over the tasks that were computed
/// and not reused from another run; 0 when there is none.
double module_bytes_a_phase(const RunRecord& run);

/// One line each: "row/seed (run 6): why" of the runs that ended without a model.
std::vector<std::string> lost_runs(const StudyResults& results);

/// A lost run is worse than any other. "yes (seeds 1, 3)" names the seeds that have all its rows; "no in 1 of 3 seeds: ..." gives
/// the first seed that says so; else "not all rows are done". What is counted once and not by seed is "yes" or "no: ...".
std::string answer(const StudyResults& results, const StudyCheck& check);

nlohmann::json to_json(const StudyResults& results);
std::string to_markdown(const StudyResults& results);

}  // namespace pathloom
