// SPDX-License-Identifier: GPL-3.0-or-later
// Aligned columns for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// Columns are as wide as their widest cell; those whose cells are all numbers are set flush right.
class Table {
public:
    explicit Table(std::vector<std::string> header)
        : m_rows{std::move(header)}
    {
    }
    void add(std::vector<std::string> row) { m_rows.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const { return m_rows.size() == 1; }
    /// Header and rows, each ending in a newline.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> m_rows;
};

/// "name  value" lines.
class Facts {
public:
    void add(const std::string& name, const std::string& value) { m_facts.emplace_back(name, value); }
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::pair<std::string, std::string>> m_facts;
};

std::string human_bytes(std::uint64_t bytes);  ///< "1.5 MB", decimal units
std::string human_count(std::int64_t count);  ///< "12,345"
std::string human_number(double value, int digits = 4);  ///< "-" for zero (not known yet)

}  // namespace pathloom
