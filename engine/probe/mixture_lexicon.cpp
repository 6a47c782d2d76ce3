// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture_lexicon.h"

#include "engine/probe/mixture.h"
#include "engine/probe/pick.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

namespace pathloom {

namespace {

using Sentence = std::vector<std::string>;

constexpr std::string_view usual_sign = " =";
constexpr std::array<std::string_view, 5> other_signs{":", " ->", " means", " |", " \xe2\x80\x94"};

std::string joined(const Sentence& words)
{
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

/// One of the two languages of a dictionary.
struct Tongue {
    const SoundSystem* sounds = nullptr;  ///< null: words of the corpus
    const FactWriter* words = nullptr;
    [[nodiscard]] std::string word(Rng& rng) const { return sounds ? sounds->word(rng) : words->word(rng); }
    [[nodiscard]] std::string ending(Rng& rng) const
    {
        static constexpr std::array known{"s", "ed", "ing", "er", "ly", "'s"};
        return sounds ? sounds->ending(rng) : known[std::size_t(rng.below(known.size()))];
    }
    [[nodiscard]] Sentence phrase(Rng& rng, std::size_t longest) const
    {
        Sentence out;
        const double u = rng.uniform();
        const std::size_t n = std::min<std::size_t>(longest, u < 0.62 ? 1 : u < 0.86 ? 2 : u < 0.95 ? 3 : 4);
        for (std::size_t i = 0; i < n; ++i) out.push_back(word(rng));
        return out;
    }
};

struct Line {
    std::string source, target;
    std::int64_t at = 0;  // first token of the target
    Tokens answer;  // the target's tokens as they stand in the document, the line end included
    bool sentence = false;
};

/// A source that is easily taken for `like`.
Sentence near_to(const Sentence& like, const Tongue& tongue, Rng& rng)
{
    Sentence out = like;
    const double u = rng.uniform();
    if (u < 0.35)
        out.back() += tongue.ending(rng);
    else if (u < 0.6)
        out.push_back(tongue.word(rng));
    else if (u < 0.8)
        out.insert(out.begin(), tongue.word(rng));
    else
        out[std::size_t(rng.below(out.size()))] = tongue.word(rng);
    return out;
}

}  // namespace

SoundSystem::SoundSystem(Rng& rng)
{
    static constexpr std::array<const char*, 28> onsets{"p", "b", "t", "d", "k", "g", "m", "n", "ng", "ny", "f", "v", "s", "z",
        "sh", "h", "r", "l", "w", "y", "j", "c", "kw", "tr", "pr", "x", "q", "'"};
    static constexpr std::array<const char*, 16> vowels{"a", "e", "i", "o", "u", "a", "i", "u", "ai", "ie", "uo", "ei", "oa",
        "\xc3\xb1"
        "a",
        "\xc3\xb6", "\xc3\xb9"};
    static constexpr std::array<const char*, 12> codas{"n", "m", "r", "l", "t", "k", "p", "s", "ng", "h", "z", "rn"};
    const auto some = [&](const auto& list, std::size_t least, std::vector<std::string>& out) {
        std::vector<std::string> all(list.begin(), list.end());
        rng.shuffle(std::span(all));
        all.resize(least + std::size_t(rng.below(all.size() - least)));
        out = std::move(all);
    };
    some(onsets, 8, m_onsets);
    some(vowels, 3, m_vowels);
    some(codas, 2, m_codas);
    m_onset = rng.uniform(0.65, 0.97);
    m_coda = rng.uniform(0.05, 0.6);
}

std::string SoundSystem::syllable(Rng& rng) const
{
    const auto one = [&](const std::vector<std::string>& list) { return list[std::size_t(rng.below(list.size()))]; };
    std::string out;
    if (rng.uniform() < m_onset) out += one(m_onsets);
    out += one(m_vowels);
    if (rng.uniform() < m_coda) out += one(m_codas);
    return out;
}

std::string SoundSystem::word(Rng& rng) const
{
    const double u = rng.uniform();
    const int n = u < 0.2 ? 1 : u < 0.65 ? 2 : u < 0.92 ? 3 : 4;
    std::string out;
    for (int i = 0; i < n; ++i) out += syllable(rng);
    return out;
}

std::string SoundSystem::ending(Rng& rng) const
{
    return syllable(rng);
}

std::string lexicon_line(std::string_view source, std::string_view target)
{
    return lookup_prompt(source) + " " + std::string(target) + "\n";
}

std::string lookup_prompt(std::string_view source)
{
    return std::string(source) + std::string(usual_sign);
}

MixtureDocument lexicon_document(const Tokenizer& tokenizer, const FactWriter& words, const LexiconShape& shape, Rng& rng)
{
    const SoundSystem sounds(rng), other_sounds(rng);
    Tongue from{nullptr, &words}, to{&sounds, &words};
    const double direction = rng.uniform();
    if (direction >= 0.45 && direction < 0.9) std::swap(from, to);
    if (direction >= 0.9) from.sounds = &other_sounds;
    const std::string sign(rng.uniform() < 0.7 ? usual_sign : other_signs[std::size_t(rng.below(other_signs.size()))]);
    const bool turned = rng.uniform() < 0.6;  // the invented word order: the verb last, the adjective after its noun, ...
    const std::string suffix = rng.uniform() < 0.5 ? to.ending(rng) : "";

    MixtureDocument out;
    std::vector<Line> lines;
    std::set<std::string> taken;
    const Tokens line_end = tokenizer.encode_ids("\n");
    const auto write = [&](std::string source, std::string target, bool sentence) {
        const Tokens before = tokenizer.encode_ids(source + sign);
        Line line{std::move(source), std::move(target), 0, {}, sentence};
        line.answer = tokenizer.encode_ids(" " + line.target);
        append(line.answer, line_end);
        if (out.tokens.size() + before.size() + line.answer.size() > shape.room) return false;
        append(out.tokens, before);
        line.at = std::int64_t(out.tokens.size());
        append(out.tokens, line.answer);
        lines.push_back(std::move(line));
        return true;
    };
    std::vector<std::array<Sentence, 2>> entries;
    const std::size_t most = 6 + std::size_t(rng.below(20));
    append(out.tokens, line_end);
    for (bool room = true; room && entries.size() < most;) {
        const bool near = !entries.empty() && rng.uniform() < 0.35;
        const Sentence source
            = near ? near_to(entries[std::size_t(rng.below(entries.size()))][0], from, rng) : from.phrase(rng, 3);
        if (!taken.insert(joined(source)).second) continue;
        const Sentence target = to.phrase(rng, 3);
        room = write(joined(source), joined(target), false);
        if (room) entries.push_back({source, target});
    }
    // Examples: each word's translation in the order of the invented language, now and then with a suffix.
    for (bool room = !entries.empty() && rng.uniform() < 0.7; room;) {
        Sentence source, target;
        const auto n = 2 + rng.below(4);
        for (std::uint64_t i = 0; i < n; ++i) {
            const auto& entry = entries[std::size_t(rng.below(entries.size()))];
            source.insert(source.end(), entry[0].begin(), entry[0].end());
            Sentence translated = entry[1];
            if (rng.uniform() < 0.3) translated.back() += suffix;
            target.insert(turned ? target.begin() : target.end(), translated.begin(), translated.end());
        }
        std::string text = capitalised(joined(source)) + ".";
        if (!taken.insert(text).second) continue;
        room = write(std::move(text), capitalised(joined(target)) + ".", true) && rng.uniform() < 0.7;
    }

    static constexpr std::array leads{"Translate this.", "Look it up in the dictionary.", "How does one say it?", "Translation:"};
    for (int q = 0; q < shape.asked; ++q) {
        MixtureQuestion question;
        const double kind = rng.uniform();
        const Line* line = lines.empty() || kind < shape.absent ? nullptr : &lines[std::size_t(rng.below(lines.size()))];
        std::string asked = line ? line->source : joined(from.phrase(rng, 2));
        if (!line && taken.contains(asked)) asked += from.word(rng);
        if (line && !line->sentence && kind > 0.8) {  // another form of the word, which has no line of its own
            const std::string form = rng.uniform() < 0.3 ? capitalised(asked) : asked + from.ending(rng);
            if (!taken.contains(form)) asked = form;
        }
        const std::string lead = rng.uniform() < 0.25 ? leads[std::size_t(rng.below(leads.size()))] : std::string();
        question.prompt = tokenizer.encode_ids(reader_prompt(lead, asked + sign));
        if (line) {
            question.answer = line->answer;
            for (std::size_t i = 0; i < line->answer.size(); ++i) question.places.push_back(line->at + std::int64_t(i));
        } else {
            question.answer = tokenizer.encode_ids(" " + std::string(NoAnswer));
            append(question.answer, line_end);
        }
        out.questions.push_back(std::move(question));
    }
    return out;
}

}  // namespace pathloom
