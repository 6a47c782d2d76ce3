// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/tables.h"

#include "engine/core/files.h"
#include "engine/core/one_line.h"
#include "engine/probe/score/unicode.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace pathloom {

namespace {

using Cells = std::vector<std::string>;

/// Calls `each` with every line that is not empty, without its end.
template <class Each>
Result<void> each_line(const std::string& text, Each each)
{
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        ++number;
        at = end + 1;
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) PATHLOOM_CHECK(each(number, std::move(line)));
    }
    return {};
}

Cells cells_of(const std::string& line, char by)
{
    Cells cells(1);
    for (const char c : line) {
        if (c == by)
            cells.emplace_back();
        else
            cells.back() += c;
    }
    return cells;
}

Result<std::vector<TableRow>> tsv_rows(const std::string& text)
{
    std::vector<TableRow> rows;
    PATHLOOM_CHECK(each_line(text, [&](std::size_t number, std::string line) -> Result<void> {
        rows.push_back({number, cells_of(line, '\t')});
        return {};
    }));
    return rows;
}

Result<std::vector<TableRow>> csv_rows(const std::string& text, const std::string& name)
{
    const std::string first = text.substr(0, text.find('\n'));
    const char comma = first.find(',') == std::string::npos && first.find(';') != std::string::npos ? ';' : ',';
    std::vector<TableRow> rows;
    std::size_t line = 1, quoted_since = 0;
    TableRow row{1, Cells(1)};
    bool quoted = false, filled = false;
    const auto finish = [&] {
        if (filled) rows.push_back(row);
        row = {line, Cells(1)};
        filled = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                row.cells.back() += text[++i];
            } else if (c == '"') {
                quoted = false;
            } else {
                line += c == '\n';
                row.cells.back() += c;
            }
        } else if (c == '"' && row.cells.back().empty()) {
            quoted = filled = true;
            quoted_since = line;
        } else if (c == comma) {
            row.cells.emplace_back();
            filled = true;
        } else if (c == '\n') {
            ++line;
            finish();
        } else if (c != '\r') {
            row.cells.back() += c;
            filled = true;
        }
    }
    if (quoted)
        return fail(ErrorCode::Corrupt,
            "{} line {}: the quotation mark that opens there is never closed; close it, or double it if it is meant as one", name,
            quoted_since);
    finish();
    return rows;
}

Result<UserTable> json_table(const std::string& text, const std::string& name)
{
    UserTable table{name, {}, {}};
    PATHLOOM_CHECK(each_line(text, [&](std::size_t number, const std::string& line) -> Result<void> {
        const auto object = nlohmann::json::parse(line, nullptr, false);
        if (!object.is_object()) return fail(ErrorCode::Corrupt, "{} line {} is no JSON object; give one a line", name, number);
        TableRow row{number, Cells(table.columns.size())};
        for (const auto& [key, value] : object.items()) {
            const auto known = std::ranges::find(table.columns, key);
            const auto place = std::size_t(known - table.columns.begin());
            if (known == table.columns.end()) {
                table.columns.push_back(key);
                row.cells.emplace_back();
            }
            row.cells[place] = value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
        }
        table.rows.push_back(std::move(row));
        return {};
    }));
    for (auto& row : table.rows) row.cells.resize(table.columns.size());
    return table;
}

void number_columns(UserTable& table, std::size_t width)
{
    for (std::size_t i = 1; i <= width; ++i) table.columns.push_back(std::to_string(i));
}

}  // namespace

Result<std::string> read_utf8(const std::filesystem::path& file)
{
    PATHLOOM_TRY(std::string text, read_file(file));
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    if (const auto decoded = decode_utf8(text); !decoded)
        return fail(ErrorCode::Corrupt, "{} is {}; convert it, for instance with iconv -t UTF-8", one_line(file.string()),
            decoded.error().message);
    return text;
}

Result<UserTable> read_user_table(const std::filesystem::path& file, bool header)
{
    PATHLOOM_TRY(const std::string text, read_utf8(file));
    const std::string ending = file.extension().string(), name = one_line(file.string());
    if (ending == ".jsonl" || ending == ".ndjson") return json_table(text, name);
    UserTable table{name, {}, {}};
    const bool tsv = ending == ".tsv" || ending == ".tab", csv = ending == ".csv";
    if (csv) {
        PATHLOOM_TRY(table.rows, csv_rows(text, name));
    } else {
        PATHLOOM_TRY(table.rows, tsv_rows(text));
        if (!tsv && !std::ranges::all_of(table.rows, [](const TableRow& row) { return row.cells.size() == 2; })) {
            table.rows.clear();
            PATHLOOM_CHECK(each_line(text, [&](std::size_t number, std::string line) -> Result<void> {
                table.rows.push_back({number, {std::move(line)}});
                return {};
            }));
        }
    }
    if (table.rows.empty()) return fail(ErrorCode::Corrupt, "{} is empty", name);
    const std::size_t width = table.rows[0].cells.size();
    const auto uneven = [&](const TableRow& row) { return row.cells.size() != width; };
    if (const auto bad = std::ranges::find_if(table.rows, uneven); bad != table.rows.end()) {
        const auto more = std::ranges::count_if(table.rows, uneven) - 1;
        return fail(ErrorCode::Corrupt, "{} line {} has {} columns, its first row has {}; mend that line{}", name, bad->line,
            bad->cells.size(), width, more > 0 ? fmt::format(" and {} more", more) : "");
    }
    if (header && (tsv || csv)) {
        table.columns = std::move(table.rows[0].cells);
        table.rows.erase(table.rows.begin());
    } else {
        number_columns(table, width);
    }
    return table;
}

Result<std::vector<std::string>> read_plain_lines(const std::filesystem::path& file)
{
    for (const char* table : {".csv", ".tsv", ".tab", ".jsonl", ".ndjson"})
        if (file.extension() == table)
            return fail(ErrorCode::Usage,
                "{} is a table; two files of sentences are read line by line, for a table give one file",
                one_line(file.string()));
    PATHLOOM_TRY(const std::string text, read_utf8(file));
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        if (lines.back().ends_with('\r')) lines.back().pop_back();
        at = end + 1;
    }
    if (lines.empty()) return fail(ErrorCode::Corrupt, "{} is empty", one_line(file.string()));
    return lines;
}

Result<std::size_t> column_index(const UserTable& table, const std::string& column)
{
    const auto named = std::ranges::find(table.columns, column);
    if (named != table.columns.end()) return std::size_t(named - table.columns.begin());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
    if (error == std::errc() && end == column.data() + column.size() && number >= 1 && number <= table.columns.size())
        return number - 1;
    std::string all;
    for (const auto& known : table.columns) all += (all.empty() ? "" : ", ") + known;
    return fail(ErrorCode::Usage, "{} has no column '{}'; it has {}", table.name, one_line(column), one_line(all));
}

}  // namespace pathloom
