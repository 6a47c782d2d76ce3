// SPDX-License-Identifier: GPL-3.0-or-later
// Phrases and what they may become, from aligned sentences and a dictionary.
#pragma once

#include "engine/probe/translate/alignment.h"
#include "engine/probe/translate/forms.h"
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

/// A phrase pair as the material has it.
struct AlignedPair {
    Words source, target;
    double score = 0.0;  ///< as Phrase::score
    PartOrigin origin;  ///< its dictionary line, else the shortest example
};

struct PhraseTable {
    static constexpr std::size_t longest = 5;  ///< words of either side
    Vocabulary source, target;
    std::map<Words, std::vector<Phrase>> phrases;  ///< best first
    std::vector<AlignedPair> pairs;  ///< the same, by source phrase, best first
    std::vector<Words> target_sentences;
    std::vector<Words> target_glosses;  ///< of the dictionary: words, but no word order
    std::array<Forms, 2> forms;  ///< of source and target
    std::array<bool, 2> split{};  ///< which side is parted into stems and endings
    [[nodiscard]] std::vector<std::u32string> words(std::u32string_view text, int side, const std::string& language) const;
};

/// What the order of words inside dictionary meanings counts beside `sentences` examples.
double gloss_trust(std::size_t sentences);

/// `split`: which side's words are parted into stems and endings.
PhraseTable build_phrase_table(const TranslationMaterial& material, std::array<bool, 2> split);

}  // namespace pathloom
