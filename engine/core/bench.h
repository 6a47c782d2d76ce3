// SPDX-License-Identifier: GPL-3.0-or-later
// What every benchmark needs: medians and a folder that goes away.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace pathloom {

/// The middle value (the upper of the two when there are two); 0 of none.
double median(std::vector<double> values);

/// What a benchmark has to say, once for people and once for scripts.
struct BenchReport {
    std::string table;
    std::string json;  ///< one document, no newline at its end
};
/// Prints the table, or the document when `as_json`; `keep` names a file that gets the document too (empty: none).
Result<void> deliver_report(const BenchReport& report, bool as_json, const std::filesystem::path& keep);

/// A fresh folder, removed with everything in it when the object dies.
class BenchFolder {
public:
    /// Below `parent`, or below the temporary folder when that is empty.
    static Result<BenchFolder> make(const std::filesystem::path& parent = {});
    BenchFolder(BenchFolder&& other) noexcept
        : m_path(std::exchange(other.m_path, {}))
    {
    }
    BenchFolder& operator=(BenchFolder&& other) noexcept
    {
        std::swap(m_path, other.m_path);
        return *this;
    }
    ~BenchFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    explicit BenchFolder(std::filesystem::path path)
        : m_path(std::move(path))
    {
    }
    std::filesystem::path m_path;
};

}  // namespace pathloom
