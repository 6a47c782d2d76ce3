// SPDX-License-Identifier: GPL-3.0-or-later
// A language pack: what is known of a language, in one folder. A grammar, a dictionary table and parallel sentences.
#pragma once

#include "engine/core/result.h"

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pathloom {

/// One sentence in two languages, in the order of LanguagePack::languages.
struct SentencePair {
    std::string id;
    std::array<std::string, 2> text;
};
/// A headword and what it means.
struct DictionaryEntry {
    std::array<std::string, 2> text;  ///< in the order of LanguagePack::languages
    std::string part_of_speech;
};

struct LanguagePack {
    std::string name;  ///< of the folder
    std::array<std::string, 2> languages;  ///< codes, from the header of the sentences: "kgv", "eng"
    std::vector<DictionaryEntry> dictionary;
    std::map<std::string, std::vector<SentencePair>> splits;  ///< "train", "dev", "test"
    std::string grammar;  ///< text of the book, empty when there is none
};

/// Reads a folder with `sentences.SPLIT.tsv` (header: id and two language codes), and, where there is one, `dictionary.tsv`
/// (header: headword or the code of its language, the code of the other language, optionally pos; further columns are kept out)
/// and `grammar.txt` or `grammar.md`. UTF-8, a table row a line. NotFound, Corrupt with file, line and what to do.
Result<LanguagePack> read_pack(const std::filesystem::path& folder);

/// 0 or 1: where `language` stands in the pack. Usage when it has no such language.
Result<int> language_index(const LanguagePack& pack, const std::string& language);

}  // namespace pathloom
