// SPDX-License-Identifier: GPL-3.0-or-later
// A worker's cache of blobs.
#include "engine/worker/blob_cache.h"

#include "engine/core/hash.h"

#include <algorithm>
#include <vector>

namespace pathloom {

namespace fs = std::filesystem;

Result<BlobCache> BlobCache::open(const fs::path& root, std::uint64_t limit_bytes)
{
    PATHLOOM_TRY(BlobStore store, BlobStore::open(root, Durability::ProcessEnd));
    BlobCache cache(std::move(store), limit_bytes);
    struct Found {
        fs::file_time_type time;
        std::string hash;
        std::uint64_t size;
        auto operator<=>(const Found&) const = default;
    };
    std::vector<Found> found;
    std::error_code error;
    for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
        std::error_code ignored;
        const std::string name = it->path().filename().string();
        if (is_sha256_hex(name) && it->path() == cache.m_store.path_of(name))
            found.push_back({it->last_write_time(ignored), name, it->file_size(ignored)});
    }
    if (error) return fail(ErrorCode::Failed, "cannot read the cache folder {}: {}", root.string(), error.message());
    std::sort(found.begin(), found.end());
    for (const auto& one : found) {
        cache.m_entries[one.hash] = {one.size, ++cache.m_tick};
        cache.m_bytes += one.size;
    }
    cache.evict({});
    return cache;
}

void BlobCache::forget(const std::string& hash)
{
    const auto entry = m_entries.find(hash);
    if (entry == m_entries.end()) return;
    m_bytes -= entry->second.size;
    m_entries.erase(entry);
}

std::optional<BlobCache::Hit> BlobCache::find(const std::string& hash)
{
    {
        const std::lock_guard lock(*m_mutex);
        if (!m_entries.contains(hash)) return {};
    }
    const auto file = m_store.verified(hash);  // may hash for a while
    const std::lock_guard lock(*m_mutex);
    if (!file) {
        forget(hash);
        return {};
    }
    const auto entry = m_entries.find(hash);
    if (entry == m_entries.end()) return {};
    entry->second.used = ++m_tick;
    return Hit{*file, entry->second.size};
}

Result<BlobCache::Hit> BlobCache::adopt(const std::string& hash)
{
    PATHLOOM_TRY(const std::uint64_t size, m_store.size_of(hash));
    const std::lock_guard lock(*m_mutex);
    forget(hash);
    m_entries[hash] = {size, ++m_tick};
    m_bytes += size;
    return Hit{m_store.path_of(hash), size};
}

Result<std::string> BlobCache::put(std::span<const std::byte> bytes)
{
    PATHLOOM_TRY(std::string hash, m_store.put(bytes));
    PATHLOOM_CHECK(adopt(hash));
    return hash;
}

void BlobCache::pin(const std::string& hash)
{
    const std::lock_guard lock(*m_mutex);
    ++m_pins[hash];
}

void BlobCache::unpin(const std::string& hash)
{
    const std::lock_guard lock(*m_mutex);
    if (const auto pins = m_pins.find(hash); pins != m_pins.end() && --pins->second <= 0) m_pins.erase(pins);
}

std::uint64_t BlobCache::bytes() const
{
    const std::lock_guard lock(*m_mutex);
    return m_bytes;
}

void BlobCache::evict(const std::set<std::string>& keep, std::optional<std::uint64_t> target)
{
    const std::lock_guard lock(*m_mutex);
    const std::uint64_t limit = std::min(m_limit, target.value_or(m_limit));
    std::vector<std::pair<std::uint64_t, std::string>> order;
    for (const auto& [hash, entry] : m_entries)
        if (!keep.contains(hash) && !m_pins.contains(hash)) order.emplace_back(entry.used, hash);
    std::sort(order.begin(), order.end());
    for (const auto& [used, hash] : order) {
        if (m_bytes <= limit) return;
        // A blob that cannot be removed stays counted: it still takes the space.
        if (m_store.remove(hash)) forget(hash);
    }
}

}  // namespace pathloom
