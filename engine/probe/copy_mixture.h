// SPDX-License-Identifier: GPL-3.0-or-later
// How a running text goes on: with a word the window foretells, or with what followed where the text stood like this before. A
// mixture of the two (Khandelwal et al. 2020, kNN-LM; the share of copying by a regression, as He et al. 2021), fitted on running
// text after training: the reader's own copying was trained on questions, and knows nothing of how far a stretch repeats.
#pragma once

#include "engine/model/logistic.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

inline constexpr int LongestMatch = 32;
inline constexpr std::size_t CopiesKept = 64;

/// A memory row found for a place in a text.
struct CopyHit {
    double cosine = 0.0;
    int matched = 0;  ///< tokens up to the row's that equal those before the place, at most LongestMatch
    std::int32_t token = 0;  ///< what followed there
};

/// One token of a text and what foretells it.
struct TextStep {
    std::int32_t token = 0;
    double spoken = 0.0;  ///< probability of the token without a memory
    double surest = 0.0;  ///< the largest such probability of any token
    double entropy = 0.0;  ///< of that distribution, nats
    double own = 0.0;  ///< probability of the token as the reader was trained to copy; measured only where asked for
    std::int64_t rows = 0;  ///< of the memory
    std::vector<CopyHit> hits;  ///< at most CopiesKept
};

inline constexpr std::array<const char*, 7> copying_names{
    "longest_match", "best_cosine", "agreement", "surest", "entropy", "log_rows", "as_long"};

struct CopyMixture {
    double cosine_scale = 10.0, match_scale = 1.0;  ///< a hit weighs exp(cosine_scale cosine + match_scale log(1 + matched))
    Logistic copying{-3.0, {1.0, 0.0, 1.0}};  ///< of the share of copying; its measurements in the order of copying_names
    /// Probability of the step's token.
    [[nodiscard]] double likelihood(const TextStep& step) const;
    bool operator==(const CopyMixture&) const = default;
};

/// The mixture with the least mean loss over `steps`, by gradient descent of `rounds` rounds; deterministic.
CopyMixture fit_copying(std::span<const TextStep> steps, int rounds);
/// -log p, and no more than that of the least likelihood: one token that was thought impossible must not drown the rest.
double loss_of(double probability);
/// Mean loss, nats a token.
double mean_loss(const CopyMixture& mixture, std::span<const TextStep> steps);

}  // namespace pathloom
