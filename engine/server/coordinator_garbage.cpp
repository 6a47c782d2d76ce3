// SPDX-License-Identifier: GPL-3.0-or-later
// Removing what runs need no more while they run: a run of four paths that synchronised after every step filled 61 GB before it
// ended.
#include "engine/server/coordinator.h"

#include <spdlog/spdlog.h>

namespace pathloom {

void Coordinator::collect_garbage_if_due(std::int64_t now_ms)
{
    if (!m_let_go_ms || m_collecting || now_ms - m_collected_ms < m_options.collect_ms) return;
    // The last collection that matters begins when the youngest of what was let go has come of age.
    if (m_collected_ms > *m_let_go_ms + m_options.garbage_age_s * std::int64_t(1000)) return;
    m_collecting = true;
    m_collected_ms = now_ms;
    m_pool->post([this] { collect_garbage(); });
}

void Coordinator::collect_garbage()
{
    // A row that names an old blob after this belongs to a commit, and storing or keeping its blobs made them young.
    std::unique_lock lock(m_mutex);
    const auto kept = m_project->referenced_hashes();
    const std::uint64_t written = m_written;
    lock.unlock();
    m_flusher->wait(written);  // a power cut must not bring back rows whose blobs are gone
    const auto freed = kept ? blobs().remove_all_but(*kept, m_options.garbage_age_s) : Result<std::uint64_t>(fail(kept.error()));
    if (!freed) spdlog::warn("blobs that nothing refers to could not be removed: {}", freed.error().message);
    lock.lock();
    m_collecting = false;
}

}  // namespace pathloom
