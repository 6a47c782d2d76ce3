// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what was found is an answer at all, and whether a further row answers the question as well as the best one does: four
// logistic regressions over a handful of measurements, fitted by the workbench on cases of the training distribution
// (gate_fitting.h) and kept beside the weights as gate.json.
#pragma once

#include "engine/core/result.h"

#include <array>
#include <cstdint>
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

using Measurements = std::array<double, 8>;  ///< in the order of the names; beyond them zero
inline constexpr std::array<const char*, 6> present_names{"cosine", "words", "sentence", "rarest_words", "names", "log_rows"};
inline constexpr std::array<const char*, 8> again_names{
    "cosine", "words", "whole_words", "heaviest_lost", "cosine_lost", "words_lost", "whole_words_lost", "rarest_words_lost"};

/// `rows` of the memory. How far the best row stands above the others is no measurement: among a hundred like facts it does not.
Measurements measure_present(const RowEvidence& best, std::int64_t rows);
/// `heaviest_lost`: weight of the heaviest word before the best row that is not before the other (WholeWords::heaviest_lost).
Measurements measure_again(const RowEvidence& best, const RowEvidence& other, double heaviest_lost);

/// Logit = bias + sum of weight * measurement.
struct Logistic {
    double bias = 0.0;
    Measurements weights{};
    [[nodiscard]] double logit(const Measurements& measured) const;
    bool operator==(const Logistic&) const = default;
};

struct EvidenceGate {
    Logistic present;  ///< above 0: the best row answers a question that one place answers
    Logistic present_several;  ///< the same of a question for all, or for one of several
    Logistic again;  ///< above 0: another row answers it as well, for a question about all
    Logistic same;  ///< the same where all matches are of one key, as for "the second": stricter
    bool operator==(const EvidenceGate&) const = default;
};

struct GateExample {
    Measurements measured{};
    bool right = false;
};
/// Penalised maximum likelihood by Newton's method, both classes weighing the same. Usage when a class has no example.
Result<Logistic> fit_logistic(std::span<const GateExample> examples, double penalty);
/// `one` with the bias that decides most of the examples rightly, each counting the same: where one question brings forty wrong
/// rows and two right ones, both classes weighing the same lets every second question have a wrong one.
Logistic least_errors(Logistic one, std::span<const GateExample> examples);
/// `one` with its bias raised until it accepts all right examples but a share of `lost`.
Logistic accepting(Logistic one, std::span<const GateExample> examples, double lost);

/// gate.json of the reader whose model.safetensors has the hash `model`, with `recipe` (JSON) of how it was fitted.
std::string write_gate(const EvidenceGate& gate, const std::string& model, const std::string& recipe);
/// Corrupt when it is no gate or belongs to another model.
Result<EvidenceGate> parse_gate(const std::string& text, const std::string& model);

}  // namespace pathloom
