// SPDX-License-Identifier: GPL-3.0-or-later
// Phrases and what they may become, from aligned sentences and a dictionary.
#pragma once

#include "engine/probe/translate/alignment.h"
#include "engine/probe/translate/translator.h"

#include <map>
#include <string>
#include <unordered_map>

namespace pathloom {

/// Numbers for the words of one language, from 1.
class Vocabulary {
public:
    WordId number(const std::u32string& word);
    /// null_word for a word it has not.
    [[nodiscard]] WordId find(const std::u32string& word) const;
    [[nodiscard]] const std::u32string& word(WordId id) const { return m_words[id]; }

private:
    std::unordered_map<std::u32string, WordId> m_numbers;
    std::vector<std::u32string> m_words{U""};
};

struct Phrase {
    Words target;
    double score;  ///< weighted log probabilities of both directions, of phrases and of their words
};

struct PhraseTable {
    static constexpr std::size_t longest = 4;  ///< words of either side
    Vocabulary source, target;
    std::map<Words, std::vector<Phrase>> phrases;  ///< best first
    std::vector<Words> target_sentences;
};

PhraseTable build_phrase_table(const TranslationMaterial& material);

}  // namespace pathloom
