// SPDX-License-Identifier: GPL-3.0-or-later
// Group commit of small blobs on POSIX calls.
#include "engine/store/blob_journal.h"

#include "engine/core/hash.h"

#include <spdlog/spdlog.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pathloom {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view file_magic = "pathloom journal 1\n";
constexpr std::string_view record_magic = "PLB1";
constexpr std::size_t hash_digits = 64;
constexpr std::size_t record_head = record_magic.size() + sizeof(std::uint64_t) + hash_digits;
constexpr std::size_t boot_bytes = 64;  // padded with spaces

std::atomic<unsigned> journal_counter = 0;

/// Which boot of the machine this is; empty when the kernel does not tell, and then no two are the same.
std::string this_boot()
{
    auto text = read_file("/proc/sys/kernel/random/boot_id").value_or(std::string());
    text.resize(std::min(text.find_last_not_of(" \n") + 1, boot_bytes));
    return text;
}

std::string_view text_of(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Writes everything of the file system that holds `folder`. Some know no such call: nothing more can be done there.
Result<void> sync_file_system(int folder, const fs::path& name)
{
    if (::syncfs(folder) == 0 || errno == ENOSYS || errno == EINVAL) return {};
    return fail(system_error("cannot write the file system of", name, errno));
}

}  // namespace

struct BlobJournal::File {
    fs::path path;
    UniqueFd fd;
    UniqueFd folder;  ///< opened before the first blob, so that syncfs() reports every error since
    std::uint64_t size = 0;
    std::size_t unplaced = 0;  ///< blobs that are durable here and not files yet
};

/// Callers who share one write and one fdatasync.
struct BlobJournal::Group {
    std::string bytes;
    std::size_t blobs = 0;
    std::shared_ptr<File> file;  ///< set when done
    std::optional<Error> failed;
    bool done = false;
};

void write_journal_record(const JournaledBlob& blob, std::string& out)
{
    const std::uint64_t size = blob.bytes.size();
    out += record_magic;
    for (unsigned i = 0; i < sizeof size; ++i) out += char(size >> (8 * i) & 255);
    out += blob.hash;
    out += text_of(blob.bytes);
}

std::optional<JournalContent> read_journal(std::span<const std::byte> file)
{
    if (file.size() < file_magic.size() + boot_bytes || !text_of(file).starts_with(file_magic)) return std::nullopt;
    JournalContent content;
    content.boot = text_of(file.subspan(file_magic.size(), boot_bytes));
    content.boot.resize(content.boot.find_last_not_of(' ') + 1);
    file = file.subspan(file_magic.size() + boot_bytes);
    while (file.size() >= record_head && text_of(file).starts_with(record_magic)) {
        std::uint64_t size = 0;
        for (unsigned i = 0; i < sizeof size; ++i)
            size |= std::to_integer<std::uint64_t>(file[record_magic.size() + i]) << (8 * i);
        if (size > file.size() - record_head) break;
        JournaledBlob blob{std::string(text_of(file.subspan(record_head - hash_digits, hash_digits))),
            file.subspan(record_head, std::size_t(size))};
        if (sha256_hex(blob.bytes) != blob.hash) break;
        file = file.subspan(record_head + std::size_t(size));
        content.blobs.push_back(std::move(blob));
    }
    return content;
}

BlobJournal::BlobJournal(fs::path folder, std::uint64_t limit)
    : m_folder(std::move(folder))
    , m_limit(limit)
{
}

BlobJournal::~BlobJournal()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
        m_changed.notify_all();
    }
    if (m_sweeper.joinable()) m_sweeper.join();
}

