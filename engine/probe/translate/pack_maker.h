// SPDX-License-Identifier: GPL-3.0-or-later
// Language packs out of a user's own files.
#pragma once

#include "engine/core/result.h"
#include "engine/probe/translate/tables.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

/// A grammar that has been read.
struct GrammarText {
    std::string text;  ///< UTF-8; empty: the pack has none
    bool markdown = false;
};

struct PackRequest {
    std::filesystem::path out;  ///< a folder that is not there yet, or empty
    std::array<std::string, 2> languages;  ///< codes; the first is the one the dictionary's headwords are in
    /// One table with both languages, or two files of plain lines that go line by line.
    std::vector<std::filesystem::path> sentences;
    std::array<std::string, 2> sentence_columns;  ///< names or numbers; empty: columns named like the languages, else 1 and 2
    std::filesystem::path dictionary;  ///< may be empty
    std::array<std::string, 2> dictionary_columns;  ///< empty: as above
    std::string part_of_speech;  ///< column of the dictionary; empty: "pos" if there is one
    GrammarText grammar;
    bool header = true;  ///< the first row of the sentences' TSV or CSV names its columns
    bool dictionary_header = true;  ///< and of the dictionary's
    double dev_share = 0.1;  ///< of the sentence pairs, kept for scoring
    std::uint64_t seed = 1;
};

struct PackPreview {
    std::size_t train = 0, dev = 0, dictionary = 0;
    std::size_t skipped = 0;  ///< rows with an empty side
    std::size_t repeated = 0;  ///< pairs that were there already
    std::size_t alike = 0;  ///< pairs with a near-duplicate: all of them train, so that no sentence is scored on its own like
    std::size_t grammar_bytes = 0;
    std::vector<std::string> sentence_names, dictionary_names;  ///< the columns of the tables
    std::vector<std::array<std::string, 2>> sentences, words;  ///< the first few
};

/// Reads everything and says what the pack would hold; nothing is written. Errors as read_user_table() and column_index();
/// Usage when both languages are one, two line files differ in length (naming the first line without a counterpart), or nothing
/// is left to train on.
Result<PackPreview> preview_pack(const PackRequest& request);
/// Writes it: sentences.train.tsv, sentences.dev.tsv, dictionary.tsv, grammar.txt or grammar.md. Exists when `out` holds
/// anything.
Result<PackPreview> make_pack(const PackRequest& request);

}  // namespace pathloom
