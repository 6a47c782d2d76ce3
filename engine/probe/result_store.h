// SPDX-License-Identifier: GPL-3.0-or-later
// Probe results in an SQLite file: each answer with the recipe that rebuilds its exact prompt, never the prompt itself.
#pragma once

#include "engine/store/sqlite.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

/// One answer. The recipe names model, document, insertions, question and what is right; contestant and recipe together are
/// the key, so the same question is never asked twice.
struct ProbeResult {
    std::int64_t id = 0;
    std::string probe, family, contestant;
    std::int64_t length = 0;
    double depth = 0.0;  ///< percent, -1 when the case has none
    std::uint64_t seed = 0;
    nlohmann::json recipe;
    std::string answer;
    double score = 0.0;
    double seconds = 0.0, seconds_first = 0.0;
};

/// The results file of a project: probes.sqlite beside the engine's own database (ADR 13). Usage when the folder is no project.
Result<std::filesystem::path> project_results(const std::filesystem::path& project);

class ResultStore {
public:
    /// Opens or makes the file. Unsupported when a newer version made it, Corrupt when it is something else.
    static Result<ResultStore> open(const std::filesystem::path& file);
    /// The answer kept for this recipe and contestant, if any.
    Result<std::optional<ProbeResult>> find(const std::string& contestant, const nlohmann::json& recipe);
    /// On disk when it returns; one that is there already stays.
    Result<void> keep(const ProbeResult& result);
    Result<std::vector<ProbeResult>> all();

private:
    explicit ResultStore(std::unique_ptr<Database> database);
    std::unique_ptr<Database> m_database;
};

}  // namespace pathloom
