// SPDX-License-Identifier: GPL-3.0-or-later
// Word translation probabilities and word alignments from parallel sentences: IBM model 1 (Brown et al. 1993) with a pull to the
// diagonal, which stands in for word order (as in Dyer et al. 2013).
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pathloom {

using WordId = std::uint32_t;
using Words = std::vector<WordId>;
inline constexpr WordId null_word = 0;  ///< stands for no word; vocabularies start at 1

struct WordPair {
    Words source, target;
    double weight = 1.0;
};

class LexicalTable {
public:
    /// p(target word | source word or null_word), by expectation maximisation from the uniform start.
    static LexicalTable train(const std::vector<WordPair>& pairs, int iterations = 6);
    /// 0 for pairs never seen together.
    [[nodiscard]] double probability(WordId source, WordId target) const;
    /// The likeliest source position of every target word, -1 for none.
    [[nodiscard]] std::vector<int> best_positions(const Words& source, const Words& target) const;

private:
    std::vector<std::unordered_map<WordId, double>> m_rows;  // [source word]
};

/// (source position, target position).
using Links = std::set<std::pair<int, int>>;
/// Grow-diag-final-and of the two directions (Koehn et al. 2003): `forward` by target word, `backward` by source word.
Links symmetrised(const std::vector<int>& forward, const std::vector<int>& backward);

}  // namespace pathloom
