// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/line_words.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace pathloom {

namespace {

constexpr std::size_t shortest_word = 3;

/// Small letters and digits alone; letters that a frame encoder takes for each other become one.
std::string plain(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (!std::isalnum(static_cast<unsigned char>(c))) continue;
        const char low = char(std::tolower(static_cast<unsigned char>(c)));
        out += low == 'l' || low == '1' || low == 'j' ? 'i' : low == '0' ? 'o' : low;
    }
    return out;
}

int errors_allowed(std::size_t letters)
{
    return letters >= 9 ? 2 : letters >= 5 ? 1 : 0;
}

}  // namespace

bool holds(std::string_view line, std::string_view word, int errors)
{
    if (errors <= 0) return line.find(word) != std::string_view::npos;
    // costs[i]: the least errors of the word's first i letters ending here in the line; a match may begin anywhere.
    std::vector<int> costs(word.size() + 1);
    std::iota(costs.begin(), costs.end(), 0);
    for (const char c : line) {
        int before = costs[0];
        for (std::size_t i = 1; i <= word.size(); ++i) {
            const int same = before + (word[i - 1] == c ? 0 : 1);
            before = costs[i];
            costs[i] = std::min({same, costs[i] + 1, costs[i - 1] + 1});
        }
        if (costs.back() <= errors) return true;
    }
    return false;
}

LineWords::LineWords(std::string_view prompt)
    : m_sentences(1)
{
    bool first = true;  // word of its sentence
    for (std::size_t at = 0; at < prompt.size();) {
        const std::size_t end = std::min(prompt.find_first_of(" \n", at), prompt.size());
        const std::string_view word = prompt.substr(at, end - at);
        const bool digit = std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c); });
        const bool capital = !word.empty() && std::isupper(static_cast<unsigned char>(word.front()));
        const std::string letters = plain(word);
        if (letters.size() >= shortest_word || digit) m_sentences.back().push_back({letters, digit || (capital && !first)});
        first = (!word.empty() && std::string_view(".?!:").find(word.back()) != std::string_view::npos)
            || (end < prompt.size() && prompt[end] == '\n') || (word.empty() && first);
        if (first && !m_sentences.back().empty()) m_sentences.emplace_back();
        at = end + 1;
    }
    if (m_sentences.back().empty()) m_sentences.pop_back();
}

LineShares LineWords::in(std::string_view line) const
{
    const std::string letters = plain(line);
    LineShares out;
    double most = 0.0;
    for (const std::vector<Word>& sentence : m_sentences) {
        double all = 0.0, there = 0.0, names = 0.0, names_there = 0.0;
        for (const Word& word : sentence) {
            const double weight = double(word.letters.size()) * double(word.letters.size());
            const bool found = holds(letters, word.letters, errors_allowed(word.letters.size()));
            all += weight;
            there += found ? weight : 0.0;
            names += word.name ? weight : 0.0;
            names_there += word.name && found ? weight : 0.0;
        }
        if (there <= most) continue;
        most = there;
        out = {there / all, names > 0.0 ? names_there / names : 1.0};
    }
    return out;
}

}  // namespace pathloom
