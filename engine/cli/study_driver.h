// SPDX-License-Identifier: GPL-3.0-or-later
// Trains and evaluates what a study lacks in a project. Interrupted, it goes on where it stopped when called again.
#pragma once

#include "engine/cli/session.h"
#include "engine/cli/study_results.h"

#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct StudyOptions {
    std::vector<StudyRow> rows;
    std::vector<std::uint64_t> seeds;
    int steps = 0;
    std::string corpus_path;  ///< file or folder to import; empty = the sample corpus
    bool train = true;  ///< false: only gather what is done
    std::string kept;  ///< the ladder.json of earlier calls; its cells stay where a row still has the same settings
    std::function<void(const std::string&)> say;  ///< progress, one line each
    std::function<Result<void>(const StudyResults&)> keep;  ///< called after each seed and at the end
};

struct StudyOutcome {
    StudyResults results;
    std::vector<std::string> failures;  ///< one line a run that failed; the others are trained nevertheless
};

/// Runs are called row/seed and the seeds come one after the other, so that early results are whole. All settings are checked
/// before anything is trained. What earlier calls have kept is not trained again, wherever they ran: equal settings and seeds
/// give equal numbers on the same instruction set, and nearly equal ones on others. Usage when the project has a run of such a
/// name with other settings.
Result<StudyOutcome> run_study(Session& session, const Study& study, const StudyOptions& options);

}  // namespace pathloom
