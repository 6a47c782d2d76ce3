// SPDX-License-Identifier: GPL-3.0-or-later
// What a grammar book says in two languages: its interlinear examples and the words it quotes with a meaning. Nearly all that a
// translator gains from a book are these (Aycock et al. 2024, "Can LLMs really learn to translate a low-resource language from
// one grammar book?").
#pragma once

#include "engine/probe/translate/pack.h"

#include <set>
#include <string>
#include <vector>

namespace pathloom {

/// Two texts that mean the same, in the order of LanguagePack::languages.
struct BookPair {
    enum class Kind { example, word };
    Kind kind = Kind::example;
    std::array<std::string, 2> text;
    int first_line = 0, last_line = 0;  ///< of the book, from 1: where it stands
};

/// The examples and quoted words of `text`, whose object language is the one its examples share more words with. Understood are
///   - three-tier glosses: a line of morphemes (parted by - and =), a line of glosses with as many words, a quoted translation;
///     the morphemes are joined into words, and each morpheme with a gloss in words is a pair of its own;
///   - running text: a word or an emphasised (*...*) phrase, then its meaning in quotation marks.
/// Translations into a third language are left out as far as the pack's own words tell.
std::vector<BookPair> mined_pairs(const LanguagePack& pack, std::string_view text);

/// `text` up to the paragraph end nearest to its middle.
std::string half_of(const std::string& text);

/// Letters and digits in lower case: what makes two sentences the same one.
std::u32string letters_of(const std::string& text);

/// A book without what may not be seen: examples one of whose sides is held out.
struct CleanBook {
    std::string text;  ///< the lines of such examples are gone
    std::vector<BookPair> pairs;
    int removed = 0;  ///< examples
};
CleanBook book_without(const LanguagePack& pack, const std::string& text, const std::set<std::u32string>& hidden_letters);

}  // namespace pathloom
