// SPDX-License-Identifier: GPL-3.0-or-later
// Phrases from aligned sentences and a dictionary.
#include "engine/probe/translate/phrase_table.h"

#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/words.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

// Weights of the four scores of a phrase, found by hill climbing on 80 training sentences held out, not on a development set.
constexpr double phrase_forward = 0.15, phrase_backward = 0.28, words_forward = 0.125, words_backward = 0.3;
constexpr std::size_t kept = 20;  // translations of one phrase
constexpr std::size_t longest_gloss = 4;

std::u32string trimmed(std::u32string_view text)
{
    return std::u32string(stripped(text));
}

/// A dictionary cell as single meanings: "to push; to bring [rare]" gives "push" and "bring".
std::vector<std::u32string> meanings(const std::string& cell)
{
    const auto decoded = decode_utf8(cell);
    if (!decoded) return {};
    std::vector<std::u32string> parts(1);
    int depth = 0;
    for (const char32_t c : *decoded) {
        if (c == U'(' || c == U'[') ++depth;
        if (depth == 0 && (c == U';' || c == U','))
            parts.emplace_back();
        else if (depth == 0)
            parts.back() += c;
        if ((c == U')' || c == U']') && depth > 0) --depth;
    }
    static const std::vector<std::u32string> openings{U"to be ", U"to ", U"a ", U"an ", U"the ", U"kind of ", U"be "};
    std::vector<std::u32string> found;
    for (auto& part : parts) {
        part = trimmed(part);
        for (const auto& opening : openings)
            if (part.starts_with(opening)) {
                part.erase(0, opening.size());
                break;
            }
        // Affixes and clitics are written with what they lean on left out: "-kin", "=at".
        while (!part.empty() && (part.front() == U'-' || part.front() == U'=')) part.erase(0, 1);
        while (!part.empty() && (part.back() == U'-' || part.back() == U'=')) part.pop_back();
        if (!part.empty()) found.push_back(part);
    }
    return found;
}

struct Counts {
    std::map<Words, std::map<Words, double>> pairs;
    std::map<Words, double> targets;
};

/// Every pair of phrases that the links keep together (Koehn et al. 2003); words without a link may join at the edges.
void extract(const WordPair& pair, const Links& links, Counts& counts)
{
    constexpr int limit = int(PhraseTable::longest);
    const int sources = int(pair.source.size()), targets = int(pair.target.size());
    std::vector<bool> target_linked(pair.target.size());
    for (const auto& link : links) target_linked[std::size_t(link.second)] = true;
    for (int i1 = 0; i1 < sources; ++i1)
        for (int i2 = i1; i2 < std::min(sources, i1 + limit); ++i2) {
            int j1 = targets, j2 = -1;
            for (const auto& [i, j] : links)
                if (i1 <= i && i <= i2) {
                    j1 = std::min(j1, j);
                    j2 = std::max(j2, j);
                }
            const bool torn = std::any_of(links.begin(), links.end(),
                [&](const auto& link) { return j1 <= link.second && link.second <= j2 && (link.first < i1 || link.first > i2); });
            if (j2 < 0 || j2 - j1 >= limit || torn) continue;
            const Words source(pair.source.begin() + i1, pair.source.begin() + i2 + 1);
            for (int a = j1; a >= 0 && (a == j1 || !target_linked[std::size_t(a)]); --a)
                for (int b = j2; b < targets && b - a < limit && (b == j2 || !target_linked[std::size_t(b)]); ++b) {
                    const Words target(pair.target.begin() + a, pair.target.begin() + b + 1);
                    counts.pairs[source][target] += pair.weight;
                    counts.targets[target] += pair.weight;
                }
        }
}

/// ln of how well every word of `to` is explained by one of `from`.
double words_score(const Words& from, const Words& to, const LexicalTable& table)
{
    double score = 0.0;
    for (const auto word : to) {
        double best = table.probability(null_word, word);
        for (const auto source : from) best = std::max(best, table.probability(source, word));
        score += std::log(std::max(best, 1e-4));
    }
    return score;
}

}  // namespace

WordId Vocabulary::number(const std::u32string& word)
{
    const auto [entry, is_new] = m_numbers.try_emplace(word, WordId(m_words.size()));
    if (is_new) m_words.push_back(word);
    return entry->second;
}

WordId Vocabulary::find(const std::u32string& word) const
{
    const auto found = m_numbers.find(word);
    return found == m_numbers.end() ? null_word : found->second;
}

PhraseTable build_phrase_table(const TranslationMaterial& material)
{
    PhraseTable table;
    const auto numbered = [](Vocabulary& vocabulary, std::u32string_view text, const std::string& language) {
        Words words;
        for (const auto& word : plain_words(text, language)) words.push_back(vocabulary.number(word));
        return words;
    };
    std::vector<WordPair> pairs;
    for (const auto& [from, to] : material.sentences) {
        const auto source = decode_utf8(from), target = decode_utf8(to);
        if (!source || !target) continue;
        WordPair pair{
            numbered(table.source, *source, material.languages[0]), numbered(table.target, *target, material.languages[1])};
        table.target_sentences.push_back(pair.target);
        if (!pair.source.empty() && !pair.target.empty()) pairs.push_back(std::move(pair));
    }
    const std::size_t sentences = pairs.size();
    for (const auto& entry : material.dictionary)
        for (const auto& from : meanings(entry.text[0]))
            for (const auto& to : meanings(entry.text[1])) {
                WordPair pair{
                    numbered(table.source, from, material.languages[0]), numbered(table.target, to, material.languages[1])};
                if (pair.source.empty() || pair.target.empty() || pair.source.size() > longest_gloss
                    || pair.target.size() > longest_gloss)
                    continue;
                if (sentences == 0) table.target_sentences.push_back(pair.target);  // better than no idea of word order
                pairs.push_back(std::move(pair));
            }
    std::vector<WordPair> turned;
    for (const auto& pair : pairs) turned.push_back({pair.target, pair.source, pair.weight});
    const auto forward = LexicalTable::train(pairs), backward = LexicalTable::train(turned);

    Counts counts;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
        Links links;
        if (p < sentences) {
            links = symmetrised(forward.best_positions(pairs[p].source, pairs[p].target),
                backward.best_positions(pairs[p].target, pairs[p].source));
        } else {
            // A dictionary entry is one phrase.
            for (int i = 0; i < int(pairs[p].source.size()); ++i)
                for (int j = 0; j < int(pairs[p].target.size()); ++j) links.insert({i, j});
        }
        extract(pairs[p], links, counts);
    }
    for (const auto& [source, targets] : counts.pairs) {
        double total = 0.5;
        for (const auto& [target, count] : targets) total += count;
        std::vector<Phrase> phrases;
        for (const auto& [target, count] : targets)
            phrases.push_back({target,
                phrase_forward * std::log(count / total) + phrase_backward * std::log(count / (counts.targets[target] + 0.5))
                    + words_forward * words_score(source, target, forward)
                    + words_backward * words_score(target, source, backward)});
        std::stable_sort(phrases.begin(), phrases.end(), [](const Phrase& a, const Phrase& b) { return a.score > b.score; });
        if (phrases.size() > kept) phrases.resize(kept);
        table.phrases.emplace(source, std::move(phrases));
    }
    return table;
}

}  // namespace pathloom
