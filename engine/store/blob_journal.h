// SPDX-License-Identifier: GPL-3.0-or-later
// Small blobs durable in groups. A blob as a file of its own costs two fsyncs, which for a few kilobytes is all it costs. Here
// the bytes of everybody who waits at the moment go behind each other into one file, one fdatasync makes them durable, and the
// blobs then become files without any. When the journal has grown, one syncfs writes all of those and the journal is removed.
// After a power cut, what the journal holds is put in place again.
#pragma once

#include "engine/core/files.h"
#include "engine/core/result.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace pathloom {

struct JournaledBlob {
    std::string hash;
    std::span<const std::byte> bytes;
};

/// One blob as the journal's file holds it: "PLB1", the length (8 bytes, little-endian), the hash (64 hex digits), the bytes.
void write_journal_record(const JournaledBlob& blob, std::string& out);

/// What a journal holds, up to the first record whose length or hash does not fit: behind a power cut the rest was never
/// acknowledged. `boot` is the boot of the machine that wrote it; nothing when the file does not begin like a journal.
struct JournalContent {
    std::string boot;
    std::vector<JournaledBlob> blobs;  ///< views into the file's bytes
};
std::optional<JournalContent> read_journal(std::span<const std::byte> file);

/// Any thread may call append().
class BlobJournal {
public:
    /// Puts a blob in its place as a file, durable or not; the file is whole in any case.
    using Place = std::function<Result<void>(const JournaledBlob&)>;
    /// `folder` (<root>/journal) comes with the first append. A journal that grows beyond `limit` bytes is replaced by a new one.
    BlobJournal(std::filesystem::path folder, std::uint64_t limit);
    ~BlobJournal();
    BlobJournal(const BlobJournal&) = delete;
    BlobJournal& operator=(const BlobJournal&) = delete;

    /// Durable when it returns, and every blob has been placed. On an error none of them may be relied on.
    Result<void> append(std::span<const JournaledBlob> blobs, const Place& place);

    /// What journals of dead writers hold is placed again, unless this machine has not been restarted since (then the files are
    /// whole, whether on the disk yet or not), and made durable; the journals then go. `place` must look before it writes.
    static Result<void> recover(const std::filesystem::path& folder, const Place& place);

private:
    /// One journal file; shared by those whose blobs it protects.
    struct File;
    struct Group;
    Result<std::shared_ptr<File>> make_file();
    void lead(std::unique_lock<std::mutex>& lock);
    void retire(std::unique_lock<std::mutex>& lock);
    void run();

    std::filesystem::path m_folder;
    std::uint64_t m_limit;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::shared_ptr<Group> m_waiting;  ///< gathers while the group before is written
    bool m_writing = false;
    std::shared_ptr<File> m_file;
    std::deque<std::shared_ptr<File>> m_retired;  ///< full: to be removed once everything they hold is on the disk
    bool m_ending = false;
    std::thread m_sweeper;  ///< from the first retired file on
};

}  // namespace pathloom
