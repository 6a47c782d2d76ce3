// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what was found is an answer at all, and whether a further row answers the question as well as the best one does: three
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

/// A memory row as the possible beginning of an answer.
struct RowEvidence {
    std::int64_t row = 0;
    std::int32_t token = 0;  ///< what the row points at
    double cosine = 0.0;  ///< of query and key
    double words = 0.0, rare = 0.0;  ///< WordMatch
    double score = 0.0;  ///< what rows are ranked by
};

inline constexpr std::array<const char*, 6> present_names{"cosine", "words", "rare", "gap", "none_odds", "log_rows"};
inline constexpr std::array<const char*, 6> again_names{"cosine", "words", "rare", "cosine_lost", "words_lost", "rare_lost"};
using Measurements = std::array<double, 6>;

/// `next_score` of the best row elsewhere (a lead counts up to 0.1 only: with like facts beside the right one it is never large);
/// `none_odds`: log of the model's own probability of "none" over that of the token it would copy; `rows` of the memory.
Measurements measure_present(const RowEvidence& best, double next_score, double none_odds, std::int64_t rows);
Measurements measure_again(const RowEvidence& best, const RowEvidence& other);

/// Logit = bias + sum of weight * measurement.
struct Logistic {
    double bias = 0.0;
    Measurements weights{};
    [[nodiscard]] double logit(const Measurements& measured) const;
    bool operator==(const Logistic&) const = default;
};

struct EvidenceGate {
    Logistic present;  ///< above 0: the best row answers the question
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
/// `one` with its bias raised until it accepts all right examples but a share of `lost`.
Logistic accepting(Logistic one, std::span<const GateExample> examples, double lost);

/// gate.json of the reader whose model.safetensors has the hash `model`, with `recipe` (JSON) of how it was fitted.
std::string write_gate(const EvidenceGate& gate, const std::string& model, const std::string& recipe);
/// Corrupt when it is no gate or belongs to another model.
Result<EvidenceGate> parse_gate(const std::string& text, const std::string& model);

}  // namespace pathloom
