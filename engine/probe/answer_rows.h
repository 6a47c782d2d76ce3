// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a memory as beginnings of an answer: ranked, and those that match a question as well as the best one does.
#pragma once

#include "engine/model/memory_model.h"
#include "engine/probe/evidence_gate.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/word_match.h"

#include <vector>

namespace pathloom {

/// How rows are ranked beyond the cosine of query and key. All zero: the cosine alone.
struct RankOptions {
    double words = 0.0;  ///< cosine a row gains at the first token when all of the question's wording stands before it
    double words_floor = 0.0;  ///< share of the wording that changes nothing; below it a row loses
    double going_on = 0.0;  ///< cosine the row after the one read last gains
};
inline constexpr RankOptions UsualRank{0.5, 0.0, 0.2};  ///< chosen on other wordings and texts than the probes' (docs/probes.md)

/// The rows nearest to a query, best score first. `words` null: the cosine alone.
std::vector<RowEvidence> rank_rows(const MemoryView& memory, const ReaderQuery& query, std::size_t key_dim,
    const WordMatch* words, const RankOptions& rank, const ScanOptions& scan);

/// Whether two rows begin the same value: near each other and not after the same words.
bool same_place(const MemoryView& memory, std::int64_t a, std::int64_t b);

/// Score of the best row elsewhere than the first; 0 when there is none.
double next_score(const MemoryView& memory, const std::vector<RowEvidence>& ranked);

/// The best `most` of `ranked` as what the model reads.
std::vector<MemoryHit> hits_of(const std::vector<RowEvidence>& ranked, std::size_t most);
/// Log of the model's probability of the token `none` over that of the likeliest token it can copy.
double none_odds(const ReaderPrediction& said, const std::vector<MemoryHit>& hits, std::int32_t none);

/// The best row and those the gate finds as good, one a place, in the order of the document.
std::vector<RowEvidence> matching_rows(
    const MemoryView& memory, const std::vector<RowEvidence>& ranked, const Logistic& again, std::size_t most);

}  // namespace pathloom
