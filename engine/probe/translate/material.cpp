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

constexpr std::array<std::pair<Context, std::string_view>, 6> contexts{
    {{Context::zero_shot, "zero-shot"}, {Context::words, "words"}, {Context::sentences, "sentences"},
        {Context::no_book, "no-book"}, {Context::half_book, "half-book"}, {Context::full_book, "full-book"}}};

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
    return fail(ErrorCode::Usage, "'{}' is no context; take zero-shot, words, sentences, no-book, half-book or full-book", name);
}

std::string_view name_of(Context context)
{
    for (const auto& [known, name] : contexts)
        if (known == context) return name;
    return "";
}

Result<TranslationMaterial> translation_material(const LanguagePack& pack, int from, Context context, int shots,
    std::uint64_t seed, const std::vector<std::array<std::string, 2>>& held_out)
{
    const auto source = std::size_t(from), target = std::size_t(1 - from);
    TranslationMaterial material;
    material.languages = {pack.languages[source], pack.languages[target]};
    std::set<std::array<std::u32string, 2>> hidden;
    for (const auto& pair : held_out) hidden.insert({core_of(pair[0]), core_of(pair[1])});
    const bool with_book = context == Context::half_book || context == Context::full_book;
    if (with_book && pack.grammar.empty())
        return fail(ErrorCode::NotFound, "the pack {} has no grammar.txt or grammar.md, so there is no {} to read", pack.name,
            name_of(context));
    if (context == Context::sentences || context == Context::no_book || with_book) {
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
    if (context == Context::words || context == Context::no_book || with_book)
        for (const auto& entry : pack.dictionary)
            material.dictionary.push_back({{entry.text[source], entry.text[target]}, entry.part_of_speech});
    if (with_book) {
        std::set<std::u32string> letters;
        const auto hide = [&](const std::array<std::string, 2>& pair) {
            for (const auto& text : pair)
                if (auto core = letters_of(text); !core.empty()) letters.insert(std::move(core));
        };
        for (const auto& pair : held_out) hide(pair);
        for (const auto& [name, pairs] : pack.splits)
            if (name != "train")
                for (const auto& pair : pairs) hide(pair.text);
        CleanBook book = book_without(pack, context == Context::half_book ? half_of(pack.grammar) : pack.grammar, letters);
        for (auto& pair : book.pairs) {
            if (from == 1) std::swap(pair.text[0], pair.text[1]);
            material.book.push_back(std::move(pair));
        }
        material.grammar = std::move(book.text);
        material.removed_examples = book.removed;
    }
    return material;
}

}  // namespace pathloom