Result<std::shared_ptr<BlobJournal::File>> BlobJournal::make_file()
{
    PATHLOOM_CHECK(make_folders(m_folder));
    auto file = std::make_shared<File>();
    file->folder = UniqueFd(::open(m_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file->folder) return fail(system_error("cannot open the folder", m_folder, errno));
    while (true) {
        file->path = m_folder / fmt::format("{}-{}", ::getpid(), journal_counter.fetch_add(1));
        file->fd = UniqueFd(::open(file->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file->fd && errno == EEXIST) continue;  // of a process with our number that died
        if (!file->fd) return fail(system_error("cannot write", file->path, errno));
        // Another process that opens the store may see the file before its lock: then it is gone, and we take the next name.
        struct stat info { };
        if (::flock(file->fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file->fd.get(), &info) == 0 && info.st_nlink == 1) break;
    }
    std::string head(file_magic);
    head += this_boot();
    head.resize(file_magic.size() + boot_bytes, ' ');
    PATHLOOM_CHECK(write_all(file->fd.get(), std::as_bytes(std::span(head)), file->path));
    file->size = head.size();
    PATHLOOM_CHECK(sync_folder(m_folder));
    PATHLOOM_CHECK(sync_folder(m_folder.parent_path()));
    return file;
}

Result<void> BlobJournal::append(std::span<const JournaledBlob> blobs, const Place& place)
{
    if (blobs.empty()) return {};
    std::unique_lock lock(m_mutex);
    if (!m_waiting) m_waiting = std::make_shared<Group>();
    const std::shared_ptr<Group> group = m_waiting;
    for (const JournaledBlob& blob : blobs) write_journal_record(blob, group->bytes);
    group->blobs += blobs.size();
    m_changed.wait(lock, [&] { return group->done || !m_writing; });
    if (!group->done) lead(lock);
    if (group->failed) return fail(*group->failed);
    lock.unlock();
    Result<void> placed;
    for (const JournaledBlob& blob : blobs)
        if (placed) placed = place(blob);
    lock.lock();
    group->file->unplaced -= blobs.size();
    if (group->file->unplaced == 0) m_changed.notify_all();
    return placed;
}

/// Writes the group that has gathered, for all who are in it.
void BlobJournal::lead(std::unique_lock<std::mutex>& lock)
{
    m_writing = true;
    const std::shared_ptr<Group> group = std::exchange(m_waiting, nullptr);
    std::shared_ptr<File> file = m_file;
    lock.unlock();
    const auto written = [&]() -> Result<void> {
        if (!file) {
            PATHLOOM_TRY(file, make_file());
        }
        PATHLOOM_CHECK(write_all(file->fd.get(), std::as_bytes(std::span(group->bytes)), file->path));
        if (::fdatasync(file->fd.get()) != 0) return fail(system_error("cannot write", file->path, errno));
        return {};
    }();
    lock.lock();
    m_writing = false;
    m_file = file;
    group->done = true;
    group->file = file;
    if (written) {
        file->size += group->bytes.size();
        file->unplaced += group->blobs;
    } else {
        group->failed = written.error();
    }
    // Behind a failed write nobody knows what the file holds: records that follow go elsewhere.
    if (file && (!written || file->size >= m_limit)) retire(lock);
    m_changed.notify_all();
}

void BlobJournal::retire(std::unique_lock<std::mutex>& /*held*/)
{
    m_retired.push_back(std::exchange(m_file, nullptr));
    if (!m_sweeper.joinable()) m_sweeper = std::thread([this] { run(); });
}

void BlobJournal::run()
{
    std::unique_lock lock(m_mutex);
    while (true) {
        m_changed.wait(lock, [this] { return m_ending || (!m_retired.empty() && m_retired.front()->unplaced == 0); });
        if (m_ending) return;  // what is left is looked at when the store is opened again
        const std::shared_ptr<File> file = m_retired.front();
        m_retired.pop_front();
        lock.unlock();
        if (auto synced = sync_file_system(file->folder.get(), m_folder); synced)
            ::unlink(file->path.c_str());
        else
            spdlog::error("{}; {} stays", synced.error().message, file->path.string());
        lock.lock();
    }
}

Result<void> BlobJournal::recover(const fs::path& folder, const Place& place)
{
    std::vector<std::pair<fs::path, UniqueFd>> dead;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        UniqueFd fd(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
        if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) dead.emplace_back(entry.path(), std::move(fd));
    }
    if (dead.empty()) return {};
    const UniqueFd held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!held) return fail(system_error("cannot open the folder", folder, errno));
    const std::string boot = this_boot();
    for (const auto& [path, fd] : dead) {
        PATHLOOM_TRY(const MappedFile mapped, MappedFile::open(path));
        const auto content = read_journal(mapped.bytes());
        if (!content || (!boot.empty() && content->boot == boot)) continue;
        for (const JournaledBlob& blob : content->blobs) PATHLOOM_CHECK(place(blob));
    }
    PATHLOOM_CHECK(sync_file_system(held.get(), folder));
    for (const auto& [path, fd] : dead) ::unlink(path.c_str());
    return {};
}

}  // namespace pathloom
