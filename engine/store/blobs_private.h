// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of BlobStore share: which blobs have been hashed, and a blob on its way to the disk.
#pragma once

#include "engine/core/conveyor.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/store/blob_journal.h"
#include "engine/store/blobs.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <ctime>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace pathloom {

inline constexpr const char* blob_temporaries = "tmp";  ///< folder below the root
inline constexpr std::size_t small_blob_bytes = std::size_t(256) << 10;  ///< up to here two fsyncs cost more than writing twice
inline constexpr std::int64_t ns_per_second = 1'000'000'000;

inline std::int64_t nanoseconds(const timespec& time)
{
    return std::int64_t(time.tv_sec) * ns_per_second + time.tv_nsec;
}

/// Another one at each call of this process.
unsigned next_blob_number();

/// A file time in the recent past that no write by anybody else produces: they leave the time of the write, which is later.
timespec blob_stamp();

/// Which files have been hashed, by what would change with their bytes. The time of a blob is one we set (blob_stamp()), so that
/// a write shows however coarse the file system's clock is.
class BlobStore::Known {
public:
    struct Signature {
        ino_t file = 0;
        off_t size = -1;
        std::int64_t changed_ns = 0;
        bool operator==(const Signature&) const = default;
    };
    static std::optional<Signature> of(const std::filesystem::path& file);
    void remember(const std::string& hash, const std::optional<Signature>& signature);
    void forget(const std::string& hash);
    bool holds(const std::string& hash, const std::optional<Signature>& signature);

private:
    std::mutex m_mutex;
    std::unordered_map<std::string, Signature> m_files;
};

struct BlobStore::Writer::Impl {
    std::filesystem::path root;
    std::filesystem::path temporary;
    UniqueFd fd;  ///< of the temporary; comes when the bytes are too many for the journal
    std::shared_ptr<BlobJournal> journal;
    std::vector<std::byte> small;  ///< the bytes so far, while they may go into the journal
    Sha256 hash;
    std::string known_hash;  ///< the caller has hashed the bytes already
    Durability durability = Durability::PowerCut;
    std::shared_ptr<Known> known;
    std::size_t written = 0;
    std::size_t on_its_way = 0;  ///< bytes the kernel was asked to write to the disk
    struct Range {
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    // Two belts, each with a thread of its own once there is a second item: the hash takes longer than the write, and asking for
    // a write to the disk waits while the disk is busy. Neither may hold up what comes from the socket.
    std::optional<Conveyor<BlobPiece>> hasher;
    std::optional<Conveyor<Range>> disk;
    std::optional<Error> broken;  ///< first failed write: finish() must not pretend

    Result<void> open_temporary();
    /// A file that is whole, and durable when its name is: rename, and what goes with it.
    Result<std::string> place(const std::string& hash);
    /// Write without hashing.
    Result<void> append(std::span<const std::byte> bytes);
    /// Hash, beside what the caller goes on to do if the piece may be kept.
    void add_to_hash(const BlobPiece& piece);
    /// Until every piece is in the hash.
    std::string finish_hash();
    /// Begin to write to the disk while more bytes come in, so that the fsync at the end has little left to wait for.
    void write_back();
};

}  // namespace pathloom
