// SPDX-License-Identifier: GPL-3.0-or-later
// One phrase-based system: a beam search over a phrase table and a trigram model.
#pragma once

#include "engine/probe/translate/translator.h"

#include <memory>
#include <string>
#include <vector>

namespace pathloom {

struct PhraseSettings {
    std::array<bool, 2> split{};  ///< whether source and target words are parted into stems and endings
    double order_weight = 0.5;  ///< of the trigram model
    double word_bonus = 1.75;  ///< a target word
};

/// A translation a system thinks possible.
struct Candidate {
    Translation translation;
    double score = 0.0;  ///< natural logarithm, not normalised
};

class PhraseSystem {
public:
    virtual ~PhraseSystem() = default;
    /// At most `most`, best first, none twice; a sentence that cannot be read comes back as it is.
    [[nodiscard]] virtual std::vector<Candidate> candidates(const std::string& sentence, std::size_t most) const = 0;
};
std::unique_ptr<PhraseSystem> make_phrase_system(const TranslationMaterial& material, const PhraseSettings& settings);

}  // namespace pathloom
