// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/phrase_system.h"

#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/beam_search.h"
#include "engine/probe/translate/phrase_table.h"
#include "engine/probe/translate/words.h"

#include <algorithm>
#include <set>

namespace pathloom {

namespace {

// Found like the weights of the phrase table. Scores are natural logarithms.
constexpr double phrase_bonus = -0.3, copy_score = -1.0, drop_score = -5.0, guess_score = -1.0;
constexpr std::size_t guesses = 5;

class BeamSystem final : public PhraseSystem {
public:
    BeamSystem(const TranslationMaterial& material, const PhraseSettings& settings)
        : m_settings(settings)
        , m_language(material.languages[0])
        , m_table(build_phrase_table(material, settings.split))
    {
        for (const auto& sentence : m_table.target_sentences) m_order.learn(sentence);
        // Better than no idea of word order, and the more so the fewer sentences there are.
        const double trust = gloss_trust(m_table.target_sentences.size());
        for (const auto& gloss : m_table.target_glosses) m_order.learn(gloss, trust);
        for (const auto& pair : material.sentences)
            if (const auto text = decode_utf8(pair[1])) m_spelling.learn(*text);
    }

    [[nodiscard]] std::vector<Candidate> candidates(const std::string& sentence, std::size_t most) const override
    {
        const auto text = decode_utf8(sentence);
        if (!text || m_table.phrases.empty()) return {{{sentence, {}}, 0.0}};
        std::set<std::u32string> names;
        const auto surface = surface_words(*text);
        for (std::size_t i = 1; i < surface.size(); ++i)
            if (lowered(surface[i]) != surface[i]) names.insert(folded_word(surface[i]));
        const auto words = m_table.words(*text, 0, m_language);
        std::vector<Draft> drafts(1);
        for (std::size_t start = 0; start < words.size(); start += longest_piece) {
            const std::vector<std::u32string> piece(words.begin() + std::ptrdiff_t(start),
                words.begin() + std::ptrdiff_t(std::min(words.size(), start + longest_piece)));
            auto found = translate_piece(piece, names, most);
            if (start == 0) {
                drafts = std::move(found);
                continue;
            }
            for (auto& draft : drafts) {  // further pieces of a long sentence in their best version only
                draft.words.insert(draft.words.end(), found[0].words.begin(), found[0].words.end());
                draft.parts.insert(draft.parts.end(), found[0].parts.begin(), found[0].parts.end());
            }
        }
        std::vector<Candidate> out;
        std::set<std::string> taken;
        for (auto& draft : drafts) {
            std::string written = encode_utf8(m_spelling.sentence(Forms::joined(draft.words), *text));
            if (taken.insert(written).second) out.push_back({{std::move(written), std::move(draft.parts)}, draft.score});
        }
        return out;
    }

private:
    struct Draft {
        std::vector<std::u32string> words;
        std::vector<TranslationPart> parts;
        double score = 0.0;
    };
    /// What an option stands for.
    struct Meaning {
        TranslationPart::Kind kind = TranslationPart::Kind::phrase;
        WordId relative = null_word;  ///< the known word that stood in for an unknown one
    };
    struct Options {
        std::vector<SpanOption> spans;
        std::vector<Meaning> meanings;
        void add(SpanOption span, Meaning meaning)
        {
            spans.push_back(std::move(span));
            meanings.push_back(meaning);
        }
    };

