// SPDX-License-Identifier: GPL-3.0-or-later
// A trigram model of word order, smoothed by interpolation (Witten and Bell 1991).
#pragma once

#include "engine/probe/translate/alignment.h"

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>

namespace pathloom {

class NgramModel {
public:
    static constexpr WordId begin = (1U << 21) - 1, end = begin - 1, unknown = begin - 2;  ///< vocabularies stay below

    /// Counts one sentence, its beginning and end included, `weight` times.
    void learn(const Words& sentence, double weight = 1.0);
    /// ln p(word | the two words before it).
    [[nodiscard]] double log_probability(WordId before_last, WordId last, WordId word) const;

private:
    static constexpr int order = 3;
    struct Context {
        double tokens = 0.0, types = 0.0;
    };
    std::array<std::unordered_map<std::uint64_t, double>, order> m_counts;
    std::array<std::unordered_map<std::uint64_t, Context>, order> m_contexts;
};

}  // namespace pathloom
