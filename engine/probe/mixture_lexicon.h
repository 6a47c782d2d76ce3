// SPDX-License-Identifier: GPL-3.0-or-later
// Documents of a language that does not exist: a sound system, a dictionary, examples, and questions a translator asks of them.
// No real language is in it but the words of the training corpus, so a reader learns to look words up and not what they mean.
#pragma once

#include "engine/core/rng.h"
#include "engine/corpus/tokenizer.h"
#include "engine/probe/mixture_text.h"
#include "engine/probe/mixture_tokens.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// The sounds of an invented language.
class SoundSystem {
public:
    explicit SoundSystem(Rng& rng);
    /// One to four syllables.
    std::string word(Rng& rng) const;
    /// A suffix: "-un", "-bon".
    std::string ending(Rng& rng) const;

private:
    std::string syllable(Rng& rng) const;
    std::vector<std::string> m_onsets, m_vowels, m_codas;
    double m_onset = 0.8, m_coda = 0.3;
};

struct LexiconShape {
    std::size_t room = 256;  ///< tokens of the document at most
    int asked = 3;
    double absent = 0.1;  ///< share of questions about a word that is in no line: the answer is "none"
};

/// A page of a dictionary, from the corpus's words into the invented language or back: words, short phrases, example sentences
/// in the invented language's word order. Asked are lines word for word, words with another ending than the line has, and
/// sentences; the question's last line is the beginning of the line it asks for (lookup_prompt).
MixtureDocument lexicon_document(const Tokenizer& tokenizer, const FactWriter& words, const LexiconShape& shape, Rng& rng);

/// How a translator's memory says that one text is the other in another language, and how it is asked for.
std::string lexicon_line(std::string_view source, std::string_view target);  ///< with its line end
std::string lookup_prompt(std::string_view source);

}  // namespace pathloom
