// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a memory: free generation by exact retrieval, with the evidence each answer token was read from.
#pragma once

#include "engine/probe/memory_view.h"
#include "engine/probe/reader_package.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

inline constexpr std::size_t LongestQuestion = 160;  ///< tokens, what the answer begins with included

/// How rows are ranked beyond the cosine of query and key. All zero: the cosine alone.
struct RankOptions {
    double words = 0.0;  ///< cosine a row gains at the first token when all of the question's wording stands before it
    double words_floor = 0.0;  ///< share of the wording that changes nothing; below it a row loses
    double going_on = 0.0;  ///< cosine the row after the one read last gains
};
inline constexpr RankOptions UsualRank{0.5, 0.0, 0.2};  ///< chosen on other wordings and texts than the probes' (docs/probes.md)

struct AnswerOptions {
    int max_tokens = 40;
    ScanOptions scan;
    RankOptions rank;
    std::function<bool(const std::string& so_far)> said = {};  ///< sees the answer grow; false stops with Cancelled
};

/// Mass a memory row had in the answer: copied probability summed over answer tokens.
struct EvidenceRow {
    std::int64_t row = 0;
    double mass = 0.0;
};

struct Answer {
    std::string text;
    std::vector<EvidenceRow> evidence;  ///< largest mass first
    double seconds = 0.0;
    double seconds_first = 0.0;  ///< to the first token
    int tokens = 0;
    double found = 0.0;  ///< 1 - mass of "nothing found" at the first token
};

/// Usage when the question is empty or longer than LongestQuestion tokens: before a document is encoded for it.
Result<void> check_question(const ReaderPackage& reader, std::string_view question, std::string_view answer_prefix);

/// Greedy. Usage when the question is empty or longer than LongestQuestion tokens.
Result<Answer> ask_memory(ReaderPackage& reader, const MemoryView& memory, std::string_view question,
    std::string_view answer_prefix, const AnswerOptions& options);

/// Rows gathered to passages: rows within `near` tokens of a stronger one count for it.
std::vector<EvidenceRow> passages(std::vector<EvidenceRow> rows, std::int64_t near);

}  // namespace pathloom
