// SPDX-License-Identifier: GPL-3.0-or-later
// Translators that know a language only from what they are given of its pack: the baselines every reader is held against.
#pragma once

#include "engine/probe/translate/book.h"
#include "engine/probe/translate/pack.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What of the pack a translator may use (the conditions of Tanzer et al. 2024, MTOB). Both book conditions have the dictionary
/// and the sentences too.
enum class Context { zero_shot, words, sentences, no_book, half_book, full_book };
/// "zero-shot", "words", "sentences", "no-book", "half-book", "full-book". Usage for another name.
Result<Context> context_named(const std::string& name);
std::string_view name_of(Context context);

/// What a translator is built from: texts in [from, to] order.
struct TranslationMaterial {
    std::array<std::string, 2> languages;
    std::vector<std::array<std::string, 2>> sentences;
    std::vector<DictionaryEntry> dictionary;
    std::vector<BookPair> book;  ///< mined from the grammar, texts in [from, to] order
    std::string grammar;  ///< what of the book's text may be read
    int removed_examples = 0;  ///< of the book, because they are held out
};
/// The train split and the dictionary as far as `context` allows. `shots` >= 0 keeps that many sentences, chosen by `seed`; a
/// larger K contains the smaller one. Pairs whose source and target both occur in `held_out` are never used, whatever split they
/// are in; nor are examples of the book one of whose sides is held out or in a split other than train. NotFound for a book
/// condition when the pack has no grammar.
Result<TranslationMaterial> translation_material(const LanguagePack& pack, int from, Context context, int shots,
    std::uint64_t seed, const std::vector<std::array<std::string, 2>>& held_out);

/// Where a part was learnt from.
struct PartOrigin {
    enum class Kind { none, dictionary, sentence, book };
    Kind kind = Kind::none;
    std::size_t index = 0;  ///< of TranslationMaterial::dictionary, ::sentences or ::book
};

/// Some words of a translation and what they stand for.
struct TranslationPart {
    enum class Kind { phrase, relative, copied, example, said };
    /// relative: translated as a known word with the same beginning; example: taken over whole; said: by a model that does not
    /// tell why, so where the pack has the words together is all that can be shown.
    Kind kind = Kind::phrase;
    std::vector<std::string> target;  ///< words in lower case, in the order of the translation
    std::vector<std::string> source;  ///< words of the sentence; of an example its source sentence as one entry
    PartOrigin origin = {};  ///< where it was read, when the translator knows; else origin_of() finds it
};

struct Translation {
    std::string text;
    std::vector<TranslationPart> parts;  ///< in the order of the translation; words that were dropped have none
};

/// The dictionary line that has both sides of the part, else the shortest sentence pair with both, else one of the book.
PartOrigin origin_of(const TranslationPart& part, const TranslationMaterial& material);

/// Sees a translation grow; false stops it with Cancelled.
using Said = std::function<bool(const std::string& so_far)>;

class Translator {
public:
    virtual ~Translator() = default;
    /// One sentence. What translates here never fails, at worst it copies; what asks somebody else fails as that does.
    [[nodiscard]] virtual Result<Translation> explain(const std::string& sentence, const Said& said) const = 0;
    [[nodiscard]] Result<std::string> translate(const std::string& sentence) const
    {
        PATHLOOM_TRY(Translation made, explain(sentence, {}));
        return std::move(made.text);
    }
};

/// Dictionary, word alignments, phrases, word order: a small phrase-based system (Koehn et al. 2003) with fixed weights.
std::unique_ptr<Translator> make_lexical_translator(const TranslationMaterial& material);
/// The translation of the example whose source shares most character n-grams (orders 1 to 4, F1) with the sentence.
std::unique_ptr<Translator> make_nearest_translator(const TranslationMaterial& material);

}  // namespace pathloom