    /// A word with the same beginning that is known: an inflected form most likely.
    [[nodiscard]] WordId relative_of(const std::u32string& word) const
    {
        const auto known = [&](const std::u32string& stem) {
            const WordId id = m_table.source.find(stem);
            return id != null_word && m_table.phrases.count({id}) ? id : null_word;
        };
        if (is_english(m_language)) {
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
    static WordId copied(std::size_t position) { return NgramModel::unknown - 1 - WordId(position); }
    static bool is_copied(WordId id) { return id > NgramModel::unknown - 1 - WordId(longest_piece) && id < NgramModel::unknown; }
    [[nodiscard]] std::u32string written(WordId id, const std::vector<std::u32string>& words) const
    {
        return is_copied(id) ? words[NgramModel::unknown - 1 - id] : m_table.target.word(id);
    }

    [[nodiscard]] Options options_for(const std::vector<std::u32string>& words, const std::set<std::u32string>& names) const
    {
        using Kind = TranslationPart::Kind;
        Options options;
        Words ids;
        for (const auto& word : words) ids.push_back(m_table.source.find(word));
        for (std::size_t i = 0; i < words.size(); ++i) {
            const auto add = [&](std::size_t end, const Phrase& phrase, double extra, Meaning meaning) {
                const double score = phrase.score + m_settings.word_bonus * double(phrase.target.size()) + phrase_bonus + extra;
                options.add({int(i), int(end), phrase.target, score}, meaning);
            };
            bool alone = false;
            for (std::size_t end = i + 1; end <= std::min(words.size(), i + PhraseTable::longest); ++end) {
                const Words span(ids.begin() + std::ptrdiff_t(i), ids.begin() + std::ptrdiff_t(end));
                const auto found = m_table.phrases.find(span);
                if (found == m_table.phrases.end()) continue;
                alone = alone || end == i + 1;
                for (const auto& phrase : found->second) add(end, phrase, 0.0, {});
            }
            if (!alone) {
                const WordId relative = names.count(words[i]) ? null_word : relative_of(words[i]);
                if (relative != null_word) {
                    const auto& phrases = m_table.phrases.at({relative});
                    for (std::size_t p = 0; p < std::min(guesses, phrases.size()); ++p)
                        add(i + 1, phrases[p], guess_score, {Kind::relative, relative});
                }
                options.add({int(i), int(i) + 1, {copied(i)}, copy_score + m_settings.word_bonus}, {Kind::copied});
            }
            options.add({int(i), int(i) + 1, {}, drop_score}, {});
        }
        return options;
    }

    [[nodiscard]] TranslationPart part_of(
        const SpanOption& option, const Meaning& meaning, const std::vector<std::u32string>& words) const
    {
        TranslationPart part;
        part.kind = meaning.kind;
        for (const auto word : option.target) part.target.push_back(encode_utf8(written(word, words)));
        for (int i = option.begin; i < option.end; ++i) part.source.push_back(encode_utf8(words[std::size_t(i)]));
        if (meaning.kind == TranslationPart::Kind::relative) part.source = {encode_utf8(m_table.source.word(meaning.relative))};
        return part;
    }

    /// Best first; never none, because every word may be dropped.
    [[nodiscard]] std::vector<Draft> translate_piece(
        const std::vector<std::u32string>& words, const std::set<std::u32string>& names, std::size_t most) const
    {
        const Options options = options_for(words, names);
        BeamSettings beam;
        beam.order_weight = m_settings.order_weight;
        std::vector<Draft> drafts;
        for (const auto& result : beam_search(words.size(), options.spans, m_order, beam, std::max<std::size_t>(1, most))) {
            Draft draft{{}, {}, result.score};
            for (const std::size_t used : result.used) {
                const SpanOption& option = options.spans[used];
                for (const auto word : option.target) draft.words.push_back(written(word, words));
                if (!option.target.empty()) draft.parts.push_back(part_of(option, options.meanings[used], words));
            }
            drafts.push_back(std::move(draft));
        }
        return drafts;
    }

    PhraseSettings m_settings;
    std::string m_language;
    PhraseTable m_table;
    NgramModel m_order;
    Spelling m_spelling;
};

}  // namespace

std::unique_ptr<PhraseSystem> make_phrase_system(const TranslationMaterial& material, const PhraseSettings& settings)
{
    return std::make_unique<BeamSystem>(material, settings);
}

}  // namespace pathloom
