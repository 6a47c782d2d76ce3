// SPDX-License-Identifier: GPL-3.0-or-later
// Content-addressed blobs on POSIX calls. Temporaries live in <root>/tmp and are locked while their writer lives.
#include "engine/store/blobs.h"

#include "engine/core/conveyor.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/store/blob_journal.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

const char* const temporaries = "tmp";
const char* const quarantine = "corrupt";
const char* const journals = "journal";

std::atomic<unsigned> counter = 0;

constexpr std::size_t small_blob_bytes = std::size_t(256) << 10;  // up to here two fsyncs cost more than writing twice
constexpr std::uint64_t journal_bytes = std::uint64_t(64) << 20;
constexpr std::size_t writeback_bytes = std::size_t(8) << 20;
constexpr std::size_t pieces_ahead = 8;  // of hashing, so much may be written: some megabytes
constexpr std::size_t ranges_ahead = 64;  // of the disk: half a gigabyte
constexpr std::size_t most_known = 200'000;
constexpr std::int64_t ns_per_s = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time)
{
    return std::int64_t(time.tv_sec) * ns_per_s + time.tv_nsec;
}

/// A file time in the recent past that no write by anybody else produces: they leave the time of the write, which is later.
timespec stamp()
{
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec - 1, long(counter.fetch_add(1) * 7919ULL % std::uint64_t(ns_per_s))};
}

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

/// Which files have been hashed, by what would change with their bytes. The time of a blob is one we set (stamp()), so that a
/// write shows however coarse the file system's clock is.
class BlobStore::Known {
public:
    struct Signature {
        ino_t file = 0;
        off_t size = -1;
        std::int64_t changed_ns = 0;
        bool operator==(const Signature&) const = default;
    };
    static std::optional<Signature> of(const fs::path& file)
    {
        struct stat info { };
        if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
        return Signature{info.st_ino, info.st_size, nanoseconds(info.st_mtim)};
    }
    void remember(const std::string& hash, const std::optional<Signature>& signature)
    {
        if (!signature) return;
        const std::lock_guard lock(m_mutex);
        if (m_files.size() >= most_known) m_files.clear();
        m_files[hash] = *signature;
    }
    void forget(const std::string& hash)
    {
        const std::lock_guard lock(m_mutex);
        m_files.erase(hash);
    }
    bool holds(const std::string& hash, const std::optional<Signature>& signature)
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_files.find(hash);
        return signature && found != m_files.end() && found->second == *signature;
    }

private:
    std::mutex m_mutex;
    std::unordered_map<std::string, Signature> m_files;
};

struct BlobStore::Writer::Impl {
    fs::path root;
    fs::path temporary;
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
        temporary = root / temporaries / fmt::format("{}-{}", ::getpid(), counter.fetch_add(1));
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
    const timespec times[] = {stamp(), stamp()};
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
    PATHLOOM_CHECK(make_folders(root / temporaries));
    remove_dead_temporaries(root / temporaries);
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
    const timespec times[] = {stamp(), stamp()};
    if (::utimensat(AT_FDCWD, file.c_str(), times, 0) != 0) return false;
    if (trusted) m_known->remember(hash, Known::of(file));
    return true;
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
        if (before && after == before && nanoseconds(now) - after->changed_ns > ns_per_s / 2) m_known->remember(hash, after);
        return file;
    }
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
