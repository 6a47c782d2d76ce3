// SPDX-License-Identifier: GPL-3.0-or-later
// What an earlier call has written into ladder.json: a study goes on from it, in another project and on another machine. Pure.
#pragma once

#include "engine/cli/study_results.h"

#include <set>
#include <utility>

namespace pathloom {

using CellKey = std::pair<std::string, std::uint64_t>;  ///< row, seed

struct KeptStudy {
    std::map<CellKey, StudyCell> cells;
    std::map<std::string, RunRecord> runs;  ///< by name
};

/// The cells of a ladder.json that has the same corpus (name and tokens); of another one nothing. Corrupt when it cannot be read.
Result<KeptStudy> parse_kept(const std::string& json, const std::string& corpus, std::int64_t corpus_tokens);

/// Which of `kept` stay as they are when the rows `chosen` are made in `seeds`: all, but for runs that a chosen row which is not
/// kept is an evaluation of or learns from (its run must be in this project), and what is evaluated of those.
std::set<CellKey> cells_to_keep(
    const std::set<CellKey>& kept, const std::vector<StudyRow>& chosen, const std::vector<std::uint64_t>& seeds);

}  // namespace pathloom
