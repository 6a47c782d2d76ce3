// SPDX-License-Identifier: GPL-3.0-or-later
// Durable writes and mappings over POSIX calls.
#include "engine/core/files.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pathloom {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept
{
    if (this != &other) {
        if (m_fd >= 0) ::close(m_fd);
        m_fd = other.release();
    }
    return *this;
}

UniqueFd::~UniqueFd()
{
    if (m_fd >= 0) ::close(m_fd);
}

int UniqueFd::release()
{
    return std::exchange(m_fd, -1);
}

Error system_error(std::string_view what, const std::filesystem::path& file, int error_number)
{
    if (error_number == ENOSPC || error_number == EDQUOT)
        return Error{
            ErrorCode::DiskFull, fmt::format("no space left on the disk for {}; free some and try again", file.string())};
    const ErrorCode code = error_number == ENOENT ? ErrorCode::NotFound
        : error_number == EEXIST                  ? ErrorCode::Exists
                                                  : ErrorCode::Failed;
    return Error{code, fmt::format("{} {}: {}", what, file.string(), std::generic_category().message(error_number))};
}

Result<std::string> read_file(const std::filesystem::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(system_error("cannot open", file, errno));
    struct stat info { };
    if (::fstat(fd.get(), &info) != 0) return fail(system_error("cannot read", file, errno));
    std::string text(info.st_size > 0 ? std::size_t(info.st_size) : 0, '\0');
    std::size_t done = 0;
    while (true) {  // /proc files say size 0 and files may grow: read until the end, not until the size
        if (done == text.size()) text.resize(text.size() + 4096);
        const ssize_t got = ::read(fd.get(), text.data() + done, text.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("cannot read", file, errno));
        if (got == 0) break;
        done += std::size_t(got);
    }
    text.resize(done);
    return text;
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& file)
{
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail(system_error("cannot write", file, errno));
        bytes = bytes.subspan(std::size_t(put));
    }
    return {};
}

Result<void> sync_folder(const std::filesystem::path& folder)
{
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail(system_error("cannot open the folder", folder, errno));
    // Some network file systems refuse to fsync a folder (EINVAL): nothing more can be done there.
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return fail(system_error("cannot sync the folder", folder, errno));
    return {};
}

Result<void> make_folders(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(system_error("cannot create the folder", folder, error.value()));
    return {};
}

Result<void> write_file_atomic(const std::filesystem::path& file, std::span<const std::byte> bytes, int mode)
{
    static std::atomic<unsigned> counter = 0;
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const std::filesystem::path temporary
        = folder / fmt::format(".{}.{}-{}.tmp", file.filename().string(), ::getpid(), counter.fetch_add(1));
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) return fail(system_error("cannot write", file, errno));
    Result<void> written = write_all(fd.get(), bytes, file);
    if (written && ::fsync(fd.get()) != 0) written = fail(system_error("cannot write", file, errno));
    if (written && ::rename(temporary.c_str(), file.c_str()) != 0) written = fail(system_error("cannot replace", file, errno));
    if (!written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return sync_folder(folder);
}

Result<void> write_file_atomic(const std::filesystem::path& file, std::string_view text, int mode)
{
    return write_file_atomic(file, std::as_bytes(std::span(text.data(), text.size())), mode);
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& file)
{
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(system_error("cannot open", file, errno));
    struct stat info { };
    if (::fstat(fd.get(), &info) != 0) return fail(system_error("cannot read", file, errno));
    if (!S_ISREG(info.st_mode)) return fail(ErrorCode::Failed, "{} is not a regular file", file.string());
    if (info.st_size == 0) return MappedFile(nullptr, 0);
    void* data = ::mmap(nullptr, std::size_t(info.st_size), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED) return fail(system_error("cannot map", file, errno));
    return MappedFile(data, std::size_t(info.st_size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr))
    , m_size(std::exchange(other.m_size, 0))
{
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept
{
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

MappedFile::~MappedFile()
{
    if (m_data) ::munmap(m_data, m_size);
}

}  // namespace pathloom
