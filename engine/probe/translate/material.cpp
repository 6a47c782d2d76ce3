// SPDX-License-Identifier: GPL-3.0-or-later
// What a translator may know.
#include "engine/core/rng.h"
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/translator.h"

#include <array>
#include <set>
#include <span>

namespace pathloom {

namespace {

constexpr std::array<std::pair<Context, std::string_view>, 4> contexts{{{Context::zero_shot, "zero-shot"},
    {Context::words, "words"}, {Context::sentences, "sentences"}, {Context::no_book, "no-book"}}};

/// Without white space and case, so that a copy with another line end is still a copy.
std::u32string core_of(const std::string& text)
{
    std::u32string core;
    if (const auto decoded = decode_utf8(text))
        for (const char32_t c : lowered(*decoded))
            if (!is_python_space(c)) core += c;
    return core;
}

}  // namespace

Result<Context> context_named(const std::string& name)
{
    for (const auto& [context, known] : contexts)
        if (known == name) return context;
    return fail(ErrorCode::Usage,
        "'{}' is no context of a baseline; take zero-shot, words, sentences or no-book (they read no book)", name);
}

std::string_view name_of(Context context)
{
    for (const auto& [known, name] : contexts)
        if (known == context) return name;
    return "";
}

TranslationMaterial translation_material(const LanguagePack& pack, int from, Context context, int shots, std::uint64_t seed,
    const std::vector<std::array<std::string, 2>>& held_out)
{
    const auto source = std::size_t(from), target = std::size_t(1 - from);
    TranslationMaterial material;
    material.languages = {pack.languages[source], pack.languages[target]};
    std::set<std::array<std::u32string, 2>> hidden;
    for (const auto& pair : held_out) hidden.insert({core_of(pair[0]), core_of(pair[1])});
    if (context == Context::sentences || context == Context::no_book) {
        if (const auto train = pack.splits.find("train"); train != pack.splits.end()) {
            for (const auto& pair : train->second)
                if (!hidden.count({core_of(pair.text[source]), core_of(pair.text[target])}))
                    material.sentences.push_back({pair.text[source], pair.text[target]});
            if (shots >= 0 && std::size_t(shots) < material.sentences.size()) {
                Rng rng(mix(seed, text_key("shots")));
                rng.shuffle(std::span(material.sentences));
                material.sentences.resize(std::size_t(shots));
            }
        }
    }
    if (context == Context::words || context == Context::no_book)
        for (const auto& entry : pack.dictionary)
            material.dictionary.push_back({{entry.text[source], entry.text[target]}, entry.part_of_speech});
    return material;
}

}  // namespace pathloom
