// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what was found is an answer at all, whether a further row answers the question as well as the best one does, and where
// a value that is read on ends: five logistic regressions, fitted by the workbench on cases of the training distribution
// (gate_fitting.h) and kept beside the weights as gate.json, with how a running text goes on (copy_mixture.h).
#pragma once

#include "engine/core/result.h"
#include "engine/model/logistic.h"
#include "engine/probe/copy_mixture.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// How much of a question's whole words stands before a row (whole_words.h), 0 to 1.
struct WordingShares {
    double all = 0.0;  ///< of the words by the square of their weight
    double sentence = 0.0;  ///< the same of the prompt's sentence that has most weight there: "Do not guess." stands nowhere
    double rarest = 0.0;  ///< of that sentence by the eighth power: the rarest words decide
    double names = 0.0;  ///< of the names (capitalised within a sentence, or with a digit) by the square; 1 without any
    std::uint64_t found = 0;  ///< which of the first 64 words, a bit each
};

/// A memory row as the possible beginning of an answer.
struct RowEvidence {
    std::int64_t row = 0;
    std::int32_t token = 0;  ///< what the row points at
    double cosine = 0.0;  ///< of query and key
    double words = 0.0;  ///< WordMatch
    WordingShares whole = {};  ///< of the rows that were looked at closely; the rest has none
    double score = 0.0;  ///< what rows are ranked by
};

inline constexpr std::array<const char*, 6> present_names{"cosine", "words", "sentence", "rarest_words", "names", "log_rows"};
inline constexpr std::array<const char*, 1> ends_names{"end_odds"};  ///< log odds the reader gives to the end of a line
inline constexpr std::array<const char*, 8> again_names{
    "cosine", "words", "whole_words", "heaviest_lost", "cosine_lost", "words_lost", "whole_words_lost", "content_lost"};

/// `rows` of the memory. How far the best row stands above the others is no measurement: among a hundred like facts it does not.
Measurements measure_present(const RowEvidence& best, std::int64_t rows);
/// `heaviest_lost`: nats, of the heaviest word before the best row that is not before the other (WholeWords::heaviest_lost). It
/// counts as it is, and as a step from words like "the" to words that say what a passage is about.
Measurements measure_again(const RowEvidence& best, const RowEvidence& other, double heaviest_lost);

struct EvidenceGate {
    Logistic present;  ///< above 0: the best row answers a question that one place answers
    Logistic present_several;  ///< the same of a question for all, or for one of several
    Logistic again;  ///< above 0: another row answers it as well, for a question about all
    Logistic same;  ///< the same where all matches are of one key, as for "the second": stricter
    Logistic ends{0.0, {1.0}};  ///< above 0: a value that is read on row by row has ended
    std::optional<CopyMixture> text = {};  ///< how a running text goes on; gates fitted before it was measured have none
    bool operator==(const EvidenceGate&) const = default;
};

/// gate.json of the reader whose model.safetensors has the hash `model`, with `recipe` (JSON) of how it was fitted.
std::string write_gate(const EvidenceGate& gate, const std::string& model, const std::string& recipe);
/// Corrupt when it is no gate or belongs to another model.
Result<EvidenceGate> parse_gate(const std::string& text, const std::string& model);

}  // namespace pathloom
