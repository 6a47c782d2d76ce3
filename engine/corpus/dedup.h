// SPDX-License-Identifier: GPL-3.0-or-later
// Exact and near-duplicate documents found; the earlier one of a pair is kept.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace pathloom {

struct Deduplicated {
    std::vector<std::size_t> kept;  ///< indices of the documents to keep, ascending
    std::int64_t exact_duplicates = 0;
    std::int64_t near_duplicates = 0;
};

/// Hashes of a text's shingles, sorted, each once: five words, or eight characters where most letters are Chinese or
/// Japanese (no blanks between words). A text shorter than a shingle is one shingle.
std::vector<std::uint32_t> shingles_of(std::string_view text);

/// |A and B| / |A or B| of two sorted shingle sets.
double jaccard(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

constexpr double near_duplicate_jaccard = 0.8;

/// Exact: equal SHA-256 of the text with white space folded. Near: Jaccard of the shingle sets >= 0.8, found by MinHash
/// (64 values, 16 bands of 4: a pair at 0.8 is missed with probability 2e-4) and then counted exactly. Compared only to documents
/// that are kept. Deterministic in `seed`. Texts are valid UTF-8. `progress(done, total)` false stops with Cancelled.
Result<Deduplicated> find_duplicates(std::span<const std::string_view> texts, std::uint64_t seed,
    const std::function<bool(std::int64_t, std::int64_t)>& progress = {});

}  // namespace pathloom
