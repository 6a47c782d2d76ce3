// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/frame_lines.h"

#include "engine/probe/mixture.h"
#include "engine/probe/pick.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace pathloom {

namespace {

constexpr std::array<const char*, 12> adjectives{
    "secret", "secret", "hidden", "second", "last", "magic", "public", "first", "old", "red", "sacred", "next"};
constexpr std::array<const char*, 12> nouns{
    "word", "word", "code", "name", "key", "place", "door", "number", "world", "sword", "answer", "train"};

constexpr std::array<const char*, 6> secret_questions{"What is the secret word?", "What is the secret word?",
    "Tell me the secret word.", "Which secret word is shown?", "Find the secret word.", "The secret word?"};
constexpr std::array<const char*, 5> secret_prefixes{
    "The secret word is \"", "The secret word is \"", "Answer:", "Answer:", "The secret word is"};
constexpr const char* secret_topic = "secret word";
constexpr std::size_t longest_line = 40;  // letters: longer lines are drawn smaller
constexpr int most_drafts = 200;
constexpr double fact_share = 0.6;
constexpr double like_share
    = 0.15;  // of other keys: keys that differ in two letters are told apart by what is spelt, not by a row's key

std::string secret_prompt(Rng& rng)
{
    const std::string question = pick(rng, secret_questions);
    return reader_prompt(question, pick(rng, secret_prefixes));
}

std::string in_capitals(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return char(std::toupper(c)); });
    return text;
}

}  // namespace

std::string random_word(Rng& rng)
{
    static constexpr std::string_view vowels = "aeiou", consonants = "bcdfghjklmnpqrstvwxyz";
    const std::size_t length = 3 + std::size_t(rng.below(8));
    const bool syllables = rng.uniform() < 0.5;
    std::string out;
    for (std::size_t i = 0; i < length; ++i) {
        if (!syllables)
            out += char('a' + rng.below(26));
        else if ((i % 2 == 1) != (rng.uniform() < 0.15))
            out += vowels[std::size_t(rng.below(vowels.size()))];
        else
            out += consonants[std::size_t(rng.below(consonants.size()))];
    }
    if (rng.uniform() < 0.1) {  // a letter twice
        const std::size_t at = std::size_t(rng.below(out.size()));
        out.insert(at, 1, out[at]);
    }
    return out;
}

OverlayLine secret_line(Rng& rng)
{
    OverlayLine out{"The secret word is \"", random_word(rng), 0, "", secret_topic};
    out.answer_at = out.text.size();
    if (rng.uniform() < 0.06) out.answer = in_capitals(out.answer);
    out.text += out.answer + '"';
    out.prompt = secret_prompt(rng);
    return out;
}

OverlayLine other_line(Rng& rng)
{
    const auto line = [&](std::string text) { return OverlayLine{std::move(text), "", 0, secret_prompt(rng), secret_topic}; };
    const double kind = rng.uniform();
    if (kind < 0.45) {
        std::string adjective = pick(rng, adjectives), noun = pick(rng, nouns);
        if (rng.uniform() < 0.2) adjective = random_word(rng);
        if (rng.uniform() < 0.2) noun = random_word(rng);
        if (adjective == "secret" && noun == "word") noun = "code";
        return line("The " + adjective + " " + noun + " is \"" + random_word(rng) + "\"");
    }
    if (kind < 0.6) {
        const std::string first = random_word(rng), second = random_word(rng);
        return line(first + " " + second + " \"" + random_word(rng) + "\"");
    }
    if (kind < 0.7) return line("The secret word is " + std::string(rng.uniform() < 0.5 ? "not here" : "gone"));
    std::string out;
    if (kind < 0.8) {
        for (std::size_t i = 0, n = 4 + std::size_t(rng.below(14)); i < n; ++i)
            out += i % 5 == 4 ? ' ' : char('0' + rng.below(10));
        return line(std::move(out));
    }
    out = random_word(rng);
    for (std::size_t i = 0, n = std::size_t(rng.below(5)); i < n; ++i) {
        out += ' ';
        out += rng.uniform() < 0.1 ? in_capitals(random_word(rng)) : random_word(rng);
    }
    return line(capitalised(std::move(out)));
}

OverlayLine fact_line(Rng& rng, const FactWriter& facts, bool answered)
{
    for (int draft = 0; draft < most_drafts; ++draft) {
        const FactWording wording = facts.wording(rng);
        // A frame spells letters and digits, and no blanks within an answer.
        if (wording.value != ValueKind::Digits && wording.value != ValueKind::Word && wording.value != ValueKind::Name) continue;
        std::set<std::string> taken;
        const std::string shown = facts.key(rng, taken, ""), value = facts.value(rng, wording.value);
        const std::string lead = filled(wording.statement, "{K}", shown);
        const std::string text = filled(lead, "{V}", value);
        if (text.size() > longest_line) continue;
        FactWording asked = wording;
        std::string key = shown;
        const bool other_noun = rng.uniform() < 0.3;
        if (!answered && other_noun) asked.noun = facts.word(rng);
        if (!answered && !other_noun) key = facts.key(rng, taken, rng.uniform() < like_share ? shown : "");
        const std::string question = facts.question(rng, asked, key);
        OverlayLine out{text, "", 0, reader_prompt(question, facts.prefix(rng, asked, key)), asked.noun + "|" + key};
        if (answered) {
            out.answer = value;
            out.answer_at = lead.find("{V}");
        }
        return out;
    }
    return answered ? secret_line(rng) : other_line(rng);  // words too long for a picture
}

LineWriter frame_lines(const FactWriter& facts)
{
    return [&facts](Rng& rng, bool answered) {
        if (rng.uniform() < fact_share) return fact_line(rng, facts, answered);
        return answered ? secret_line(rng) : other_line(rng);
    };
}

}  // namespace pathloom
