// SPDX-License-Identifier: GPL-3.0-or-later
// A worker's cache of blobs: the least recently used go first when it outgrows its limit.
#pragma once

#include "engine/store/blobs.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace pathloom {

/// Any thread may call any function: one task is computed while another one's results are uploaded and a third one's blobs come.
class BlobCache {
public:
    /// Opens or creates; blobs of an earlier process are kept, oldest file first in line for eviction.
    static Result<BlobCache> open(const std::filesystem::path& root, std::uint64_t limit_bytes);

    struct Hit {
        std::filesystem::path file;
        std::uint64_t size = 0;
    };
    /// The file of a blob. Its bytes are hashed the first time and whenever the file has changed since; damaged ones are dropped.
    /// That is also why the cache need not survive a power cut: nothing here waits for the disk.
    std::optional<Hit> find(const std::string& hash);
    Result<BlobStore::Writer> writer() { return m_store.writer(); }
    /// After a Writer's finish(): the blob becomes part of the cache.
    Result<Hit> adopt(const std::string& hash);
    Result<std::string> put(std::span<const std::byte> bytes);
    /// While pinned (pins are counted) a blob is not evicted, whether it is here yet or not.
    void pin(const std::string& hash);
    void unpin(const std::string& hash);
    /// Drop the least recently used blobs that are neither pinned nor in `keep` until the rest fits the limit (or `target`, when
    /// smaller).
    void evict(const std::set<std::string>& keep, std::optional<std::uint64_t> target = {});
    [[nodiscard]] std::uint64_t bytes() const;

private:
    struct Entry {
        std::uint64_t size = 0;
        std::uint64_t used = 0;  ///< tick of the last use
    };
    BlobCache(BlobStore store, std::uint64_t limit)
        : m_store(std::move(store))
        , m_limit(limit)
    {
    }
    void forget(const std::string& hash);

    std::unique_ptr<std::mutex> m_mutex = std::make_unique<std::mutex>();  // of everything but m_store, which guards itself
    BlobStore m_store;
    std::uint64_t m_limit = 0;
    std::uint64_t m_bytes = 0;
    std::uint64_t m_tick = 0;
    std::map<std::string, Entry> m_entries;
    std::map<std::string, int> m_pins;
};

}  // namespace pathloom
