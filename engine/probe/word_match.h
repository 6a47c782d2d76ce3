// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a question's wording stands just before a memory row: the exact half of retrieval. Keys know what a passage is
// about, but two facts of one wording differ only in a name, which a key of 128 numbers blurs. Works on tokens, quickly enough
// for thousands of rows a question; whole_words.h looks closer at one.
#pragma once

#include "engine/probe/memory_view.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

inline constexpr std::int64_t WordingReach = 40;  ///< tokens before a row that are compared with a question: a long sentence

class WordMatch {
public:
    /// Counts the question's tokens in the memory: rare ones weigh more, as log(rows / count).
    WordMatch(const MemoryView& memory, std::span<const std::int32_t> question);

    /// Weighted share, 0 to 1, of the question's tokens and pairs of tokens that stand within WordingReach before what row `row`
    /// points at; the further before, the less.
    [[nodiscard]] double before(const MemoryView& memory, std::int64_t row) const;

private:
    struct Feature {
        std::int32_t first = 0, second = -1;  ///< second < 0: a single token
        double weight = 0.0;
    };
    std::vector<Feature> m_features;
    std::vector<bool> m_asked;  // by token: does it stand in the question?
    double m_all = 0.0;
};

}  // namespace pathloom
