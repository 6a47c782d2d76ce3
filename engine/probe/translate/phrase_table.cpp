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
constexpr double half_trust = 3000.0;  // sentences beside which dictionary meanings count half
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

struct Seen {
    double count = 0.0;
    PartOrigin origin;
    std::size_t length = std::size_t(-1);  // of the example it stands in
};
struct Counts {
    std::map<Words, std::map<Words, Seen>> pairs;
    std::map<Words, double> targets;
};

/// Every pair of phrases that the links keep together (Koehn et al. 2003); words without a link may join at the edges.
void extract(const WordPair& pair, const Links& links, const PartOrigin& origin, Counts& counts)
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
                    Seen& seen = counts.pairs[source][target];
                    seen.count += pair.weight;
                    // Dictionary lines come last and win; they have no words around them.
                    if (const std::size_t length = pair.source.size() + pair.target.size();
                        length < seen.length || origin.kind == PartOrigin::Kind::dictionary) {
                        seen.length = length;
                        seen.origin = origin;
                    }
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

std::vector<std::u32string> PhraseTable::words(std::u32string_view text, int side, const std::string& language) const
{
    std::vector<std::u32string> out;
    for (auto& word : plain_words(text, language)) {
        if (!split[std::size_t(side)]) {
            out.push_back(std::move(word));
            continue;
        }
        for (auto& part : forms[std::size_t(side)].parts(word)) out.push_back(std::move(part));
    }
    return out;
}

double gloss_trust(std::size_t sentences)
{
    return 1.0 / (1.0 + double(sentences) / half_trust);
}

PhraseTable build_phrase_table(const TranslationMaterial& material, std::array<bool, 2> split)
{
    PhraseTable table;
    table.split = split;
    struct Example {
        std::array<std::u32string, 2> text;
        PartOrigin origin;
    };
    using Kind = PartOrigin::Kind;
    std::vector<Example> examples, glosses;
    const auto add = [](std::vector<Example>& to, const std::array<std::string, 2>& text, PartOrigin origin) {
        const auto source = decode_utf8(text[0]), target = decode_utf8(text[1]);
        if (source && target) to.push_back({{*source, *target}, origin});
    };
    const auto gloss = [&](const std::array<std::string, 2>& text, PartOrigin origin) {
        for (const auto& from : meanings(text[0]))
            for (const auto& to : meanings(text[1])) glosses.push_back({{from, to}, origin});
    };
    for (std::size_t i = 0; i < material.sentences.size(); ++i) add(examples, material.sentences[i], {Kind::sentence, i});
    for (std::size_t i = 0; i < material.book.size(); ++i) {
        const BookPair& pair = material.book[i];
        if (pair.kind == BookPair::Kind::example)
            add(examples, pair.text, {Kind::book, i});
        else
            gloss(pair.text, {Kind::book, i});
    }
    for (std::size_t i = 0; i < material.dictionary.size(); ++i) gloss(material.dictionary[i].text, {Kind::dictionary, i});
    for (const auto* list : {&examples, &glosses})
        for (const auto& example : *list)
            for (const std::size_t side : {std::size_t(0), std::size_t(1)})
                for (const auto& word : plain_words(example.text[side], material.languages[side])) table.forms[side].count(word);
    for (auto& forms : table.forms) forms.settle();
    const auto numbered = [&](Vocabulary& vocabulary, const std::u32string& text, int side) {
        Words words;
        for (const auto& word : table.words(text, side, material.languages[std::size_t(side)]))
            words.push_back(vocabulary.number(word));
        return words;
    };
    std::vector<WordPair> pairs;
    std::vector<PartOrigin> origins;
    for (const auto& example : examples) {
        WordPair pair{numbered(table.source, example.text[0], 0), numbered(table.target, example.text[1], 1)};
        table.target_sentences.push_back(pair.target);
        if (pair.source.empty() || pair.target.empty()) continue;
        pairs.push_back(std::move(pair));
        origins.push_back(example.origin);
    }
    const std::size_t sentences = pairs.size();
    for (const auto& example : glosses) {
        WordPair pair{numbered(table.source, example.text[0], 0), numbered(table.target, example.text[1], 1)};
        if (pair.source.empty() || pair.target.empty() || pair.source.size() > longest_gloss
            || pair.target.size() > longest_gloss)
            continue;
        table.target_glosses.push_back(pair.target);
        pairs.push_back(std::move(pair));
        origins.push_back(example.origin);
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
        extract(pairs[p], links, origins[p], counts);
    }
    for (const auto& [source, targets] : counts.pairs) {
        double total = 0.5;
        for (const auto& [target, seen] : targets) total += seen.count;
        std::vector<Phrase> phrases;
        for (const auto& [target, seen] : targets) {
            const double count = seen.count;
            phrases.push_back({target,
                phrase_forward * std::log(count / total) + phrase_backward * std::log(count / (counts.targets[target] + 0.5))
                    + words_forward * words_score(source, target, forward)
                    + words_backward * words_score(target, source, backward)});
        }
        std::stable_sort(phrases.begin(), phrases.end(), [](const Phrase& a, const Phrase& b) { return a.score > b.score; });
        if (phrases.size() > kept) phrases.resize(kept);
        for (const auto& phrase : phrases)
            table.pairs.push_back({source, phrase.target, phrase.score, targets.at(phrase.target).origin});
        table.phrases.emplace(source, std::move(phrases));
    }
    return table;
}

}  // namespace pathloom
