// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/forms.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace pathloom {

namespace {

constexpr std::size_t shortest_stem = 2, longest_ending = 5;
constexpr double fewest_stems = 4;

bool is_letters(const std::u32string& text)
{
    return std::all_of(text.begin(), text.end(), [](char32_t c) { return u_isalpha(UChar32(c)) || c == U'\''; });
}

}  // namespace

void Forms::count(const std::u32string& word)
{
    if (is_letters(word)) m_words[word] += 1.0;
}

void Forms::settle()
{
    for (const auto& [word, times] : m_words)
        for (std::size_t n = 1; n <= longest_ending && n + shortest_stem <= word.size(); ++n)
            if (m_words.count(word.substr(0, word.size() - n))) m_endings[word.substr(word.size() - n)] += 1.0;
    std::erase_if(m_endings, [](const auto& ending) { return ending.second < fewest_stems; });
}

std::vector<std::u32string> Forms::parts(const std::u32string& word) const
{
    const auto own = m_words.find(word);
    const double times = own == m_words.end() ? 0.0 : own->second;
    std::size_t best = 0;
    double most = 0.0;
    for (std::size_t n = 1; n <= longest_ending && n + shortest_stem <= word.size(); ++n) {
        const auto ending = m_endings.find(word.substr(word.size() - n));
        if (ending == m_endings.end()) continue;
        const auto stem = m_words.find(word.substr(0, word.size() - n));
        if (stem == m_words.end()) continue;
        // A frequent ending behind a frequent and long stem; a word that is itself frequent needs no explanation.
        const double score = std::log(ending->second) + 0.5 * std::log(1.0 + stem->second) + 0.6 * double(word.size() - n)
            - 0.7 * std::log(1.0 + times) - 2.0;
        if (score > most) {
            most = score;
            best = n;
        }
    }
    if (best == 0) return {word};
    auto out = parts(word.substr(0, word.size() - best));
    out.push_back(mark + word.substr(word.size() - best));
    return out;
}

std::vector<std::u32string> Forms::joined(const std::vector<std::u32string>& parts)
{
    std::vector<std::u32string> words;
    bool open = false;  // a word that may take an ending stands before
    for (const auto& part : parts) {
        if (part.size() > 1 && part[0] == mark) {
            if (open)
                words.back() += part.substr(1);
            else
                words.push_back(part.substr(1));
            open = true;
        } else {
            words.push_back(part);
            open = !part.empty() && u_isalpha(UChar32(part.back()));
        }
    }
    return words;
}

}  // namespace pathloom
