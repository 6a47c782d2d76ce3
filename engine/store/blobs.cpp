// SPDX-License-Identifier: GPL-3.0-or-later
// Content-addressed blobs on POSIX calls. Temporaries live in <root>/tmp and are locked while their writer lives.
#include "engine/store/blobs_private.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

const char* const quarantine = "corrupt";
const char* const journals = "journal";

constexpr std::uint64_t journal_bytes = std::uint64_t(64) << 20;

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

/// A whole file without fsyncs.
Result<void> BlobStore::place_cheaply(const fs::path& root, const std::shared_ptr<Known>& known, const JournaledBlob& blob)
{
    Writer::Impl file;
    file.root = root;
    file.durability = Durability::ProcessEnd;
    file.known = known;
    // Larger blobs will find the folder there and take it for durable.
    const fs::path folder = root / blob.hash.substr(0, 2);
    if (::mkdir(folder.c_str(), 0755) == 0) PATHLOOM_CHECK(sync_folder(root));
    PATHLOOM_CHECK(file.open_temporary());
    if (auto written = file.append(blob.bytes); !written) {
        ::unlink(file.temporary.c_str());
        return written;
    }
    PATHLOOM_CHECK(file.place(blob.hash));
    return {};
}

BlobStore::BlobStore(fs::path root, Durability durability)
    : m_root(std::move(root))
    , m_durability(durability)
    , m_known(std::make_shared<Known>())
{
    if (durability == Durability::PowerCutInGroups) m_journal = std::make_shared<BlobJournal>(m_root / journals, journal_bytes);
}

Result<BlobStore> BlobStore::open(const fs::path& root, Durability durability)
{
    PATHLOOM_CHECK(make_folders(root / blob_temporaries));
    remove_dead_temporaries(root / blob_temporaries);
    BlobStore store(root, durability);
    PATHLOOM_CHECK(BlobJournal::recover(root / journals, [&](const JournaledBlob& blob) -> Result<void> {
        if (holds(store.path_of(blob.hash), blob.bytes)) return {};
        return place_cheaply(root, store.m_known, blob);
    }));
    return store;
}

Result<BlobStore::Writer> BlobStore::writer()
{
    return writer({});
}

Result<BlobStore::Writer> BlobStore::writer(std::string known_hash)
{
    auto impl = std::make_unique<Writer::Impl>();
    impl->root = m_root;
    impl->known_hash = std::move(known_hash);
    impl->durability = m_durability;
    impl->known = m_known;
    impl->journal = m_journal;
    if (!impl->journal) PATHLOOM_CHECK(impl->open_temporary());
    return Writer(std::move(impl));
}

Result<bool> BlobStore::there(const std::string& hash, std::span<const std::byte> bytes)
{
    if (!keep(hash) || !holds(path_of(hash), bytes)) return false;
    // Its first writer may not have got so far yet. A blob of the journal is durable before it is a file.
    if (m_durability != Durability::ProcessEnd) PATHLOOM_CHECK(sync_folder(path_of(hash).parent_path()));
    return true;
}

Result<std::string> BlobStore::put(std::span<const std::byte> bytes)
{
    PATHLOOM_TRY(auto hashes, put_all({&bytes, 1}));
    return std::move(hashes.front());
}

Result<std::vector<std::string>> BlobStore::put_all(std::span<const std::span<const std::byte>> blobs)
{
    std::vector<std::string> hashes;
    std::vector<JournaledBlob> small;
    for (const auto bytes : blobs) {
        const std::string& hash = hashes.emplace_back(sha256_hex(bytes));
        PATHLOOM_TRY(const bool held, there(hash, bytes));
        if (held) continue;
        if (m_journal && bytes.size() <= small_blob_bytes) {
            small.push_back({hash, bytes});
            continue;
        }
        PATHLOOM_TRY(Writer out, writer(hash));
        PATHLOOM_CHECK(out.write(bytes));
        PATHLOOM_CHECK(out.finish(hash));
    }
    if (!small.empty())
        PATHLOOM_CHECK(m_journal->append(small, [&](const JournaledBlob& blob) { return place_cheaply(m_root, m_known, blob); }));
    return hashes;
}

bool BlobStore::has(const std::string& hash) const
{
    std::error_code error;
    return is_sha256_hex(hash) && fs::is_regular_file(path_of(hash), error);
}

bool BlobStore::keep(const std::string& hash) const
{
    if (!is_sha256_hex(hash)) return false;
    const fs::path file = path_of(hash);
    const auto before = Known::of(file);
    const bool trusted = m_known->holds(hash, before);
    const timespec times[] = {blob_stamp(), blob_stamp()};
    if (::utimensat(AT_FDCWD, file.c_str(), times, 0) != 0) return false;
    if (trusted) m_known->remember(hash, Known::of(file));
    return true;
}

fs::path BlobStore::path_of(const std::string& hash) const
{
    // Hashes come from the wire: one that is not a hash must not name a file elsewhere.
    return is_sha256_hex(hash) ? m_root / hash.substr(0, 2) / hash : m_root / blob_temporaries / "not-a-hash";
}

Result<std::uint64_t> BlobStore::size_of(const std::string& hash) const
{
    std::error_code error;
    const std::uintmax_t size = is_sha256_hex(hash) ? fs::file_size(path_of(hash), error) : 0;
    if (error || !is_sha256_hex(hash)) return fail(ErrorCode::NotFound, "no blob {} in {}", hash, m_root.string());
    return size;
}

Result<fs::path> BlobStore::verified(const std::string& hash, bool again)
{
    const fs::path file = path_of(hash);
    if (!has(hash)) return fail(ErrorCode::NotFound, "no blob {} in {}", hash, m_root.string());
    const auto before = Known::of(file);
    if (!again && m_known->holds(hash, before)) return file;
    m_known->forget(hash);
    PATHLOOM_TRY(const std::string found, sha256_file(file));
    if (found == hash) {
        // A file changed a moment ago may change again without its time showing it: such a one is not remembered.
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        const auto after = Known::of(file);
        if (before && after == before && nanoseconds(now) - after->changed_ns > ns_per_second / 2) m_known->remember(hash, after);
        return file;
    }
    PATHLOOM_CHECK(make_folders(m_root / quarantine));
    const fs::path aside = m_root / quarantine / fmt::format("{}.{}-{}", hash, ::getpid(), next_blob_number());
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

Result<std::uint64_t> BlobStore::remove_all_but(const std::set<std::string>& kept, int min_age_s)
{
    const auto newest = fs::file_time_type::clock::now() - std::chrono::seconds(min_age_s);
    std::uint64_t freed = 0;
    for (const std::string& hash : hashes()) {
        if (kept.contains(hash)) continue;
        std::error_code error;
        const auto written = fs::last_write_time(path_of(hash), error);
        if (error || written > newest) continue;
        const std::uint64_t size = size_of(hash).value_or(0);
        PATHLOOM_CHECK(remove(hash));
        freed += size;
    }
    return freed;
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
