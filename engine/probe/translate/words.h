// SPDX-License-Identifier: GPL-3.0-or-later
// Sentences as words for the lexical baselines, and words back into a sentence.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pathloom {

/// A letter of any script, or a mark on one.
bool is_letter(char32_t c);
/// Runs of letters (with ' ’ - inside), runs of digits, and every other character that is not white space, as written.
std::vector<std::u32string> surface_words(std::u32string_view sentence);
/// The same in lower case. English ("eng", "en") loses its clitics: "Dian's" gives "dian" and "'s", "don't" "do" and "not".
std::vector<std::u32string> plain_words(std::u32string_view sentence, std::string_view language);
/// "eng", "en".
bool is_english(std::string_view language);
/// As one compares words: lower case, typewriter apostrophe.
std::u32string folded_word(std::u32string_view word);

/// How words of a language are written inside a sentence, counted from sentences.
class Spelling {
public:
    /// The words at the start of a sentence say nothing.
    void learn(std::u32string_view sentence);
    /// Words as a sentence: known capitals, the capitals of `source` for words that come from there, the first letter upper case,
    /// no blanks before marks.
    [[nodiscard]] std::u32string sentence(const std::vector<std::u32string>& words, std::u32string_view source) const;

private:
    std::unordered_map<std::u32string, std::map<std::u32string, int>> m_written;
};

}  // namespace pathloom
