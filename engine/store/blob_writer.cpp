// SPDX-License-Identifier: GPL-3.0-or-later
// Writing a blob piece by piece: the hash and the disk each beside the caller.
#include "engine/store/blobs_private.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t writeback_bytes = std::size_t(8) << 20;
constexpr std::size_t pieces_ahead = 8;  // of hashing, so much may be written: some megabytes
constexpr std::size_t ranges_ahead = 64;  // of the disk: half a gigabyte

}  // namespace

timespec blob_stamp()
{
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec - 1, long(next_blob_number() * 7919ULL % std::uint64_t(ns_per_second))};
}
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

Result<void> BlobStore::Writer::Impl::open_temporary()
{
    while (true) {
        temporary = root / blob_temporaries / fmt::format("{}-{}", ::getpid(), next_blob_number());
        fd = UniqueFd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!fd && errno == EEXIST) continue;  // another process in another pid namespace
        if (!fd) return fail(system_error("cannot write a blob in", root, errno));
        // Another process that opens the store may see the file before its lock: then it is gone, and we take the next name.
        struct stat info { };
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &info) == 0 && info.st_nlink == 1) return {};
    }
}

Result<void> BlobStore::Writer::Impl::append(std::span<const std::byte> bytes)
{
    if (journal && !fd) {
        if (small.size() + bytes.size() <= small_blob_bytes) {
            small.insert(small.end(), bytes.begin(), bytes.end());
            return {};
        }
        PATHLOOM_CHECK(open_temporary());
        const auto before = std::exchange(small, {});
        PATHLOOM_CHECK(append(before));
    }
    PATHLOOM_CHECK(write_all(fd.get(), bytes, root));
    written += bytes.size();
    write_back();
    return {};
}

void BlobStore::Writer::Impl::add_to_hash(const BlobPiece& piece)
{
    if (!known_hash.empty()) return;
    if (piece.owner) {
        if (!hasher)
            hasher.emplace(
                [this](BlobPiece& one) -> Result<void> {
                    hash.update(one.bytes);
                    return {};
                },
                pieces_ahead);
        hasher->push(piece);
        return;
    }
    if (hasher) hasher->finish(), hasher.reset();  // in order
    hash.update(piece.bytes);
}

std::string BlobStore::Writer::Impl::finish_hash()
{
    if (hasher) hasher->finish();
    return known_hash.empty() ? hash.hex() : known_hash;
}

void BlobStore::Writer::Impl::write_back()
{
    if (durability == Durability::ProcessEnd || written - on_its_way < writeback_bytes) return;
    if (!disk)
        disk.emplace(
            [this](Range& range) -> Result<void> {
                ::sync_file_range(fd.get(), off64_t(range.begin), off64_t(range.size), SYNC_FILE_RANGE_WRITE);
                return {};
            },
            ranges_ahead);
    disk->push({on_its_way, written - on_its_way});
    on_its_way = written;
}

Result<std::string> BlobStore::Writer::Impl::place(const std::string& hash)
{
    const auto give_up = [&](Error error) {
        ::unlink(temporary.c_str());
        return fail(std::move(error));
    };
    const fs::path folder = root / hash.substr(0, 2);
    const fs::path target = folder / hash;
    const bool durable = durability != Durability::ProcessEnd;
    if (disk) disk->finish();
    const timespec times[] = {blob_stamp(), blob_stamp()};
    ::futimens(fd.get(), times);
    if (durable && ::fsync(fd.get()) != 0) return give_up(system_error("cannot write", target, errno));
    if (::mkdir(folder.c_str(), 0755) == 0) {
        if (durable)
            if (auto synced = sync_folder(root); !synced) return give_up(synced.error());
    } else if (errno != EEXIST) {
        return give_up(system_error("cannot create the folder", folder, errno));
    }
    // Renaming over an equal blob is harmless, and heals one whose bits have rotted.
    if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up(system_error("cannot write", target, errno));
    struct stat info { };
    if (::fstat(fd.get(), &info) == 0)
        known->remember(hash, Known::Signature{info.st_ino, info.st_size, nanoseconds(info.st_mtim)});
    if (durable) PATHLOOM_CHECK(sync_folder(folder));
    return hash;
}

Result<void> BlobStore::Writer::write(const BlobPiece& piece)
{
    if (!m_impl) return fail(ErrorCode::Failed, "blob writer is already finished; open a new one");
    if (m_impl->broken) return fail(*m_impl->broken);
    m_impl->add_to_hash(piece);
    Result<void> written = m_impl->append(piece.bytes);
    if (!written) m_impl->broken = written.error();
    return written;
}

Result<std::string> BlobStore::Writer::finish(const std::string& expected_hash)
{
    if (!m_impl) return fail(ErrorCode::Failed, "blob writer is already finished; open a new one");
    const std::unique_ptr<Impl> impl = std::move(m_impl);
    const auto give_up = [&](Error error) {
        if (impl->fd) ::unlink(impl->temporary.c_str());
        return fail(std::move(error));
    };
    if (impl->broken) return give_up(*impl->broken);
    const std::string hash = impl->finish_hash();
    if (!expected_hash.empty() && hash != expected_hash)
        return give_up({ErrorCode::Corrupt, fmt::format("blob {} arrived with hash {}; send it again", expected_hash, hash)});
    if (impl->fd) return impl->place(hash);
    const JournaledBlob blob{hash, impl->small};
    PATHLOOM_CHECK(
        impl->journal->append({&blob, 1}, [&](const JournaledBlob& one) { return place_cheaply(impl->root, impl->known, one); }));
    return hash;
}

}  // namespace pathloom
