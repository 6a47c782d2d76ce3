// SPDX-License-Identifier: GPL-3.0-or-later
// Bringing a database to the newest schema.
#include "engine/store/migrations.h"

#include "engine/store/sqlite.h"

#include <array>
#include <fstream>

namespace pathloom {

Result<int> schema_of_file(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error) || std::filesystem::file_size(file, error) == 0) return 0;
    std::array<char, 100> header{};
    std::ifstream in(file, std::ios::binary);
    if (!in.read(header.data(), std::streamsize(header.size())) || std::string(header.data(), 15) != "SQLite format 3")
        return fail(ErrorCode::Corrupt, "{} is not a Pathloom project database; choose another folder or restore it from a copy",
            file.string());
    int version = 0;  // offset 60, big-endian (SQLite file format, section 1.3)
    for (std::size_t i = 60; i < 64; ++i) version = int(unsigned(version) << 8 | static_cast<unsigned char>(header[i]));
    return version;
}

Result<void> check_schema(int version, const std::filesystem::path& file)
{
    const int newest = migrations().back().number;
    if (version > newest)
        return fail(ErrorCode::Unsupported,
            "project {} was written by a newer Pathloom (schema {}, this program knows up to {}); update Pathloom",
            file.parent_path().string(), version, newest);
    return {};
}

Result<void> migrate(Database& database, const std::vector<Migration>& known)
{
    PATHLOOM_TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
    for (const Migration& migration : known) {
        if (migration.number <= version) continue;
        const auto applied = [&]() -> Result<void> {
            PATHLOOM_CHECK(database.execute("BEGIN IMMEDIATE"));
            PATHLOOM_CHECK(database.execute(migration.sql));
            PATHLOOM_CHECK(database.execute(fmt::format("PRAGMA user_version = {}", migration.number)));
            return database.execute("COMMIT");
        }();
        if (!applied) {
            database.roll_back();
            return fail(applied.error().code, "migration {}: {}", migration.name, applied.error().message);
        }
    }
    return {};
}

}  // namespace pathloom
