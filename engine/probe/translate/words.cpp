// SPDX-License-Identifier: GPL-3.0-or-later
// Words of sentences.
#include "engine/probe/translate/words.h"

#include "engine/probe/score/unicode.h"

#include <unicode/uchar.h>

#include <algorithm>

namespace pathloom {

bool is_letter(char32_t c)
{
    return (U_GET_GC_MASK(UChar32(c)) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

namespace {

using Word = std::u32string;

bool is_digit(char32_t c)
{
    return (U_GET_GC_MASK(UChar32(c)) & U_GC_ND_MASK) != 0;
}
bool is_joiner(char32_t c)
{
    return c == U'\'' || c == U'’' || c == U'-';
}
bool starts_upper(const Word& word)
{
    return !word.empty() && (u_isupper(UChar32(word[0])) || u_istitle(UChar32(word[0])));
}

/// English words without their clitics.
void append_english(std::vector<Word>& words, const Word& word)
{
    static const std::vector<Word> is_words{U"it's", U"let's", U"that's", U"what's", U"he's", U"she's", U"there's"};
    const auto cut = [&](std::size_t n) { return word.substr(0, word.size() - n); };
    if (word == U"i'm") {
        words.insert(words.end(), {U"i", U"am"});
    } else if (word.size() > 3 && word.ends_with(U"n't")) {
        words.insert(words.end(), {word == U"can't" || word == U"won't" ? cut(2) : cut(3), U"not"});
    } else if (word.size() > 3 && word.ends_with(U"'re")) {
        words.insert(words.end(), {cut(3), U"are"});
    } else if (word.size() > 2 && word.ends_with(U"'s")) {
        const bool is = std::find(is_words.begin(), is_words.end(), word) != is_words.end();
        words.insert(words.end(), {cut(2), is ? U"is" : U"'s"});
    } else {
        words.push_back(word);
    }
}

}  // namespace

std::vector<std::u32string> surface_words(std::u32string_view sentence)
{
    std::vector<Word> words;
    for (std::size_t at = 0; at < sentence.size();) {
        const char32_t c = sentence[at];
        std::size_t end = at + 1;
        if (is_python_space(c)) {
            at = end;
            continue;
        }
        if (is_letter(c)) {
            while (end < sentence.size()
                && (is_letter(sentence[end])
                    || (is_joiner(sentence[end]) && end + 1 < sentence.size() && is_letter(sentence[end + 1]))))
                ++end;
            // A click letter at the end of a word is an exclamation mark that somebody mistyped.
            if (sentence[end - 1] == U'\x1c3') {
                if (end - 1 > at) words.emplace_back(sentence.substr(at, end - 1 - at));
                words.emplace_back(U"!");
                at = end;
                continue;
            }
        } else if (is_digit(c)) {
            while (end < sentence.size() && is_digit(sentence[end])) ++end;
        }
        words.emplace_back(sentence.substr(at, end - at));
        at = end;
    }
    return words;
}

std::u32string folded_word(std::u32string_view word)
{
    Word folded = lowered(word);
    std::replace(folded.begin(), folded.end(), U'’', U'\'');
    return folded;
}

bool is_english(std::string_view language)
{
    return language == "eng" || language == "en";
}

std::vector<std::u32string> plain_words(std::u32string_view sentence, std::string_view language)
{
    const bool english = is_english(language);
    std::vector<Word> words;
    for (const auto& surface : surface_words(sentence)) {
        if (english)
            append_english(words, folded_word(surface));
        else
            words.push_back(folded_word(surface));
    }
    return words;
}

void Spelling::learn(std::u32string_view sentence)
{
    static constexpr std::u32string_view ends = U".?!,\"";
    const auto words = surface_words(sentence);
    for (std::size_t i = 1; i < words.size(); ++i)
        if (words[i - 1].size() != 1 || ends.find(words[i - 1][0]) == std::u32string_view::npos)
            ++m_written[folded_word(words[i])][words[i]];
}

std::u32string Spelling::sentence(const std::vector<std::u32string>& words, std::u32string_view source) const
{
    std::unordered_map<Word, Word> capitals;
    for (const auto& word : surface_words(source))
        if (starts_upper(word)) capitals[folded_word(word)] = word;
    static constexpr std::u32string_view closing = U".,;:!?)]", opening = U"([";
    Word text;
    for (const auto& word : words) {
        Word written = word;
        if (const auto known = m_written.find(word); known != m_written.end())
            written = std::max_element(known->second.begin(), known->second.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            })->first;
        else if (const auto name = capitals.find(word); name != capitals.end())
            written = name->second;
        const bool tight = text.empty() || (word.size() == 1 && closing.find(word[0]) != std::u32string_view::npos)
            || word == U"'s" || opening.find(text.back()) != std::u32string_view::npos;
        if (!tight) text += U' ';
        text += word == U"i" && m_written.count(U"i") ? Word(U"I") : written;
    }
    const auto first = std::find_if(text.begin(), text.end(), is_letter);
    if (first != text.end()) *first = char32_t(u_totitle(UChar32(*first)));
    return text;
}

}  // namespace pathloom
