// SPDX-License-Identifier: GPL-3.0-or-later
// The lexical baseline: a phrase-based beam search over the phrase table and the trigram model.
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/ngram_model.h"
#include "engine/probe/translate/phrase_table.h"
#include "engine/probe/translate/words.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace pathloom {

namespace {

// Found like the weights of the phrase table. Scores are natural logarithms.
constexpr double order_weight = 0.5;  // of the trigram model
constexpr double word_bonus = 1.75, phrase_bonus = -0.3, copy_score = -1.0, drop_score = -5.0, guess_score = -1.0;
constexpr double jump_score = -0.08;  // a word skipped
constexpr int farthest_jump = 4;
constexpr std::size_t beam = 40;
constexpr std::size_t longest_piece = 40;  // words translated at once; coverage is a 64-bit set
constexpr double impossible = -1e9;

/// One way to translate the words from some place up to `end`.
struct Option {
    int end;
    Words target;
    double score;
    TranslationPart::Kind kind = TranslationPart::Kind::phrase;
    int begin = 0;
    WordId relative = null_word;  ///< the known word that stood in for an unknown one
};
using Options = std::vector<std::vector<Option>>;  // [start]

struct State {
    std::uint64_t covered = 0;
    WordId before_last = NgramModel::begin, last = NgramModel::begin;
    int end = 0;  // of the phrase translated last
    auto operator<=>(const State&) const = default;
};
struct Reached {
    double score;
    const std::pair<const State, Reached>* from = nullptr;
    const Option* by = nullptr;
};
using Stack = std::map<State, Reached>;

class Lexical final : public Translator {
public:
    explicit Lexical(const TranslationMaterial& material)
        : m_language(material.languages[0])
        , m_table(build_phrase_table(material))
    {
        for (const auto& sentence : m_table.target_sentences) m_order.learn(sentence);
        for (const auto& pair : material.sentences)
            if (const auto text = decode_utf8(pair[1])) m_spelling.learn(*text);
    }

    [[nodiscard]] Translation explain(const std::string& sentence) const override
    {
        const auto text = decode_utf8(sentence);
        if (!text || m_table.phrases.empty()) return {sentence, {}};
        Translation out;
        std::set<std::u32string> names;
        const auto surface = surface_words(*text);
        for (std::size_t i = 1; i < surface.size(); ++i)
            if (lowered(surface[i]) != surface[i]) names.insert(folded_word(surface[i]));
        const auto words = plain_words(*text, m_language);
        std::vector<std::u32string> translation;
        for (std::size_t start = 0; start < words.size(); start += longest_piece) {
            const std::vector<std::u32string> piece(words.begin() + std::ptrdiff_t(start),
                words.begin() + std::ptrdiff_t(std::min(words.size(), start + longest_piece)));
            for (auto& word : translate_piece(piece, names, out.parts)) translation.push_back(std::move(word));
        }
        out.text = encode_utf8(m_spelling.sentence(translation, *text));
        return out;
    }

private:
    /// A word with the same beginning that is known: an inflected form most likely.
    [[nodiscard]] WordId relative_of(const std::u32string& word) const
    {
        const auto known = [&](const std::u32string& stem) {
            const WordId id = m_table.source.find(stem);
            return id != null_word && m_table.phrases.count({id}) ? id : null_word;
        };
        if (m_language == "eng" || m_language == "en") {
            for (const std::u32string_view ending :
                {U"s", U"es", U"ed", U"d", U"ing", U"ning", U"ting", U"ies", U"ied", U"er", U"ly"})
                if (word.ends_with(ending)) {
                    const auto stem = word.substr(0, word.size() - ending.size());
                    for (const auto& form : {stem, stem + U"e", stem + U"y"})
                        if (form.size() > 2)
                            if (const WordId id = known(form)) return id;
                }
            return null_word;
        }
        for (std::size_t length = word.size(); --length >= std::max<std::size_t>(3, word.size() / 2) && length < word.size();)
            if (const WordId id = known(word.substr(0, length))) return id;
        return null_word;
    }

    /// Ids above the vocabulary stand for the words of the sentence itself.
    [[nodiscard]] Options options_for(const std::vector<std::u32string>& words, const std::set<std::u32string>& names) const
    {
        Options options(words.size());
        Words ids;
        for (const auto& word : words) ids.push_back(m_table.source.find(word));
        using Kind = TranslationPart::Kind;
        const auto add = [&](std::size_t start, std::size_t end, const std::vector<Phrase>& phrases, double extra,
                             WordId relative = null_word) {
            for (const auto& phrase : phrases)
                options[start].push_back(
                    {int(end), phrase.target, phrase.score + word_bonus * double(phrase.target.size()) + phrase_bonus + extra,
                        relative == null_word ? Kind::phrase : Kind::relative, int(start), relative});
        };
        for (std::size_t i = 0; i < words.size(); ++i) {
            for (std::size_t end = i + 1; end <= std::min(words.size(), i + PhraseTable::longest); ++end)
                if (const auto found
                    = m_table.phrases.find(Words(ids.begin() + std::ptrdiff_t(i), ids.begin() + std::ptrdiff_t(end)));
                    found != m_table.phrases.end())
                    add(i, end, found->second, 0.0);
            const bool alone = std::any_of(
                options[i].begin(), options[i].end(), [&](const Option& option) { return option.end == int(i) + 1; });
            if (!alone) {
                const WordId relative = names.count(words[i]) ? null_word : relative_of(words[i]);
                if (relative != null_word) {
                    auto phrases = m_table.phrases.at({relative});
                    if (phrases.size() > 5) phrases.resize(5);
                    add(i, i + 1, phrases, guess_score, relative);
                }
                options[i].push_back({int(i) + 1, {copied(i)}, copy_score + word_bonus, Kind::copied, int(i)});
            }
            options[i].push_back({int(i) + 1, {}, drop_score, Kind::phrase, int(i)});
        }
        return options;
    }
    static WordId copied(std::size_t position) { return NgramModel::unknown - 1 - WordId(position); }
    static bool is_copied(WordId id) { return id > NgramModel::unknown - 1 - WordId(longest_piece) && id < NgramModel::unknown; }
    [[nodiscard]] std::u32string written(WordId id, const std::vector<std::u32string>& words) const
    {
        if (!is_copied(id)) return m_table.target.word(id);
        return words[NgramModel::unknown - 1 - id];
    }

