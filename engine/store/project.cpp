// SPDX-License-Identifier: GPL-3.0-or-later
// Opening and owning a project folder, and its transactions.
#include "engine/store/migrations.h"
#include "engine/store/project_impl.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

/// The lock file says who owns the project; the flock on it, which dies with its owner, is what counts.
Result<UniqueFd> lock_project(const fs::path& folder)
{
    const fs::path file = folder / ".engine" / "lock";
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return fail(system_error("cannot open", file, errno));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail(system_error("cannot lock", file, errno));
        std::string pid = read_file(file).value_or("");
        if (pid.empty()) pid = "unknown";
        return fail(ErrorCode::Exists, "project {} is in use by the engine with pid {}; connect to it, or stop it first",
            folder.string(), pid);
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0) return fail(system_error("cannot write", file, errno));
    PATHLOOM_CHECK(write_all(fd.get(), std::as_bytes(std::span(pid)), file));
    return fd;
}

}  // namespace

Project::Project(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}

Project::~Project() = default;

Result<std::unique_ptr<Project>> Project::open_or_create(const fs::path& given)
{
    std::error_code error;
    const fs::path folder = fs::absolute(given, error).lexically_normal();
    if (error) return fail(system_error("cannot find the folder", given, error.value()));
    const fs::path file = folder / "project.sqlite";
    PATHLOOM_TRY(const int schema, schema_of_file(file));  // before anything is created or changed
    PATHLOOM_CHECK(check_schema(schema, file));

    auto impl = std::make_unique<Impl>();
    impl->folder = folder;
    PATHLOOM_CHECK(make_folders(folder / ".engine"));
    if (::chmod((folder / ".engine").c_str(), 0700) != 0) return fail(system_error("cannot protect", folder / ".engine", errno));
    PATHLOOM_TRY(impl->lock, lock_project(folder));
    PATHLOOM_TRY(impl->database, Database::open(file));
    // What the header did not say yet may stand in the write-ahead log of an engine that was killed.
    PATHLOOM_TRY(const std::int64_t version, impl->database->integer("PRAGMA user_version"));
    PATHLOOM_CHECK(check_schema(int(version), file));
    PATHLOOM_CHECK(migrate(*impl->database));
    PATHLOOM_TRY(impl->blobs, BlobStore::open(folder / "blobs", Durability::PowerCutInGroups));
    PATHLOOM_CHECK(make_folders(folder / ".engine" / "logs"));
    PATHLOOM_CHECK(sync_folder(folder));
    return std::unique_ptr<Project>(new Project(std::move(impl)));
}

const fs::path& Project::folder() const
{
    return m_impl->folder;
}

BlobStore& Project::blobs()
{
    return *m_impl->blobs;
}

Result<void> Project::sync()
{
    const std::lock_guard lock(m_impl->log_mutex);
    const fs::path file = m_impl->folder / "project.sqlite-wal";
    if (!m_impl->log) {
        m_impl->log = UniqueFd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
        if (!m_impl->log && errno == ENOENT) return {};  // nothing has been written yet
        if (!m_impl->log) return fail(system_error("cannot open", file, errno));
        PATHLOOM_CHECK(sync_folder(m_impl->folder));  // the log itself must be found again
    }
    if (::fdatasync(m_impl->log.get()) != 0) return fail(system_error("cannot make durable", file, errno));
    return {};
}

Project::Transaction::Transaction(Project& project)
    : m_project(project)
{
    if (auto begun = m_project.m_impl->database->execute("BEGIN IMMEDIATE")) {
        m_open = true;
    } else {
        m_begin_error = begun.error();
        if (!m_project.m_impl->database->in_transaction()) m_project.m_impl->refuse = m_begin_error;
    }
}

Project::Transaction::~Transaction()
{
    if (m_open) m_project.m_impl->database->roll_back();
    if (m_begin_error) m_project.m_impl->refuse.reset();
}

Result<void> Project::Transaction::commit()
{
    if (m_begin_error) return fail(*m_begin_error);
    Database& database = *m_project.m_impl->database;
    if (!m_open) return fail(ErrorCode::Failed, "this transaction has already been committed");
    if (!database.in_transaction()) {
        m_open = false;
        return fail(ErrorCode::Failed, "the database rolled the transaction back; nothing was stored");
    }
    PATHLOOM_CHECK(database.execute("COMMIT"));
    m_open = false;
    return {};
}

}  // namespace pathloom
