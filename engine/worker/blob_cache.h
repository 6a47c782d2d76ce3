// SPDX-License-Identifier: GPL-3.0-or-later
// A worker's cache of blobs: the least recently used go first when it outgrows its limit.
#pragma once

#include "engine/store/blobs.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace pathloom {

/// Used by one thread at a time.
class BlobCache {
public:
    /// Opens or creates; blobs of an earlier process are kept, oldest file first in line for eviction.
    static Result<BlobCache> open(const std::filesystem::path& root, std::uint64_t limit_bytes);

    struct Hit {
        std::filesystem::path file;
        std::uint64_t size = 0;
    };
    /// The file of a blob. Its bytes are hashed the first time and whenever the file has changed since; damaged ones are dropped.
    std::optional<Hit> find(const std::string& hash);
    Result<BlobStore::Writer> writer() { return m_store.writer(); }
    /// After a Writer's finish(): the blob becomes part of the cache.
    Result<Hit> adopt(const std::string& hash);
    Result<std::string> put(std::span<const std::byte> bytes);
    /// Drop the least recently used blobs that are not in `keep` until the rest fits the limit (or `target`, when smaller).
    void evict(const std::set<std::string>& keep, std::optional<std::uint64_t> target = {});
    [[nodiscard]] std::uint64_t bytes() const { return m_bytes; }

private:
    struct Entry {
        std::uint64_t size = 0;
        std::uint64_t used = 0;  ///< tick of the last use
        std::optional<std::filesystem::file_time_type> verified;  ///< the file's time when its hash was last checked
    };
    BlobCache(BlobStore store, std::uint64_t limit)
        : m_store(std::move(store))
        , m_limit(limit)
    {
    }
    void forget(const std::string& hash);

    BlobStore m_store;
    std::uint64_t m_limit = 0;
    std::uint64_t m_bytes = 0;
    std::uint64_t m_tick = 0;
    std::map<std::string, Entry> m_entries;
};

}  // namespace pathloom
