// SPDX-License-Identifier: GPL-3.0-or-later
// Translators that know a language only from what they are given of its pack: the baselines every reader is held against.
#pragma once

#include "engine/probe/translate/pack.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What of the pack a translator may use (the conditions of Tanzer et al. 2024, MTOB, short of the book).
enum class Context { zero_shot, words, sentences, no_book };
/// "zero-shot", "words", "sentences", "no-book". Usage for another name, with the reason for those that need a reader.
Result<Context> context_named(const std::string& name);
std::string_view name_of(Context context);

/// What a translator is built from: texts in [from, to] order.
struct TranslationMaterial {
    std::array<std::string, 2> languages;
    std::vector<std::array<std::string, 2>> sentences;
    std::vector<DictionaryEntry> dictionary;
};
/// The train split and the dictionary as far as `context` allows. `shots` >= 0 keeps that many sentences, chosen by `seed`; a
/// larger K contains the smaller one. Pairs whose source and target both occur in `held_out` are never used, whatever split they
/// are in.
TranslationMaterial translation_material(const LanguagePack& pack, int from, Context context, int shots, std::uint64_t seed,
    const std::vector<std::array<std::string, 2>>& held_out);

/// Some words of a translation and what they stand for.
struct TranslationPart {
    enum class Kind { phrase, relative, copied, example };
    Kind kind = Kind::phrase;  ///< relative: translated as a known word with the same beginning; example: taken over whole
    std::vector<std::string> target;  ///< words in lower case, in the order of the translation
    std::vector<std::string> source;  ///< words of the sentence; of an example its source sentence as one entry
};

struct Translation {
    std::string text;
    std::vector<TranslationPart> parts;  ///< in the order of the translation; words that were dropped have none
};

/// Where a part was learnt from.
struct PartOrigin {
    enum class Kind { none, dictionary, sentence };
    Kind kind = Kind::none;
    std::size_t index = 0;  ///< of TranslationMaterial::dictionary or ::sentences
};
/// The dictionary line that has both sides of the part, else the shortest sentence pair with both.
PartOrigin origin_of(const TranslationPart& part, const TranslationMaterial& material);

class Translator {
public:
    virtual ~Translator() = default;
    /// One sentence; never fails, at worst it copies.
    [[nodiscard]] virtual Translation explain(const std::string& sentence) const = 0;
    [[nodiscard]] std::string translate(const std::string& sentence) const { return explain(sentence).text; }
};

/// Dictionary, word alignments, phrases, word order: a small phrase-based system (Koehn et al. 2003) with fixed weights.
std::unique_ptr<Translator> make_lexical_translator(const TranslationMaterial& material);
/// The translation of the example whose source shares most character n-grams (orders 1 to 4, F1) with the sentence.
std::unique_ptr<Translator> make_nearest_translator(const TranslationMaterial& material);

}  // namespace pathloom
