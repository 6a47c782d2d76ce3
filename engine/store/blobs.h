// SPDX-License-Identifier: GPL-3.0-or-later
// Content-addressed blobs: <root>/ab/<sha256 hex>. A blob exists whole or not at all (temp + fsync + rename + fsync of the
// folder).
#pragma once

#include "engine/core/blob_piece.h"
#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

class BlobJournal;
struct JournaledBlob;

/// Whether a blob must survive a power cut. A cache need not: what it lost is fetched again, and what was torn does not have its
/// hash.
/// PowerCutInGroups: small blobs (blob_journal.h) that are written at the same time share one fsync; for a store that one process
/// writes to from many threads.
enum class Durability { PowerCut, PowerCutInGroups, ProcessEnd };

/// Copies share the folder. Any thread may call any function; several processes may share one folder.
class BlobStore {
public:
    /// Opens or creates the folder and removes temporaries a crash left behind.
    static Result<BlobStore> open(const std::filesystem::path& root, Durability durability = Durability::PowerCut);

    /// Durable when it returns. Storing the same bytes twice is one blob. DiskFull leaves nothing behind.
    Result<std::string> put(std::span<const std::byte> bytes);
    /// The same for many: small ones share the fsyncs. Hashes in order.
    Result<std::vector<std::string>> put_all(std::span<const std::span<const std::byte>> blobs);
    [[nodiscard]] bool has(const std::string& hash) const;
    /// has(), and a blob that is there counts as written just now: for callers that will name it in a row soon, so that a
    /// collection of garbage in between does not take it.
    [[nodiscard]] bool keep(const std::string& hash) const;
    [[nodiscard]] std::filesystem::path path_of(const std::string& hash) const;
    [[nodiscard]] Result<std::uint64_t> size_of(const std::string& hash) const;
    /// Path of a blob whose bytes this store has hashed since the file last changed; `again` hashes them now, which also finds
    /// what a disk did to them behind the file system's back. A flipped bit gives Corrupt and moves the file aside (never served
    /// again).
    Result<std::filesystem::path> verified(const std::string& hash, bool again = false);

    /// Streaming write; pieces that have an owner are hashed beside it. finish() checks the hash (Corrupt if it differs), fsyncs
    /// and renames; a Writer that dies leaves nothing.
    class Writer {
    public:
        Writer(Writer&&) noexcept;
        Writer& operator=(Writer&&) noexcept;
        ~Writer();
        Result<void> write(const BlobPiece& piece);
        Result<std::string> finish(const std::string& expected_hash = {});

    private:
        friend class BlobStore;
        struct Impl;
        explicit Writer(std::unique_ptr<Impl> impl);
        std::unique_ptr<Impl> m_impl;
    };
    Result<Writer> writer();

    /// Remove a blob (cache eviction). Missing is fine.
    Result<void> remove(const std::string& hash);
    /// Removes every blob but `kept` ones and those written, or named by keep(), in the last `min_age_s` seconds; returns the
    /// bytes freed. Other threads may store blobs meanwhile; a file's time may be two seconds early (blob_stamp()).
    Result<std::uint64_t> remove_all_but(const std::set<std::string>& kept, int min_age_s);
    /// Remove what verified() has moved aside under this name: nobody needs it once the blob is made again.
    void discard_damaged(const std::string& hash);
    /// Every blob held, ascending.
    [[nodiscard]] std::vector<std::string> hashes() const;
    /// Bytes held, counted from the folder.
    [[nodiscard]] std::uint64_t bytes() const;

private:
    class Known;
    BlobStore(std::filesystem::path root, Durability durability);
    Result<Writer> writer(std::string known_hash);
    static Result<void> place_cheaply(
        const std::filesystem::path& root, const std::shared_ptr<Known>& known, const JournaledBlob& blob);
    /// A blob that is there as the same bytes, and durable.
    Result<bool> there(const std::string& hash, std::span<const std::byte> bytes);
    std::filesystem::path m_root;
    Durability m_durability;
    std::shared_ptr<Known> m_known;
    std::shared_ptr<BlobJournal> m_journal;  ///< of small blobs, when they are written in groups
};

}  // namespace pathloom
