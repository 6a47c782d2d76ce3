// SPDX-License-Identifier: GPL-3.0-or-later
// A thin owner for SQLite.
#include "engine/store/sqlite.h"

#include "engine/core/files.h"

#include <sqlite3.h>

#include <cerrno>

namespace pathloom {

std::int64_t SqlRow::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

double SqlRow::real(int column) const
{
    return sqlite3_column_double(m_statement, column);
}

std::string SqlRow::text(int column) const
{
    const void* bytes = sqlite3_column_blob(m_statement, column);
    const int size = sqlite3_column_bytes(m_statement, column);
    return bytes ? std::string(static_cast<const char*>(bytes), std::size_t(size)) : std::string();
}

Database::Cursor::~Cursor()
{
    if (!statement) return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    // A statement that is in use twice at once was prepared twice: keep one.
    if (!owner->m_idle.emplace(sql, statement).second) sqlite3_finalize(statement);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file)
{
    sqlite3* handle = nullptr;
    const int code
        = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<Database> database(new Database(handle, file.string()));
    if (code != SQLITE_OK) return fail(database->error_of(code));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 2000);
    PATHLOOM_CHECK(database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"));
    return database;
}

Database::~Database()
{
    for (const auto& [sql, statement] : m_idle) sqlite3_finalize(statement);
    sqlite3_close(m_handle);
}

Error Database::error_of(int code) const
{
    const int primary = code & 0xff;
    const int system = m_handle ? sqlite3_system_errno(m_handle) : 0;
    if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT)))
        return system_error("cannot write", m_file, ENOSPC);
    const ErrorCode kind
        = code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_ROWID
        ? ErrorCode::Exists
        : primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ? ErrorCode::Corrupt
                                                                : ErrorCode::Failed;
    return Error{kind, fmt::format("database {}: {}", m_file, m_handle ? sqlite3_errmsg(m_handle) : sqlite3_errstr(code))};
}

Result<void> Database::execute(const std::string& sql)
{
    const int code = sqlite3_exec(m_handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(error_of(code));
    return {};
}

Result<Database::Cursor> Database::prepare(const std::string& sql)
{
    if (const auto idle = m_idle.find(sql); idle != m_idle.end()) {
        sqlite3_stmt* statement = idle->second;
        m_idle.erase(idle);
        return Cursor(this, sql, statement);
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(m_handle, sql.c_str(), int(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return fail(error_of(code));
    return Cursor(this, sql, statement);
}

Result<bool> Database::step(Cursor& cursor)
{
    const int code = sqlite3_step(cursor.statement);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(error_of(code));
}

Result<void> Database::bind(Cursor& cursor, int index, std::int64_t value)
{
    const int code = sqlite3_bind_int64(cursor.statement, index, value);
    if (code != SQLITE_OK) return fail(error_of(code));
    return {};
}

Result<void> Database::bind(Cursor& cursor, int index, double value)
{
    const int code = sqlite3_bind_double(cursor.statement, index, value);
    if (code != SQLITE_OK) return fail(error_of(code));
    return {};
}

Result<void> Database::bind(Cursor& cursor, int index, std::string_view value)
{
    // A null pointer would bind NULL instead of the empty text.
    const int code = sqlite3_bind_text64(
        cursor.statement, index, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) return fail(error_of(code));
    return {};
}

Result<void> Database::bind(Cursor& cursor, int index, BlobValue value)
{
    const int code = sqlite3_bind_blob64(
        cursor.statement, index, value.bytes.data() ? value.bytes.data() : "", value.bytes.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) return fail(error_of(code));
    return {};
}

std::int64_t Database::last_insert_id() const
{
    return sqlite3_last_insert_rowid(m_handle);
}

int Database::changed_rows() const
{
    return sqlite3_changes(m_handle);
}

bool Database::in_transaction() const
{
    return sqlite3_get_autocommit(m_handle) == 0;
}

void Database::roll_back() noexcept
{
    if (in_transaction()) sqlite3_exec(m_handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace pathloom
