// SPDX-License-Identifier: GPL-3.0-or-later
// A thin owner for SQLite: typed binds and columns, errors as values, prepared statements kept for the next time.
// One thread at a time may use a Database and everything made from it.
#pragma once

#include "engine/core/result.h"

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace pathloom {

/// Bytes to be stored as a BLOB rather than as TEXT.
struct BlobValue {
    std::string_view bytes;
};

/// A row under the cursor; valid until the next step.
class SqlRow {
public:
    explicit SqlRow(sqlite3_stmt* statement)
        : m_statement(statement)
    {
    }
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string text(int column) const;  ///< TEXT or BLOB, NULs kept

private:
    sqlite3_stmt* m_statement;
};

class Database {
public:
    /// Opens or creates `file`: WAL, foreign keys on, waits up to 2 s for another program's lock. Synchronous NORMAL: a commit is
    /// whole or absent whatever happens, in order with the others, and survives a power cut once the log has been fsynced.
    /// Corrupt when it is not a database. Schema checks are the caller's.
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// One or more statements without parameters.
    Result<void> execute(const std::string& sql);
    /// One statement with its parameters: integers, doubles, text, BlobValue.
    template <class... Args>
    Result<void> run(const std::string& sql, const Args&... args)
    {
        return each(
            sql, [](const SqlRow&) {}, args...);
    }
    /// `visit(row)` for each row.
    template <class Visit, class... Args>
    Result<void> each(const std::string& sql, Visit visit, const Args&... args)
    {
        PATHLOOM_TRY(Cursor cursor, prepare(sql));
        int index = 0;
        Result<void> bound;
        ((bound = bound ? bind(cursor, ++index, args) : bound), ...);
        PATHLOOM_CHECK(bound);
        while (true) {
            PATHLOOM_TRY(const bool row, step(cursor));
            if (!row) return {};
            visit(SqlRow(cursor.statement));
        }
    }
    /// The first column of the first row; Failed when there is no row.
    template <class... Args>
    Result<std::int64_t> integer(const std::string& sql, const Args&... args)
    {
        std::optional<std::int64_t> value;
        PATHLOOM_CHECK(each(
            sql, [&](const SqlRow& row) { value = value.value_or(row.integer(0)); }, args...));
        if (!value) return fail(ErrorCode::Failed, "no row for: {}", sql);
        return *value;
    }

    [[nodiscard]] std::int64_t last_insert_id() const;
    [[nodiscard]] int changed_rows() const;
    [[nodiscard]] bool in_transaction() const;
    /// ROLLBACK if a transaction is open (SQLite ends some by itself, for example when the disk is full).
    void roll_back() noexcept;

private:
    struct Cursor {  // gives its statement back when it goes
        Database* owner = nullptr;
        std::string sql;
        sqlite3_stmt* statement = nullptr;
        Cursor(Database* database, std::string text, sqlite3_stmt* prepared)
            : owner(database)
            , sql(std::move(text))
            , statement(prepared)
        {
        }
        Cursor(Cursor&& other) noexcept
            : owner(other.owner)
            , sql(std::move(other.sql))
            , statement(std::exchange(other.statement, nullptr))
        {
        }
        Cursor& operator=(Cursor&&) = delete;
        ~Cursor();
    };
    Database(sqlite3* handle, std::string file)
        : m_handle(handle)
        , m_file(std::move(file))
    {
    }
    Result<Cursor> prepare(const std::string& sql);
    Result<bool> step(Cursor& cursor);
    Result<void> bind(Cursor& cursor, int index, std::int64_t value);
    Result<void> bind(Cursor& cursor, int index, double value);
    Result<void> bind(Cursor& cursor, int index, std::string_view value);
    Result<void> bind(Cursor& cursor, int index, BlobValue value);
    template <std::integral T>
    Result<void> bind(Cursor& cursor, int index, T value)
    {
        return bind(cursor, index, std::int64_t(value));
    }
    Result<void> bind(Cursor& cursor, int index, const std::string& value)
    {
        return bind(cursor, index, std::string_view(value));
    }
    Result<void> bind(Cursor& cursor, int index, const char* value) { return bind(cursor, index, std::string_view(value)); }
    [[nodiscard]] Error error_of(int code) const;

    sqlite3* m_handle;
    std::string m_file;
    std::map<std::string, sqlite3_stmt*> m_idle;
};

}  // namespace pathloom
