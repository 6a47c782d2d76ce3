// SPDX-License-Identifier: GPL-3.0-or-later
// Aligned columns for people.
#include "engine/cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pathloom {

namespace {

/// Terminal cells, near enough: one a code point.
std::size_t width(const std::string& text)
{
    return std::size_t(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool numeric(const std::string& text)
{
    return text.empty() || text == "-"
        || (text.find_first_of("0123456789") <= 1 && text.find_first_of(":/") == std::string::npos);
}

}  // namespace

std::string Table::text() const
{
    const std::size_t columns = m_rows.front().size();
    std::vector<std::size_t> widths(columns, 0);
    std::vector<bool> right(columns, m_rows.size() > 1);
    for (std::size_t r = 0; r < m_rows.size(); ++r)
        for (std::size_t c = 0; c < columns; ++c) {
            widths[c] = std::max(widths[c], width(m_rows[r][c]));
            if (r > 0 && !numeric(m_rows[r][c])) right[c] = false;
        }
    std::string out;
    for (const auto& row : m_rows) {
        std::string line;
        for (std::size_t c = 0; c < columns; ++c) {
            const std::string padding(widths[c] - width(row[c]), ' ');
            if (c > 0) line += "  ";
            line += right[c] ? padding + row[c] : row[c] + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string Facts::text() const
{
    std::size_t widest = 0;
    for (const auto& [name, value] : m_facts) widest = std::max(widest, width(name));
    std::string out;
    for (const auto& [name, value] : m_facts) out += fmt::format("{:<{}}  {}\n", name, widest, value);
    return out;
}

std::string human_bytes(std::uint64_t bytes)
{
    constexpr std::array units = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) return fmt::format("{} B", bytes);
    double value = double(bytes) / 1000.0;
    std::size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < units.size(); ++unit) value /= 1000.0;
    return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string human_count(std::int64_t count)
{
    std::string digits = std::to_string(count);
    for (auto at = std::ptrdiff_t(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3) digits.insert(std::size_t(at), ",");
    return digits;
}

std::string human_number(double value, int digits)
{
    return value == 0.0 ? "-" : fmt::format("{:.{}f}", value, digits);
}

}  // namespace pathloom
