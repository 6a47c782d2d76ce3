// SPDX-License-Identifier: GPL-3.0-or-later
// Removing blobs that no row refers to.
#include "engine/store/project_impl.h"

#include <string_view>

namespace pathloom {

namespace {

bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Every 64-digit window of every run of hex digits. In a serialised message the byte after a hash can happen to be a digit,
/// so longer runs count too: keeping a blob too many is harmless.
void find_hashes(std::string_view text, std::set<std::string>& found)
{
    std::size_t run = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        run = is_hex(text[i]) ? run + 1 : 0;
        if (run >= 64) found.emplace(text.substr(i - 63, 64));
    }
}

/// Every column that may name a blob.
constexpr const char* sources[] = {
    "SELECT hash || ' ' || momentum_hash FROM module_versions",
    "SELECT delta_hash FROM contributions",
    "SELECT inner_state_hash FROM checkpoints",
    "SELECT value FROM assets",
    "SELECT result FROM memo",
    "SELECT result FROM task_commits",
    "SELECT result_json FROM evals",
    "SELECT tokens_hash || ' ' || bytes_hash || ' ' || text_hash || ' ' || documents_hash || ' ' || tokenizer_hash || ' ' || "
    "record_json "
    "FROM corpora",
};

}  // namespace

Result<std::set<std::string>> Project::referenced_hashes()
{
    std::set<std::string> found;
    for (const char* sql : sources)
        PATHLOOM_CHECK(m_impl->database->each(sql, [&](const SqlRow& row) { find_hashes(row.text(0), found); }));
    return found;
}

Result<std::uint64_t> Project::collect_garbage(int min_age_s)
{
    PATHLOOM_TRY(const std::set<std::string> referenced, referenced_hashes());
    return m_impl->blobs->remove_all_but(referenced, min_age_s);
}

}  // namespace pathloom
