// SPDX-License-Identifier: GPL-3.0-or-later
// One leased task's blobs.
#include "engine/worker/task_session.h"

#include "engine/core/hash.h"
#include "engine/core/rpc.h"
#include "engine/core/side_by_side.h"

#include <utility>

namespace pathloom {

namespace {

constexpr std::uint64_t small_upload_bytes = blob_chunk_bytes;  // results that go up in one call

void count_down(v1::WireBytes& wire, BlobClass kind, std::uint64_t bytes)
{
    switch (kind) {
    case BlobClass::Module:
    case BlobClass::Delta:
        wire.set_modules_down(wire.modules_down() + bytes);
        break;
    case BlobClass::Inner:
        wire.set_inner_down(wire.inner_down() + bytes);
        break;
    case BlobClass::Data:
    case BlobClass::Result:
        wire.set_data_down(wire.data_down() + bytes);
        break;
    }
}

void count_hit(v1::WireBytes& wire, BlobClass kind, std::uint64_t bytes)
{
    switch (kind) {
    case BlobClass::Module:
    case BlobClass::Delta:
        wire.set_modules_hit(wire.modules_hit() + bytes);
        break;
    case BlobClass::Inner:
        wire.set_inner_hit(wire.inner_hit() + bytes);
        break;
    case BlobClass::Data:
    case BlobClass::Result:
        wire.set_data_hit(wire.data_hit() + bytes);
        break;
    }
}

void count_up(v1::WireBytes& wire, BlobClass kind, std::uint64_t bytes)
{
    switch (kind) {
    case BlobClass::Module:
    case BlobClass::Delta:
        wire.set_deltas_up(wire.deltas_up() + bytes);
        break;
    case BlobClass::Inner:
        wire.set_inner_up(wire.inner_up() + bytes);
        break;
    case BlobClass::Data:
    case BlobClass::Result:
        wire.set_results_up(wire.results_up() + bytes);
        break;
    }
}

Result<void> check_name(const std::string& hash)
{
    if (is_sha256_hex(hash)) return {};
    return fail(ErrorCode::Usage, "the task names a blob '{}', which is not a sha256", hash.substr(0, 80));
}

}  // namespace

TaskSession::TaskSession(EngineLink& link, BlobCache& cache, Pulse& pulse, std::shared_ptr<Holding> holding, Retry retry)
    : m_link(link)
    , m_cache(cache)
    , m_pulse(pulse)
    , m_holding(std::move(holding))
    , m_retry(std::move(retry))
{
}

TaskSession::~TaskSession()
{
    for (const auto& hash : m_touched) m_cache.unpin(hash);
}

void TaskSession::touch(const std::string& hash)
{
    if (m_touched.insert(hash).second) m_cache.pin(hash);
}

std::uint64_t TaskSession::bytes_down() const
{
    return m_wire.modules_down() + m_wire.inner_down() + m_wire.data_down();
}

bool TaskSession::passing(const Error& error) const
{
    return error.code == ErrorCode::Unreachable || (error.code == ErrorCode::Cancelled && !m_holding->abandon.raised());
}

Result<void> TaskSession::prefetch(const v1::TaskSpec& spec)
{
    std::vector<std::pair<std::string, BlobClass>> wanted;
    for (const auto& column : spec.columns()) wanted.emplace_back(column.module_hash(), BlobClass::Module);
    wanted.emplace_back(spec.inner_state_hash(), BlobClass::Inner);
    if (spec.residual_hash() != spec.inner_state_hash()) wanted.emplace_back(spec.residual_hash(), BlobClass::Inner);
    for (const auto* hash :
        {&spec.tokens_hash(), &spec.sequences_hash(), &spec.subset_hash(), &spec.labels_hash(), &spec.apply_hash()})
        wanted.emplace_back(*hash, BlobClass::Data);
    for (const auto& path : spec.teacher().paths())
        for (const auto& hash : path.module_hashes()) wanted.emplace_back(hash, BlobClass::Data);
    wanted.emplace_back(spec.teacher().route_hash(), BlobClass::Data);
    std::set<std::string> seen{std::string()};  // an empty name is no blob
    std::erase_if(wanted, [&](const auto& one) { return !seen.insert(one.first).second; });
    for (const auto& [hash, kind] : wanted) {
        PATHLOOM_CHECK(check_name(hash));
        touch(hash);  // before any of them comes: room for one must not throw out another
    }
    return side_by_side(wanted, transfers_at_once, [this](const auto& one) -> Result<void> {
        PATHLOOM_CHECK(bring(one.first, one.second));
        return {};
    });
}

Result<std::filesystem::path> TaskSession::fetch(const std::string& hash, BlobClass kind)
{
    PATHLOOM_CHECK(check_name(hash));
    touch(hash);
    return bring(hash, kind);
}

Result<std::filesystem::path> TaskSession::bring(const std::string& hash, BlobClass kind)
{
    {
        const std::lock_guard lock(m_mutex);
        if (const auto known = m_fetched.find(hash); known != m_fetched.end()) return known->second;
    }
    if (m_holding->abandon.raised()) return fail(ErrorCode::Cancelled, "the task was taken away");
    if (const auto hit = m_cache.find(hash)) {
        const std::lock_guard lock(m_mutex);
        count_hit(m_wire, kind, hit->size);
        return m_fetched[hash] = hit->file;
    }
    PATHLOOM_TRY(const auto hit, download(hash, kind));
    const std::lock_guard lock(m_mutex);
    return m_fetched[hash] = hit.file;
}

Result<BlobCache::Hit> TaskSession::download(const std::string& hash, BlobClass kind)
{
    auto hit = download_once(hash, kind, false);
    if (!hit && hit.error().code == ErrorCode::Corrupt) {
        const Error first = hit.error();
        hit = download_once(hash, kind, true);
        if (!hit && hit.error().code != ErrorCode::Cancelled && hit.error().code != ErrorCode::Unreachable)
            return fail(ErrorCode::Corrupt, "blob {} came damaged twice: {}", hash, first.message);
    } else if (!hit && hit.error().code == ErrorCode::DiskFull) {
        make_room();
        hit = download_once(hash, kind, false);
    }
    return hit;
}

Result<BlobCache::Hit> TaskSession::download_once(const std::string& hash, BlobClass kind, bool verify)
{
    PATHLOOM_TRY(auto writer, m_cache.writer());
    std::uint64_t offset = 0;
    Retry retry = m_retry;
    retry.reset();
    while (true) {
        const std::uint64_t before = offset;
        const auto done = m_link.download(hash, offset, verify, [&](const BlobPiece& piece) -> Result<void> {
            offset += piece.bytes.size();
            {
                const std::lock_guard lock(m_mutex);
                count_down(m_wire, kind, piece.bytes.size());
            }
            return writer.write(piece);
        });
        if (done) break;
        if (!passing(done.error())) return fail(done.error());
        if (offset > before) retry.reset();
        PATHLOOM_CHECK(retry.wait(done.error()));
    }
    PATHLOOM_CHECK(writer.finish(hash));
    return m_cache.adopt(hash);
}

Result<std::string> TaskSession::store(std::span<const std::byte> bytes, BlobClass kind)
{
    auto hash = m_cache.put(bytes);
    if (!hash && hash.error().code == ErrorCode::DiskFull) {
        make_room();
        hash = m_cache.put(bytes);
    }
    PATHLOOM_CHECK(hash);
    touch(*hash);
    m_outputs.push_back({*hash, kind});
    return hash;
}

bool TaskSession::progress(std::int64_t step, float loss)
{
    m_pulse.step(step, loss);
    return !m_holding->abandon.raised();
}

Result<void> TaskSession::upload()
{
    struct Parcel {
        Output output;
        BlobCache::Hit file;
    };
    std::vector<Parcel> small, large;
    std::uint64_t small_bytes = 0;
    std::set<std::string> seen;
    for (const auto& output : m_outputs) {
        if (!seen.insert(output.hash).second) continue;
        const auto file = m_cache.find(output.hash);
        if (!file)
            return fail(ErrorCode::Corrupt, "result {} is damaged or gone from the cache; the task must run again", output.hash);
        const bool fits = small_bytes + file->size <= small_upload_bytes;
        small_bytes += fits ? file->size : 0;
        (fits ? small : large).push_back({output, *file});
    }
    // For small ones alone, asking what the engine has already would cost as much as sending them; unless they went up before.
    if (!large.empty() || std::exchange(m_sent_small, true)) {
        PATHLOOM_TRY(const auto list, m_link.missing({seen.begin(), seen.end()}));
        const std::set<std::string> missing(list.begin(), list.end());
        const auto held = [&](const Parcel& parcel) { return !missing.contains(parcel.output.hash); };
        std::erase_if(large, held);
        std::erase_if(small, held);
    }
    PATHLOOM_CHECK(side_by_side(large, transfers_at_once, [this](const Parcel& parcel) -> Result<void> {
        if (m_holding->abandon.raised()) return fail(ErrorCode::Cancelled, "the task was taken away");
        return m_link.upload(parcel.output.hash, parcel.file.file, [&](std::uint64_t bytes) {
            const std::lock_guard lock(m_mutex);
            count_up(m_wire, parcel.output.kind, bytes);
        });
    }));
    if (small.empty()) return {};
    if (m_holding->abandon.raised()) return fail(ErrorCode::Cancelled, "the task was taken away");
    std::vector<EngineLink::Outgoing> together;
    for (const auto& parcel : small) together.push_back({parcel.output.hash, parcel.file.file});
    PATHLOOM_CHECK(m_link.upload_all(together));
    for (const auto& parcel : small) count_up(m_wire, parcel.output.kind, parcel.file.size);
    return {};
}

}  // namespace pathloom
