// SPDX-License-Identifier: GPL-3.0-or-later
// Tables as people have them: TSV, CSV, JSON lines, plain lines.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct TableRow {
    std::size_t line = 0;  ///< of the file, from 1: where the row begins
    std::vector<std::string> cells;  ///< as many as the table has columns
};

struct UserTable {
    std::string name;  ///< of the file, for messages
    std::vector<std::string> columns;  ///< from the header or the keys; "1", "2" ... where there are none
    std::vector<TableRow> rows;
};

/// By the ending: .tsv and .tab, .csv (quotation marks as in RFC 4180; a semicolon parts where the header has no comma), .jsonl
/// and .ndjson (one object a line; a key that a line has not is an empty cell), anything else plain lines: one column, or two
/// where every line has one tab. `header`: whether the first row of a TSV or CSV names its columns. NotFound; Corrupt naming the
/// line when a row is uneven, a quotation does not end, a line is no JSON object or the file is not UTF-8.
Result<UserTable> read_user_table(const std::filesystem::path& file, bool header);

/// Every line, empty ones too, for files that go line by line. Usage for a table, NotFound and Corrupt as above.
Result<std::vector<std::string>> read_plain_lines(const std::filesystem::path& file);

/// Where `column` (a name, or a number from 1) stands. Usage naming the columns there are.
Result<std::size_t> column_index(const UserTable& table, const std::string& column);

/// A file's text without its byte-order mark. Corrupt with the line when it is not UTF-8.
Result<std::string> read_utf8(const std::filesystem::path& file);

}  // namespace pathloom
