// SPDX-License-Identifier: GPL-3.0-or-later
// One leased task: its blobs come in through the cache, its results go out, every payload byte is counted.
#pragma once

#include "engine/training/task_runner.h"
#include "engine/worker/blob_cache.h"
#include "engine/worker/engine_link.h"
#include "engine/worker/pulse.h"
#include "engine/worker/retry.h"

#include <map>
#include <set>
#include <vector>

namespace pathloom {

class TaskSession final : public TaskIo {
public:
    TaskSession(EngineLink& link, BlobCache& cache, Pulse& pulse, Interrupt& abandon, Retry retry);

    /// Everything the spec names, before the first step.
    Result<void> prefetch(const v1::TaskSpec& spec);
    /// Results the engine does not hold yet. May be called again after an error.
    Result<void> upload();
    [[nodiscard]] const v1::WireBytes& wire() const { return m_wire; }
    /// Blobs this task has touched: the cache keeps them while it runs.
    [[nodiscard]] const std::set<std::string>& touched() const { return m_touched; }

    Result<std::filesystem::path> fetch(const std::string& hash, BlobClass kind) override;
    Result<std::string> store(std::span<const std::byte> bytes, BlobClass kind) override;
    bool progress(std::int64_t step, float loss) override;

private:
    Result<BlobCache::Hit> download(const std::string& hash, BlobClass kind);
    Result<BlobCache::Hit> download_once(const std::string& hash, BlobClass kind);
    /// Room on a full disk: everything this task does not need goes.
    void make_room() { m_cache.evict(m_touched, 0); }

    EngineLink& m_link;
    BlobCache& m_cache;
    Pulse& m_pulse;
    Interrupt& m_abandon;
    Retry m_retry;
    v1::WireBytes m_wire;
    std::map<std::string, std::filesystem::path> m_fetched;
    std::set<std::string> m_touched;
    struct Output {
        std::string hash;
        BlobClass kind = BlobClass::Result;
    };
    std::vector<Output> m_outputs;
};

}  // namespace pathloom
