// SPDX-License-Identifier: GPL-3.0-or-later
// Where a part of a translation was learnt from.
#include "engine/probe/score/unicode.h"
#include "engine/probe/translate/translator.h"
#include "engine/probe/translate/words.h"

namespace pathloom {

namespace {

using Line = std::vector<std::string>;

Line words_of(const std::string& text, const std::string& language)
{
    Line words;
    if (const auto decoded = decode_utf8(text))
        for (const auto& word : plain_words(*decoded, language)) words.push_back(encode_utf8(word));
    return words;
}

/// Whether the words stand in the line; an ending ("+at") stands in any word, a stem at a word's beginning.
bool holds(const Line& line, const Line& words)
{
    std::string text, wanted;
    for (const auto& word : line) text += " " + word;
    for (const auto& word : words) {
        const bool ending = word.size() > 1 && word[0] == '+';
        wanted += ending ? word.substr(1) : " " + word;
    }
    return text.find(wanted) != std::string::npos;
}

}  // namespace

PartOrigin origin_of(const TranslationPart& part, const TranslationMaterial& material)
{
    using Kind = TranslationPart::Kind;
    if (part.kind == Kind::copied || part.target.empty() || part.source.empty()) return {};
    const auto best_of = [&](const auto& lines, const auto& source, const auto& target, PartOrigin::Kind kind) {
        PartOrigin origin;
        std::size_t shortest = std::size_t(-1);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (part.kind == Kind::example) {
                if (source(lines[i]) == part.source[0] && target(lines[i]) == part.target[0]) return PartOrigin{kind, i};
                continue;
            }
            if (source(lines[i]).size() + target(lines[i]).size() >= shortest) continue;
            if (!holds(words_of(source(lines[i]), material.languages[0]), part.source)) continue;
            if (!holds(words_of(target(lines[i]), material.languages[1]), part.target)) continue;
            shortest = source(lines[i]).size() + target(lines[i]).size();
            origin = {kind, i};
        }
        return origin;
    };
    const auto in_dictionary = best_of(
        material.dictionary, [](const DictionaryEntry& entry) -> const std::string& { return entry.text[0]; },
        [](const DictionaryEntry& entry) -> const std::string& { return entry.text[1]; }, PartOrigin::Kind::dictionary);
    if (in_dictionary.kind != PartOrigin::Kind::none) return in_dictionary;
    using Pair = std::array<std::string, 2>;
    const auto in_sentences = best_of(
        material.sentences, [](const Pair& pair) -> const std::string& { return pair[0]; },
        [](const Pair& pair) -> const std::string& { return pair[1]; }, PartOrigin::Kind::sentence);
    if (in_sentences.kind != PartOrigin::Kind::none) return in_sentences;
    return best_of(
        material.book, [](const BookPair& pair) -> const std::string& { return pair.text[0]; },
        [](const BookPair& pair) -> const std::string& { return pair.text[1]; }, PartOrigin::Kind::book);
}

}  // namespace pathloom
