// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/result_store.h"

#include "engine/core/hash.h"

namespace pathloom {

namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::int64_t application = 0x504C5052;  // "PLPR" in the file's header

std::string key_of(const std::string& contestant, const nlohmann::json& recipe)
{
    return sha256_hex(contestant + "\n" + recipe.dump());
}

ProbeResult read_row(const SqlRow& row)
{
    ProbeResult out;
    out.id = row.integer(0);
    out.probe = row.text(1);
    out.family = row.text(2);
    out.contestant = row.text(3);
    out.length = row.integer(4);
    out.depth = row.real(5);
    out.seed = std::uint64_t(row.integer(6));
    out.recipe = nlohmann::json::parse(row.text(7), nullptr, false);
    out.answer = row.text(8);
    out.score = row.real(9);
    out.seconds = row.real(10);
    out.seconds_first = row.real(11);
    return out;
}

constexpr const char* columns
    = "id, probe, family, contestant, length, depth, seed, recipe, answer, score, seconds, seconds_first";

}  // namespace

Result<std::filesystem::path> project_results(const std::filesystem::path& project)
{
    std::error_code error;
    if (!std::filesystem::exists(project / "project.sqlite", error))
        return fail(ErrorCode::Usage, "{} is no project; give a project's folder, or a results file", project.string());
    return project / "probes.sqlite";
}

ResultStore::ResultStore(std::unique_ptr<Database> database)
    : m_database(std::move(database))
{
}

Result<ResultStore> ResultStore::open(const std::filesystem::path& file)
{
    PATHLOOM_TRY(auto database, Database::open(file));
    PATHLOOM_TRY(const std::int64_t owner, database->integer("PRAGMA application_id"));
    PATHLOOM_TRY(const std::int64_t version, database->integer("PRAGMA user_version"));
    PATHLOOM_TRY(const std::int64_t tables, database->integer("SELECT count(*) FROM sqlite_master"));
    if (owner != application && (owner != 0 || tables > 0))
        return fail(ErrorCode::Exists, "{} is a database of something else; give another file for the results", file.string());
    if (version > schema_version)
        return fail(ErrorCode::Unsupported, "{} was written by a newer Pathloom; use that one, or another file", file.string());
    if (owner != application) {
        PATHLOOM_CHECK(database->execute(fmt::format(
            "BEGIN; PRAGMA application_id = {}; PRAGMA user_version = {};"
            "CREATE TABLE result (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, probe TEXT NOT NULL, family TEXT NOT NULL,"
            " contestant TEXT NOT NULL, length INTEGER NOT NULL, depth REAL NOT NULL, seed INTEGER NOT NULL, recipe TEXT NOT "
            "NULL,"
            " answer TEXT NOT NULL, score REAL NOT NULL, seconds REAL NOT NULL, seconds_first REAL NOT NULL) STRICT; COMMIT",
            application, schema_version)));
    }
    return ResultStore(std::move(database));
}

Result<std::optional<ProbeResult>> ResultStore::find(const std::string& contestant, const nlohmann::json& recipe)
{
    std::optional<ProbeResult> out;
    PATHLOOM_CHECK(m_database->each(
        fmt::format("SELECT {} FROM result WHERE key = ?", columns), [&](const SqlRow& row) { out = read_row(row); },
        key_of(contestant, recipe)));
    return out;
}

Result<void> ResultStore::keep(const ProbeResult& r)
{
    return m_database->run(
        "INSERT INTO result (key, probe, family, contestant, length, depth, seed, recipe, answer, score, seconds,"
        " seconds_first) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(key) DO NOTHING",
        key_of(r.contestant, r.recipe), r.probe, r.family, r.contestant, r.length, r.depth, std::int64_t(r.seed),
        r.recipe.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), r.answer, r.score, r.seconds, r.seconds_first);
}

Result<std::vector<ProbeResult>> ResultStore::all()
{
    std::vector<ProbeResult> out;
    PATHLOOM_CHECK(m_database->each(
        fmt::format("SELECT {} FROM result ORDER BY id", columns), [&](const SqlRow& row) { out.push_back(read_row(row)); }));
    return out;
}

}  // namespace pathloom
