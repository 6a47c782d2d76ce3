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

class Translator {
public:
    virtual ~Translator() = default;
    /// One sentence; never fails, at worst it copies.
    [[nodiscard]] virtual std::string translate(const std::string& sentence) const = 0;
};

/// Dictionary, word alignments, phrases, word order: a small phrase-based system (Koehn et al. 2003) with fixed weights.
std::unique_ptr<Translator> make_lexical_translator(const TranslationMaterial& material);
/// The translation of the example whose source shares most character n-grams (orders 1 to 4, F1) with the sentence.
std::unique_ptr<Translator> make_nearest_translator(const TranslationMaterial& material);

}  // namespace pathloom
