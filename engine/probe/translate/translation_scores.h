// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of a scored set of translations.
#pragma once

#include <string>
#include <vector>

namespace pathloom {

struct TranslationScores {
    double chrf = 0.0, chrfpp = 0.0, bleu = 0.0;
    std::string chrf_signature, chrfpp_signature, bleu_signature;
};
/// `references`: [reference][segment].
TranslationScores translation_scores(
    const std::vector<std::u32string>& hypotheses, const std::vector<std::vector<std::u32string>>& references);

}  // namespace pathloom
