// SPDX-License-Identifier: GPL-3.0-or-later
// A question's words in a line that was spelt letter by letter: without blanks, and with a letter wrong here and there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// How much of a question's words a line says, 0 to 1; a word counts by the square of its length.
struct LineShares {
    double sentence = 0.0;  ///< of the prompt's sentence that has most in the line: "Do not guess." stands nowhere
    double names = 0.0;  ///< of that sentence's names (capitalised within it, or with a digit); 1 without any
};

class LineWords {
public:
    /// The words of three letters and more of a prompt, sentence by sentence.
    explicit LineWords(std::string_view prompt);
    [[nodiscard]] LineShares in(std::string_view line) const;

private:
    struct Word {
        std::string letters;  ///< what is easily mistaken is one letter
        bool name = false;
    };
    std::vector<std::vector<Word>> m_sentences;
};

/// Whether `line` holds `word` with at most `errors` letters changed, left out or put in (Sellers 1980).
bool holds(std::string_view line, std::string_view word, int errors);

}  // namespace pathloom
