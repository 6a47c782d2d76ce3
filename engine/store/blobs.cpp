// SPDX-License-Identifier: GPL-3.0-or-later
// Content-addressed blobs on POSIX calls. Temporaries live in <root>/tmp and are locked while their writer lives.
#include "engine/store/blobs.h"

#include "engine/core/files.h"
#include "engine/core/hash.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

const char* const temporaries = "tmp";
const char* const quarantine = "corrupt";

std::atomic<unsigned> counter = 0;

/// A temporary is locked by its writer: a lock that can be taken means that the writer is dead.
void remove_dead_temporaries(const fs::path& folder)
{
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const UniqueFd fd(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
        if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    }
}

/// Whether a file holds exactly these bytes.
bool holds(const fs::path& file, std::span<const std::byte> bytes)
{
    const auto mapped = MappedFile::open(file);
    return mapped && mapped->bytes().size() == bytes.size()
        && (bytes.empty() || std::memcmp(mapped->bytes().data(), bytes.data(), bytes.size()) == 0);
}

bool is_fan_out_folder(const fs::path& folder)
{
    const std::string name = folder.filename().string();
    return name.size() == 2 && is_sha256_hex(name + std::string(62, '0'));
}

}  // namespace

struct BlobStore::Writer::Impl {
    fs::path root;
    fs::path temporary;
    UniqueFd fd;
    Sha256 hash;
    std::optional<Error> broken;  ///< first failed write: finish() must not pretend
};

