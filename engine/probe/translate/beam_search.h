// SPDX-License-Identifier: GPL-3.0-or-later
// The best orders of what the spans of a sentence may become (Koehn et al. 2003): a beam search over coverage.
#pragma once

#include "engine/probe/translate/ngram_model.h"

#include <cstddef>
#include <vector>

namespace pathloom {

/// One way to translate the words [begin, end) of a sentence.
struct SpanOption {
    int begin = 0, end = 0;
    Words target;  ///< empty: the words are dropped
    double score = 0.0;  ///< natural logarithm, word order left out
};

struct BeamSettings {
    double order_weight = 0.5;  ///< of the trigram model
    double jump_score = -0.08;  ///< a word skipped
    int farthest_jump = 4;
    std::size_t beam = 40;
};

/// The words of a sentence beam_search() takes at once: coverage is a set of 64 bits.
inline constexpr std::size_t longest_piece = 40;

struct BeamResult {
    double score = 0.0;
    std::vector<std::size_t> used;  ///< options in the order of the translation
};
/// At most `most` ways to cover `words` words (<= longest_piece) with `options`, best first; none when they leave a gap.
std::vector<BeamResult> beam_search(std::size_t words, const std::vector<SpanOption>& options, const NgramModel& order,
    const BeamSettings& settings, std::size_t most);

}  // namespace pathloom
