// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/blobs_private.h"

#include <atomic>

namespace pathloom {

namespace {

constexpr std::size_t most_known = 200'000;

std::atomic<unsigned> counter = 0;

}  // namespace

unsigned next_blob_number()
{
    return counter.fetch_add(1);
}

std::optional<BlobStore::Known::Signature> BlobStore::Known::of(const std::filesystem::path& file)
{
    struct stat info { };
    if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return Signature{info.st_ino, info.st_size, nanoseconds(info.st_mtim)};
}

void BlobStore::Known::remember(const std::string& hash, const std::optional<Signature>& signature)
{
    if (!signature) return;
    const std::lock_guard lock(m_mutex);
    if (m_files.size() >= most_known) m_files.clear();
    m_files[hash] = *signature;
}

void BlobStore::Known::forget(const std::string& hash)
{
    const std::lock_guard lock(m_mutex);
    m_files.erase(hash);
}

bool BlobStore::Known::holds(const std::string& hash, const std::optional<Signature>& signature)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_files.find(hash);
    return signature && found != m_files.end() && found->second == *signature;
}

}  // namespace pathloom
