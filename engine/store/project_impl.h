// SPDX-License-Identifier: GPL-3.0-or-later
// Inside of Project, shared by its source files.
#pragma once

#include "engine/core/files.h"
#include "engine/store/project.h"
#include "engine/store/sqlite.h"

#include <mutex>
#include <utility>

namespace pathloom {

struct Project::Impl {
    std::filesystem::path folder;
    UniqueFd lock;  ///< flock'ed as long as the project is open
    std::unique_ptr<Database> database;
    std::optional<BlobStore> blobs;
    std::mutex log_mutex;  ///< of `log`
    UniqueFd log;  ///< the write-ahead log, for sync(); SQLite keeps the file as long as the database is open
    std::optional<Error> refuse;  ///< a transaction could not begin: writes must not go through one by one

    /// One changing statement.
    template <class... Args>
    Result<void> write(const std::string& sql, const Args&... args)
    {
        if (refuse) return fail(*refuse);
        return database->run(sql, args...);
    }
    /// A changing statement that returns one integer (RETURNING).
    template <class... Args>
    Result<std::int64_t> write_returning(const std::string& sql, const Args&... args)
    {
        if (refuse) return fail(*refuse);
        return database->integer(sql, args...);
    }
    /// All rows of a query, each made by `make(row)`.
    template <class Make, class... Args>
    auto rows(const std::string& sql, Make make, const Args&... args)
        -> Result<std::vector<decltype(make(std::declval<const SqlRow&>()))>>
    {
        std::vector<decltype(make(std::declval<const SqlRow&>()))> all;
        PATHLOOM_CHECK(database->each(
            sql, [&](const SqlRow& row) { all.push_back(make(row)); }, args...));
        return all;
    }
    /// The first row of a query, if any.
    template <class Make, class... Args>
    auto first(const std::string& sql, Make make, const Args&... args)
        -> Result<std::optional<decltype(make(std::declval<const SqlRow&>()))>>
    {
        PATHLOOM_TRY(auto all, rows(sql, make, args...));
        if (all.empty()) return std::nullopt;
        return std::move(all.front());
    }
};

/// Exists with a message that names the thing instead of the constraint; other errors pass unchanged.
inline Result<void> exists_as(Result<void> result, const std::string& message)
{
    if (!result && result.error().code == ErrorCode::Exists) return fail(Error{ErrorCode::Exists, message});
    return result;
}

}  // namespace pathloom