    /// Best score of every span by itself, word order inside phrases only: what is still to come, at best.
    [[nodiscard]] std::vector<std::vector<double>> outlook(const Options& options) const
    {
        const std::size_t n = options.size();
        std::vector<std::vector<double>> best(n + 1, std::vector<double>(n + 1, impossible));
        for (std::size_t i = 0; i < n; ++i)
            for (const auto& option : options[i]) {
                double score = option.score;
                WordId last = NgramModel::unknown;
                for (const auto word : option.target) {
                    score += order_weight * m_order.log_probability(NgramModel::unknown, last, word);
                    last = word;
                }
                best[i][std::size_t(option.end)] = std::max(best[i][std::size_t(option.end)], score);
            }
        for (std::size_t length = 2; length <= n; ++length)
            for (std::size_t i = 0; i + length <= n; ++i)
                for (std::size_t k = i + 1; k < i + length; ++k)
                    best[i][i + length] = std::max(best[i][i + length], best[i][k] + best[k][i + length]);
        return best;
    }

    [[nodiscard]] TranslationPart part_of(const Option& option, const std::vector<std::u32string>& words) const
    {
        TranslationPart part;
        part.kind = option.kind;
        for (const auto word : option.target) part.target.push_back(encode_utf8(written(word, words)));
        for (int i = option.begin; i < option.end; ++i) part.source.push_back(encode_utf8(words[std::size_t(i)]));
        if (option.kind == TranslationPart::Kind::relative) part.source = {encode_utf8(m_table.source.word(option.relative))};
        return part;
    }

    /// The words of the translation; what they stand for goes to the end of `parts`.
    [[nodiscard]] std::vector<std::u32string> translate_piece(const std::vector<std::u32string>& words,
        const std::set<std::u32string>& names, std::vector<TranslationPart>& parts) const
    {
        const int n = int(words.size());
        const Options options = options_for(words, names);
        const auto best = outlook(options);
        const auto still = [&](std::uint64_t covered) {
            double score = 0.0;
            for (int i = 0; i < n; ++i) {
                if (covered >> i & 1) continue;
                int j = i;
                while (j < n && !(covered >> j & 1)) ++j;
                score += best[std::size_t(i)][std::size_t(j)];
                i = j;
            }
            return score;
        };
        const std::uint64_t all = (std::uint64_t(1) << n) - 1;
        std::vector<Stack> stacks(words.size() + 1);
        stacks[0].emplace(State(), Reached{0.0});
        for (int k = 0; k < n; ++k) {
            std::vector<std::pair<double, const Stack::value_type*>> ranked;
            for (const auto& entry : stacks[std::size_t(k)])
                ranked.emplace_back(entry.second.score + still(entry.first.covered), &entry);
            std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
            if (ranked.size() > beam) ranked.resize(beam);
            for (const auto& [rank, entry] : ranked) {
                const State& state = entry->first;
                int open = 0;
                while (state.covered >> open & 1) ++open;
                for (int i = open; i < std::min(n, open + farthest_jump + 1); ++i)
                    for (const auto& option : options[std::size_t(i)]) {
                        const std::uint64_t span = (std::uint64_t(1) << option.end) - (std::uint64_t(1) << i);
                        if (state.covered & span) continue;
                        State next{state.covered | span, state.before_last, state.last, option.end};
                        double score = entry->second.score + option.score + jump_score * std::abs(i - state.end);
                        for (const auto word : option.target) {
                            score += order_weight * m_order.log_probability(next.before_last, next.last, word);
                            next.before_last = next.last;
                            next.last = word;
                        }
                        if (next.covered == all)
                            score += order_weight * m_order.log_probability(next.before_last, next.last, NgramModel::end);
                        auto& reached = stacks[std::size_t(k + option.end - i)]
                                            .try_emplace(next, Reached{-std::numeric_limits<double>::max()})
                                            .first->second;
                        if (score > reached.score) reached = {score, entry, &option};
                    }
            }
        }
        const Stack::value_type* at = nullptr;
        for (const auto& entry : stacks[words.size()])
            if (!at || entry.second.score > at->second.score) at = &entry;
        std::vector<std::u32string> translation;
        const auto first_part = std::ptrdiff_t(parts.size());
        for (; at && at->second.by; at = at->second.from) {
            if (!at->second.by->target.empty()) parts.push_back(part_of(*at->second.by, words));
            for (auto word = at->second.by->target.rbegin(); word != at->second.by->target.rend(); ++word)
                translation.push_back(written(*word, words));
        }
        std::reverse(parts.begin() + first_part, parts.end());
        std::reverse(translation.begin(), translation.end());
        return translation;
    }

    std::string m_language;
    PhraseTable m_table;
    NgramModel m_order;
    Spelling m_spelling;
};

}  // namespace

std::unique_ptr<Translator> make_lexical_translator(const TranslationMaterial& material)
{
    return std::make_unique<Lexical>(material);
}

}  // namespace pathloom
