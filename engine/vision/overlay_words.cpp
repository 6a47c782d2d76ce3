// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/overlay_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace pathloom {

namespace {

constexpr std::array<const char*, 12> adjectives{
    "secret", "secret", "hidden", "second", "last", "magic", "public", "first", "old", "red", "sacred", "next"};
constexpr std::array<const char*, 12> nouns{
    "word", "word", "code", "name", "key", "place", "door", "number", "world", "sword", "answer", "train"};

template <std::size_t N>
std::string one_of(Rng& rng, const std::array<const char*, N>& list)
{
    return list[std::size_t(rng.below(N))];
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
    OverlayLine out{"The secret word is \"", random_word(rng), 0};
    out.secret_at = out.text.size();
    out.text += rng.uniform() < 0.06 ? in_capitals(out.secret) : out.secret;
    out.text += '"';
    return out;
}

OverlayLine other_line(Rng& rng)
{
    const double kind = rng.uniform();
    if (kind < 0.45) {
        std::string adjective = one_of(rng, adjectives), noun = one_of(rng, nouns);
        if (rng.uniform() < 0.2) adjective = random_word(rng);
        if (rng.uniform() < 0.2) noun = random_word(rng);
        if (adjective == "secret" && noun == "word") noun = "code";
        return {"The " + adjective + " " + noun + " is \"" + random_word(rng) + "\"", "", 0};
    }
    if (kind < 0.6) return {random_word(rng) + " " + random_word(rng) + " \"" + random_word(rng) + "\"", "", 0};
    if (kind < 0.7) return {"The secret word is " + std::string(rng.uniform() < 0.5 ? "not here" : "gone"), "", 0};
    if (kind < 0.8) {
        std::string out;
        for (std::size_t i = 0, n = 4 + std::size_t(rng.below(14)); i < n; ++i)
            out += i % 5 == 4 ? ' ' : char('0' + rng.below(10));
        return {out, "", 0};
    }
    std::string out = random_word(rng);
    for (std::size_t i = 0, n = std::size_t(rng.below(5)); i < n; ++i) {
        out += ' ';
        out += rng.uniform() < 0.1 ? in_capitals(random_word(rng)) : random_word(rng);
    }
    if (out[0] >= 'a') out[0] = char(out[0] - 'a' + 'A');
    return {out, "", 0};
}

}  // namespace pathloom
