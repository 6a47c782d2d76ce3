// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a memory as beginnings of an answer: ranked, and those that match a question as well as the best one does.
#pragma once

#include "engine/model/memory_model.h"
#include "engine/probe/evidence_gate.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/whole_words.h"
#include "engine/probe/word_match.h"

#include <span>
#include <vector>

namespace pathloom {

/// How rows are ranked beyond the cosine of query and key. All zero: the cosine alone.
struct RankOptions {
    double words = 0.0;  ///< cosine a row gains at the first token when all of the question's wording stands before it
    double words_floor = 0.0;  ///< share of the wording that changes nothing; below it a row loses
    double going_on = 0.0;  ///< cosine the row after the one read last gains
    double whole = 0.0;  ///< cosine a row loses, of the best CloseRows, when none of the question's whole words stands before it
};
/// Chosen on other wordings and texts than the probes' (docs/probes.md).
inline constexpr RankOptions UsualRank{0.5, 0.0, 0.2, 0.3};
/// Rows nearest by the cosine that are ranked again by words. In millions of rows the right one can lie beyond the thousandth.
inline constexpr std::size_t CandidateRows = 8192;
inline constexpr std::size_t CloseRows = 2048;  ///< of these, how many are looked at word by word

/// A question's wording as rows are compared with it.
struct Wording {
    WordMatch tokens;
    WholeWords words;
};

/// The rows nearest to a query, best score first. `wording` null: the cosine alone.
std::vector<RowEvidence> rank_rows(const MemoryView& memory, const ReaderQuery& query, std::size_t key_dim,
    const Wording* wording, const RankOptions& rank, const ScanOptions& scan);

/// Whether two rows begin the same value: near each other and not after the same words.
bool same_place(const MemoryView& memory, std::int64_t a, std::int64_t b);

/// The best `most` of `ranked` as what the model reads.
std::vector<MemoryHit> hits_of(const std::vector<RowEvidence>& ranked, std::size_t most);

/// The best row and those the gate finds as good, one a place, in the order of the document.
std::vector<RowEvidence> matching_rows(const MemoryView& memory, const Wording& wording, const std::vector<RowEvidence>& ranked,
    const Logistic& again, std::size_t most);

/// The distribution after `tokens` where the one row that is read is `row`, which follows the row read last.
ReaderPrediction going_on(MemoryModel& model, const MemoryView& memory, std::span<const std::int32_t> tokens, std::int64_t row,
    const RankOptions& rank, const ScanOptions& scan);
/// Log odds that `said` ends a value, with the token `end`.
double end_odds(const ReaderPrediction& said, std::int32_t end);

}  // namespace pathloom
