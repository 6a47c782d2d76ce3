// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of JSON objects.
#include "engine/model/spec_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pathloom {

namespace {

using nlohmann::json;

/// How a message shows a value the user wrote: short, on one line.
std::string shown(const json& value)
{
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 37) + "...";
    return text;
}

std::size_t edits(const std::string& a, const std::string& b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<std::string> nearest_word(const std::string& word, const std::vector<std::string>& candidates)
{
    std::optional<std::string> best;
    std::size_t distance = std::max<std::size_t>(2, word.size() / 2) + 1;
    for (const std::string& candidate : candidates) {
        if (const std::size_t d = edits(word, candidate); d < distance) {
            distance = d;
            best = candidate;
        }
    }
    return best;
}

SpecReader::SpecReader(const json& object, std::string path, std::optional<Error>& error)
    : m_object(object)
    , m_path(std::move(path))
    , m_error(error)
{
    if (!m_object.is_object()) complain("{} must be an object, got {}", m_path.empty() ? "the spec" : m_path, shown(m_object));
}

std::string SpecReader::name_of(const std::string& key) const
{
    return m_path.empty() ? key : m_path + "." + key;
}

const json* SpecReader::value(const char* key)
{
    m_known.emplace_back(key);
    if (m_error) return nullptr;
    const auto found = m_object.find(key);
    return found == m_object.end() ? nullptr : &*found;
}

void SpecReader::integer(const char* key, int& out, std::int64_t low, std::int64_t high)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_number_integer()) return complain("{} must be a whole number, got {}", name_of(key), shown(*found));
    const bool huge
        = found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max());
    const std::int64_t number = huge ? std::numeric_limits<std::int64_t>::max() : found->get<std::int64_t>();
    if (number < low) return complain("{} must be at least {}, got {}", name_of(key), low, shown(*found));
    if (number > high) return complain("{} must be at most {}, got {}", name_of(key), high, shown(*found));
    out = int(number);
}

void SpecReader::seed(const char* key, std::uint64_t& out)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_number_unsigned())
        return complain("{} must be a whole number of at least 0, got {}", name_of(key), shown(*found));
    out = found->get<std::uint64_t>();
}

void SpecReader::number(const char* key, double& out, double low, double high, bool low_allowed)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_number()) return complain("{} must be a number, got {}", name_of(key), shown(*found));
    const double number = found->get<double>();
    if (!std::isfinite(number)) return complain("{} must be finite, got {}", name_of(key), shown(*found));
    if (number < low || (number == low && !low_allowed))
        return complain("{} must be {} {}, got {}", name_of(key), low_allowed ? "at least" : "more than", low, shown(*found));
    if (number > high) return complain("{} must be at most {}, got {}", name_of(key), high, shown(*found));
    out = number;
}

void SpecReader::flag(const char* key, bool& out)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_boolean()) return complain("{} must be true or false, got {}", name_of(key), shown(*found));
    out = found->get<bool>();
}

void SpecReader::text(const char* key, std::string& out)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_string()) return complain("{} must be a string, got {}", name_of(key), shown(*found));
    out = found->get<std::string>();
}

void SpecReader::choice(const char* key, std::string& out, std::initializer_list<const char*> choices)
{
    const json* found = value(key);
    if (!found) return;
    for (const char* candidate : choices) {
        if (*found == candidate) {
            out = candidate;
            return;
        }
    }
    complain("{} must be one of {}, got {}", name_of(key), fmt::join(choices, ", "), shown(*found));
}

void SpecReader::integers(const char* key, std::vector<int>& out, std::int64_t low, std::int64_t high)
{
    const json* found = value(key);
    if (!found) return;
    if (!found->is_array()) return complain("{} must be an array of whole numbers, got {}", name_of(key), shown(*found));
    out.clear();
    for (std::size_t i = 0; i < found->size(); ++i) {
        const json& item = (*found)[i];
        if (!item.is_number_integer() || item < low || item > high)
            return complain("{}[{}] must be a whole number from {} to {}, got {}", name_of(key), i, low, high, shown(item));
        out.push_back(item.get<int>());
    }
}

void SpecReader::finish()
{
    if (m_error) return;
    for (const auto& [key, ignored] : m_object.items()) {
        if (std::find(m_known.begin(), m_known.end(), key) != m_known.end()) continue;
        if (const auto near = nearest_word(key, m_known))
            return complain("unknown key '{}'; did you mean '{}'?", name_of(key), name_of(*near));
        return complain("unknown key '{}'; known here: {}", name_of(key), fmt::join(m_known, ", "));
    }
}

}  // namespace pathloom
