// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of JSON objects: every key asked for is known, every other is an error that names the nearest known one.
#pragma once

#include "engine/core/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

/// Reads one JSON object into fields that already hold their defaults. The first error is kept; after it nothing is read.
class SpecReader {
public:
    /// `path` names the object in messages: "training" or "topology.levels[1]"; empty for the document itself.
    SpecReader(const nlohmann::json& object, std::string path, std::optional<Error>& error);

    void integer(const char* key, int& value, std::int64_t low, std::int64_t high = std::numeric_limits<int>::max());
    void seed(const char* key, std::uint64_t& value);
    void number(const char* key, double& value, double low, double high, bool low_allowed = true);
    void flag(const char* key, bool& value);
    void text(const char* key, std::string& value);
    void choice(const char* key, std::string& value, std::initializer_list<const char*> choices);
    void integers(const char* key, std::vector<int>& value, std::int64_t low, std::int64_t high);
    /// The value of `key` for reading by hand, or nullptr when it is absent or an error has happened.
    const nlohmann::json* value(const char* key);
    /// "training.tau": how messages name a key of this object.
    [[nodiscard]] std::string name_of(const std::string& key) const;
    /// Complain about keys nobody asked for. Call it last.
    void finish();

    /// Keep the first error only.
    template <class... Args>
    void complain(fmt::format_string<Args...> format, Args&&... args)
    {
        if (!m_error) m_error = Error{ErrorCode::Usage, fmt::format(format, std::forward<Args>(args)...)};
    }

private:
    const nlohmann::json& m_object;
    std::string m_path;
    std::optional<Error>& m_error;
    std::vector<std::string> m_known;
};

/// The candidate with the fewest edits from `word`, or nothing when all are too far to be a slip of the finger.
std::optional<std::string> nearest_word(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace pathloom