BlobStore::Writer::Writer(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
BlobStore::Writer::Writer(Writer&&) noexcept = default;

BlobStore::Writer& BlobStore::Writer::operator=(Writer&& other) noexcept
{
    std::swap(m_impl, other.m_impl);
    return *this;
}

BlobStore::Writer::~Writer()
{
    if (m_impl && m_impl->fd) ::unlink(m_impl->temporary.c_str());
}

Result<void> BlobStore::Writer::write(std::span<const std::byte> bytes)
{
    if (!m_impl || !m_impl->fd) return fail(ErrorCode::Failed, "blob writer is already finished; open a new one");
    if (m_impl->broken) return fail(*m_impl->broken);
    m_impl->hash.update(bytes);
    Result<void> written = write_all(m_impl->fd.get(), bytes, m_impl->root);
    if (!written) m_impl->broken = written.error();
    return written;
}

Result<std::string> BlobStore::Writer::finish(const std::string& expected_hash)
{
    if (!m_impl || !m_impl->fd) return fail(ErrorCode::Failed, "blob writer is already finished; open a new one");
    const std::unique_ptr<Impl> impl = std::move(m_impl);
    const auto give_up = [&](Error error) {
        ::unlink(impl->temporary.c_str());
        return fail(std::move(error));
    };
    if (impl->broken) return give_up(*impl->broken);
    const std::string hash = impl->hash.hex();
    if (!expected_hash.empty() && hash != expected_hash)
        return give_up({ErrorCode::Corrupt, fmt::format("blob {} arrived with hash {}; send it again", expected_hash, hash)});
    const fs::path folder = impl->root / hash.substr(0, 2);
    const fs::path target = folder / hash;
    if (::fsync(impl->fd.get()) != 0) return give_up(system_error("cannot write", target, errno));
    if (::mkdir(folder.c_str(), 0755) == 0) {
        if (auto synced = sync_folder(impl->root); !synced) return give_up(synced.error());
    } else if (errno != EEXIST) {
        return give_up(system_error("cannot create the folder", folder, errno));
    }
    // Renaming over an equal blob is harmless, and heals one whose bits have rotted.
    if (::rename(impl->temporary.c_str(), target.c_str()) != 0) return give_up(system_error("cannot write", target, errno));
    if (auto synced = sync_folder(folder); !synced) return fail(synced.error());
    return hash;
}

Result<BlobStore> BlobStore::open(const fs::path& root)
{
    PATHLOOM_CHECK(make_folders(root / temporaries));
    remove_dead_temporaries(root / temporaries);
    return BlobStore(root);
}

Result<BlobStore::Writer> BlobStore::writer()
{
    auto impl = std::make_unique<Writer::Impl>();
    impl->root = m_root;
    while (true) {
        impl->temporary = m_root / temporaries / fmt::format("{}-{}", ::getpid(), counter.fetch_add(1));
        impl->fd = UniqueFd(::open(impl->temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!impl->fd && errno == EEXIST) continue;  // another process in another pid namespace
        if (!impl->fd) return fail(system_error("cannot write a blob in", m_root, errno));
        // Another process that opens the store may see the file before its lock: then it is gone, and we take the next name.
        struct stat info { };
        if (::flock(impl->fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(impl->fd.get(), &info) == 0 && info.st_nlink == 1) break;
    }
    return Writer(std::move(impl));
}

Result<std::string> BlobStore::put(std::span<const std::byte> bytes)
{
    const std::string hash = sha256_hex(bytes);
    if (keep(hash) && holds(path_of(hash), bytes)) {
        PATHLOOM_CHECK(sync_folder(path_of(hash).parent_path()));  // its first writer may not have got so far yet
        return hash;
    }
    PATHLOOM_TRY(Writer out, writer());
    PATHLOOM_CHECK(out.write(bytes));
    return out.finish(hash);
}

bool BlobStore::has(const std::string& hash) const
{
    std::error_code error;
    return is_sha256_hex(hash) && fs::is_regular_file(path_of(hash), error);
}

bool BlobStore::keep(const std::string& hash) const
{
    return is_sha256_hex(hash) && ::utimensat(AT_FDCWD, path_of(hash).c_str(), nullptr, 0) == 0;
}

fs::path BlobStore::path_of(const std::string& hash) const
{
    // Hashes come from the wire: one that is not a hash must not name a file elsewhere.
    return is_sha256_hex(hash) ? m_root / hash.substr(0, 2) / hash : m_root / temporaries / "not-a-hash";
}

Result<std::uint64_t> BlobStore::size_of(const std::string& hash) const
{
    std::error_code error;
    const std::uintmax_t size = is_sha256_hex(hash) ? fs::file_size(path_of(hash), error) : 0;
    if (error || !is_sha256_hex(hash)) return fail(ErrorCode::NotFound, "no blob {} in {}", hash, m_root.string());
    return size;
}

Result<fs::path> BlobStore::verified(const std::string& hash)
{
    const fs::path file = path_of(hash);
    if (!has(hash)) return fail(ErrorCode::NotFound, "no blob {} in {}", hash, m_root.string());
    PATHLOOM_TRY(const std::string found, sha256_file(file));
    if (found == hash) return file;
    PATHLOOM_CHECK(make_folders(m_root / quarantine));
    const fs::path aside = m_root / quarantine / fmt::format("{}.{}-{}", hash, ::getpid(), counter.fetch_add(1));
    if (::rename(file.c_str(), aside.c_str()) != 0 && errno != ENOENT)
        return fail(system_error("cannot move aside", file, errno));
    return fail(ErrorCode::Corrupt, "blob {} is damaged (its bytes hash to {}); moved to {}, fetch or compute it again", hash,
        found, aside.string());
}

Result<void> BlobStore::remove(const std::string& hash)
{
    if (!is_sha256_hex(hash)) return {};
    if (::unlink(path_of(hash).c_str()) != 0 && errno != ENOENT) return fail(system_error("cannot remove", path_of(hash), errno));
    return {};
}

void BlobStore::discard_damaged(const std::string& hash)
{
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(m_root / quarantine, error))
        if (is_sha256_hex(hash) && entry.path().filename().string().starts_with(hash)) ::unlink(entry.path().c_str());
}

std::vector<std::string> BlobStore::hashes() const
{
    std::vector<std::string> found;
    std::error_code error;
    for (const fs::directory_entry& folder : fs::directory_iterator(m_root, error)) {
        if (!is_fan_out_folder(folder.path())) continue;
        std::error_code inner;
        for (const fs::directory_entry& blob : fs::directory_iterator(folder.path(), inner))
            if (is_sha256_hex(blob.path().filename().string())) found.push_back(blob.path().filename().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::uint64_t BlobStore::bytes() const
{
    std::uint64_t total = 0;
    for (const std::string& hash : hashes()) total += size_of(hash).value_or(0);
    return total;
}

}  // namespace pathloom
