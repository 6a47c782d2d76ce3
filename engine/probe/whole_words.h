// SPDX-License-Identifier: GPL-3.0-or-later
// A question's whole words just before a memory row. Tokens are pieces: half of "Oslo" stands before many a row that knows
// nothing of Oslo, and only the whole word tells a passage that names what is asked for from one that sounds like it.
#pragma once

#include "engine/corpus/tokenizer.h"
#include "engine/probe/evidence_gate.h"
#include "engine/probe/memory_view.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

class WholeWords {
public:
    /// Counts the words of `prompt` in the memory, whatever their case: a word weighs log(rows / count).
    WholeWords(const MemoryView& memory, const Tokenizer& tokenizer, std::string_view prompt);

    /// Of the WordingReach tokens before what row `row` points at.
    [[nodiscard]] WordingShares before(const MemoryView& memory, std::int64_t row) const;
    /// The heaviest word `best` has found and `other` has not, over what a word the memory does not know would weigh: 0 to 1. Two
    /// facts of one key share every word but those that strayed in from the text before them, and those are light.
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
    double m_heaviest = 1.0;
};

}  // namespace pathloom
