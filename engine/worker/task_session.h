// SPDX-License-Identifier: GPL-3.0-or-later
// One leased task: its blobs come in through the cache, its results go out, every payload byte is counted.
#pragma once

#include "engine/training/task_runner.h"
#include "engine/worker/blob_cache.h"
#include "engine/worker/engine_link.h"
#include "engine/worker/pulse.h"
#include "engine/worker/retry.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace pathloom {

class TaskSession final : public TaskIo {
public:
    /// `holding` says whether the task is still wanted.
    TaskSession(EngineLink& link, BlobCache& cache, Pulse& pulse, std::shared_ptr<Holding> holding, Retry retry);
    ~TaskSession() override;
    TaskSession(const TaskSession&) = delete;
    TaskSession& operator=(const TaskSession&) = delete;

    /// Everything the spec names, before the first step; a few blobs at once, as upload() does.
    Result<void> prefetch(const v1::TaskSpec& spec);
    /// Results the engine does not hold yet. May be called again after an error.
    Result<void> upload();
    [[nodiscard]] const v1::WireBytes& wire() const { return m_wire; }
    [[nodiscard]] std::uint64_t bytes_down() const;
    /// What was fetched ahead for nothing before this task.
    void add_wasted(std::uint64_t bytes) { m_wire.set_ahead_down(m_wire.ahead_down() + bytes); }
    /// An error that is worth another attempt: nobody answers, or a transfer was interrupted for another task's sake.
    [[nodiscard]] bool passing(const Error& error) const;

    Result<std::filesystem::path> fetch(const std::string& hash, BlobClass kind) override;
    Result<std::string> store(std::span<const std::byte> bytes, BlobClass kind) override;
    bool progress(std::int64_t step, float loss) override;

private:
    /// Of a touched blob.
    Result<std::filesystem::path> bring(const std::string& hash, BlobClass kind);
    Result<BlobCache::Hit> download(const std::string& hash, BlobClass kind);
    Result<BlobCache::Hit> download_once(const std::string& hash, BlobClass kind, bool verify);
    void touch(const std::string& hash);
    /// Room on a full disk: everything no task under way needs goes.
    void make_room() { m_cache.evict({}, 0); }

    EngineLink& m_link;
    BlobCache& m_cache;
    Pulse& m_pulse;
    std::shared_ptr<Holding> m_holding;
    Retry m_retry;  ///< each transfer counts its own attempts, on a copy
    std::mutex m_mutex;  ///< of the next two: transfers run side by side
    v1::WireBytes m_wire;
    std::map<std::string, std::filesystem::path> m_fetched;
    std::set<std::string> m_touched;  ///< pinned in the cache while this lives
    struct Output {
        std::string hash;
        BlobClass kind = BlobClass::Result;
    };
    std::vector<Output> m_outputs;
    bool m_sent_small = false;  ///< an upload has been tried
};

}  // namespace pathloom
