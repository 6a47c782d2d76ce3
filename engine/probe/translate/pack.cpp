// SPDX-License-Identifier: GPL-3.0-or-later
// Reading language packs.
#include "engine/probe/translate/pack.h"

#include "engine/core/one_line.h"
#include "engine/probe/translate/tables.h"

#include <algorithm>
#include <set>

namespace pathloom {

namespace {

using Row = std::vector<std::string>;

struct TableFile {
    std::string name;
    Row header;
    std::vector<Row> rows;  // as wide as the header
};

std::vector<std::string> split(const std::string& text, char by)
{
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == by)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

Result<TableFile> read_table(const std::filesystem::path& path)
{
    PATHLOOM_TRY(const std::string text, read_utf8(path));
    TableFile table;
    table.name = one_line(path.string());
    std::size_t number = 0;
    for (std::string& line : split(text, '\n')) {
        ++number;
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty()) continue;
        Row row = split(line, '\t');
        if (table.header.empty()) {
            table.header = std::move(row);
            continue;
        }
        if (row.size() != table.header.size())
            return fail(ErrorCode::Corrupt, "{} line {} has {} columns, its header has {}; columns are parted by one tab each",
                table.name, number, row.size(), table.header.size());
        table.rows.push_back(std::move(row));
    }
    if (table.header.empty()) return fail(ErrorCode::Corrupt, "{} is empty; it needs a header line", table.name);
    return table;
}

Result<void> add_sentences(LanguagePack& pack, const std::string& split_name, const TableFile& table)
{
    if (table.header.size() != 3 || table.header[0] != "id")
        return fail(
            ErrorCode::Corrupt, "the header of {} is not 'id', one language code and another, parted by tabs", table.name);
    const std::array<std::string, 2> languages{table.header[1], table.header[2]};
    if (pack.languages[0].empty()) pack.languages = languages;
    if (languages != pack.languages)
        return fail(ErrorCode::Corrupt,
            "{} is in {} and {}, another file of the pack in {} and {}; all sentences need the same columns", table.name,
            languages[0], languages[1], pack.languages[0], pack.languages[1]);
    auto& pairs = pack.splits[split_name];
    for (const auto& row : table.rows) pairs.push_back({row[0], {row[1], row[2]}});
    return {};
}

Result<void> add_dictionary(LanguagePack& pack, const TableFile& table)
{
    const auto column = [&](const std::string& name) {
        return std::find(table.header.begin(), table.header.end(), name) - table.header.begin();
    };
    const auto width = std::ptrdiff_t(table.header.size());
    std::array<std::ptrdiff_t, 2> of{column(pack.languages[0]), column(pack.languages[1])};
    // The headword's language is the one that has no column of its own.
    for (auto& place : of)
        if (place == width) place = column("headword");
    if (of[0] == width || of[1] == width || of[0] == of[1])
        return fail(ErrorCode::Corrupt, "{} has no columns for {} and {}; name one of them headword and the other by its code",
            table.name, pack.languages[0], pack.languages[1]);
    const auto pos = column("pos");
    for (const auto& row : table.rows)
        pack.dictionary.push_back({{row[std::size_t(of[0])], row[std::size_t(of[1])]}, pos < width ? row[std::size_t(pos)] : ""});
    return {};
}

}  // namespace

Result<LanguagePack> read_pack(const std::filesystem::path& folder)
{
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        return fail(ErrorCode::NotFound, "{} is not a folder; a pack is a folder with sentences.train.tsv in it",
            one_line(folder.string()));
    LanguagePack pack;
    pack.name = one_line(std::filesystem::weakly_canonical(folder, error).filename().string());
    constexpr std::string_view prefix = "sentences.", suffix = ".tsv";
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) names.insert(entry.path().filename().string());
    for (const auto& name : names)
        if (name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) && name.ends_with(suffix)) {
            PATHLOOM_TRY(const auto table, read_table(folder / name));
            PATHLOOM_CHECK(add_sentences(pack, name.substr(prefix.size(), name.size() - prefix.size() - suffix.size()), table));
        }
    if (pack.splits.empty())
        return fail(ErrorCode::NotFound, "{} holds no sentences.train.tsv, so it is no pack", one_line(folder.string()));
    if (names.count("dictionary.tsv")) {
        PATHLOOM_TRY(const auto table, read_table(folder / "dictionary.tsv"));
        PATHLOOM_CHECK(add_dictionary(pack, table));
    }
    for (const char* name : {"grammar.txt", "grammar.md"})
        if (pack.grammar.empty() && names.count(name)) {
            PATHLOOM_TRY(pack.grammar, read_utf8(folder / name));
        }
    return pack;
}

Result<int> language_index(const LanguagePack& pack, const std::string& language)
{
    for (int i = 0; i < 2; ++i)
        if (pack.languages[std::size_t(i)] == language) return i;
    return fail(ErrorCode::Usage, "the pack {} has the languages {} and {}, not '{}'", pack.name, pack.languages[0],
        pack.languages[1], one_line(language));
}

}  // namespace pathloom
