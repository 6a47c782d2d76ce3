// SPDX-License-Identifier: GPL-3.0-or-later
// Numbered SQL files, embedded at build time, that bring a database to the newest schema.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <vector>

namespace pathloom {

class Database;

struct Migration {
    int number = 0;
    const char* name = "";
    const char* sql = "";
};

/// Numbers 1, 2, 3 ... (generated from engine/store/migrations).
const std::vector<Migration>& migrations();

/// Schema of an SQLite file read from its header without opening it, so that nothing is touched; 0 when there is no file yet.
Result<int> schema_of_file(const std::filesystem::path& file);

/// Unsupported when `version` is newer than this program.
Result<void> check_schema(int version, const std::filesystem::path& file);

/// Apply what is missing, each migration in its own transaction together with its number (PRAGMA user_version).
Result<void> migrate(Database& database, const std::vector<Migration>& known = migrations());

}  // namespace pathloom
