// SPDX-License-Identifier: GPL-3.0-or-later
// Files that appear whole or not at all, and read-only mappings.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace pathloom {

/// A file descriptor that closes itself.
class UniqueFd {
public:
    explicit UniqueFd(int fd = -1) noexcept
        : m_fd(fd)
    {
    }
    UniqueFd(UniqueFd&& other) noexcept
        : m_fd(other.release())
    {
    }
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    ~UniqueFd();
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] explicit operator bool() const { return m_fd >= 0; }
    int release();

private:
    int m_fd;
};

/// One line from an errno value: ENOSPC and EDQUOT become DiskFull, ENOENT NotFound, EEXIST Exists, the rest Failed.
Error system_error(std::string_view what, const std::filesystem::path& file, int error_number);

/// Whole file as bytes in a string.
Result<std::string> read_file(const std::filesystem::path& file);

/// Durable when it returns: temporary beside it, fsync, rename, fsync of the folder. A failure leaves the old file and no
/// temporary.
Result<void> write_file_atomic(const std::filesystem::path& file, std::span<const std::byte> bytes, int mode = 0644);
Result<void> write_file_atomic(const std::filesystem::path& file, std::string_view text, int mode = 0644);

/// Write all of `bytes` to a descriptor; `file` only names it in errors.
Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& file);
/// fsync a folder, so that a rename in it survives a power cut.
Result<void> sync_folder(const std::filesystem::path& folder);
/// mkdir -p; an existing folder is fine.
Result<void> make_folders(const std::filesystem::path& folder);

/// A read-only mapping of a whole file. The span lives as long as the object (moving it is fine).
class MappedFile {
public:
    static Result<MappedFile> open(const std::filesystem::path& file);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();
    [[nodiscard]] std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(m_data), m_size}; }

private:
    MappedFile(void* data, std::size_t size)
        : m_data(data)
        , m_size(size)
    {
    }
    void* m_data = nullptr;
    std::size_t m_size = 0;
};

}  // namespace pathloom
