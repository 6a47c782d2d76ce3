// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a memory: free generation by exact retrieval, with the evidence each answer token was read from.
#pragma once

#include "engine/probe/answer_rows.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/reader_package.h"
#include "engine/probe/selection.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

inline constexpr std::size_t LongestQuestion = 160;  ///< tokens, what the answer begins with included

struct AnswerOptions {
    int max_tokens = 40;  ///< of each item of an answer
    ScanOptions scan;
    RankOptions rank;
    bool gate = true;  ///< with a ranking by words and a reader that has a gate: it decides on "none", and lists are possible
    std::size_t most_items = 256;  ///< of one answer
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
    double found = 0.0;  ///< what speaks for an answer being there, 0 to 1: the gate's word, else 1 - mass of "nothing found"
    Selection selection = Selection::One;  ///< which of the matching rows the question asked for
    std::size_t items = 0;  ///< read, for Selection::All
};

/// Usage when the question is empty or longer than LongestQuestion tokens: before a document is encoded for it.
Result<void> check_question(const ReaderPackage& reader, std::string_view question, std::string_view answer_prefix);

/// Greedy. A question for all of something is answered item by item, each from the question alone; a place that was read is not
/// offered again (inhibition of return). Usage when the question is empty or longer than LongestQuestion tokens.
Result<Answer> ask_memory(ReaderPackage& reader, const MemoryView& memory, std::string_view question,
    std::string_view answer_prefix, const AnswerOptions& options);

/// Rows gathered to passages: rows within `near` tokens of a stronger one count for it.
std::vector<EvidenceRow> passages(std::vector<EvidenceRow> rows, std::int64_t near);

}  // namespace pathloom
