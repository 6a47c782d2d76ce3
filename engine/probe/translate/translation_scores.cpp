// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/translation_scores.h"

#include "engine/probe/score/bleu.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"

namespace pathloom {

TranslationScores translation_scores(
    const std::vector<std::u32string>& hypotheses, const std::vector<std::vector<std::u32string>>& references)
{
    const ScoredText text{hypotheses, references};
    ChrfOptions with_words;
    with_words.word_order = 2;
    const Chrf chrf({}), chrfpp(with_words);
    const Bleu bleu({});
    const auto score = [&](const Metric& metric) { return metric.score(summed(segment_statistics(metric, text))); };
    return {score(chrf), score(chrfpp), score(bleu), signature(chrf, references.size()), signature(chrfpp, references.size()),
        signature(bleu, references.size())};
}

}  // namespace pathloom
