// SPDX-License-Identifier: GPL-3.0-or-later
// A question's whole words just before a memory row. Tokens are pieces: half of "Oslo" stands before many a row that knows
// nothing of Oslo, and only the whole word tells a passage that names what is asked for from one that sounds like it.
#pragma once

#include "engine/corpus/tokenizer.h"
#include "engine/probe/evidence_gate.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/selection.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

class WholeWords {
public:
    /// Counts the words of `prompt` in the memory, whatever their case: a word weighs log(rows / count). Of a question for one of
    /// several, `asked`, the words that say which are left out: no passage that answers has "second" in it but by chance.
    WholeWords(const MemoryView& memory, const Tokenizer& tokenizer, std::string_view prompt, Selection asked = Selection::One);

    /// Of the WordingReach tokens before what row `row` points at.
    [[nodiscard]] WordingShares before(const MemoryView& memory, std::int64_t row) const;
    /// Weight, nats, of the heaviest word `best` has found and `other` has not. Two facts of one key share every word but those
    /// that strayed in from the text before them, and those are light: "the" weighs 3, a word of one key 6 and more, whatever the
    /// length.
    [[nodiscard]] double heaviest_lost(const WordingShares& best, const WordingShares& other) const;

private:
    struct Word {
        std::string text;  ///< in lower case
        double weight = 0.0;
        bool name = false;
        std::vector<std::size_t> sentences;  ///< of the prompt it stands in
    };
    const Tokenizer* m_tokenizer;
    std::vector<Word> m_words;
    std::size_t m_sentences = 0;
};

}  // namespace pathloom
