// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/module_executors.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace pathloom {

namespace {

Result<OuterSum> open_sum(const OuterJob& job, BlobStore& blobs)
{
    PATHLOOM_TRY(const auto module, blobs.verified(job.module_hash));
    std::vector<OuterSum::Expected> expected;
    for (std::size_t i = 0; i < job.paths.size(); ++i) expected.push_back({job.paths[i], job.weights[i]});
    return OuterSum::open(module, std::move(expected), job.outer.codec);
}

/// Every contribution that is in and not added yet.
Result<void> add_new(OuterSum& sum, const OuterJob& job, BlobStore& blobs)
{
    for (std::size_t i = 0; i < job.paths.size(); ++i) {
        if (job.deltas[i].empty() || sum.has(job.paths[i])) continue;
        PATHLOOM_TRY(const auto delta, blobs.verified(job.deltas[i]));
        PATHLOOM_CHECK(sum.add(job.paths[i], delta));
    }
    return {};
}

/// The step of a sum that may still lack contributions which are in by now.
Result<OuterDone> finish(OuterSum& sum, const OuterJob& job, BlobStore& blobs)
{
    const auto begin = std::chrono::steady_clock::now();
    PATHLOOM_CHECK(add_new(sum, job, blobs));
    std::optional<std::filesystem::path> momentum;
    if (!job.momentum_hash.empty()) {
        PATHLOOM_TRY(momentum, blobs.verified(job.momentum_hash));
    }
    PATHLOOM_TRY(const auto result, sum.step(job.outer, momentum));
    OuterDone done;
    done.step = job.step;
    done.paths = job.paths;
    done.gradient_norm = result.gradient_norm;
    done.mean_cosine = result.mean_cosine;
    done.path_norms = result.path_norms;
    done.path_cosines = result.path_cosines;
    std::vector<std::span<const std::byte>> made{result.module};
    if (!result.momentum.empty()) made.push_back(result.momentum);
    PATHLOOM_TRY(const auto hashes, blobs.put_all(made));
    done.module_hash = hashes.front();
    if (!result.momentum.empty()) done.momentum_hash = hashes.back();
    done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return done;
}

}  // namespace

Result<OuterDone> do_outer_step(const OuterJob& job, BlobStore& blobs)
{
    if (job.paths.empty()) {  // no path of this phase goes through the module: its next version is the same bytes
        OuterDone same;
        same.step = job.step;
        same.module_hash = job.module_hash;
        same.momentum_hash = job.momentum_hash;
        return same;
    }
    PATHLOOM_TRY(OuterSum sum, open_sum(job, blobs));
    return finish(sum, job, blobs);
}

struct ModuleExecutors::Executor {
    OuterJob job;  // with m_mutex: the newest of arrived()
    bool busy = false;  // with m_mutex: somebody uses `sum`
    bool again = false;  // with m_mutex: more has arrived meanwhile
    bool broken = false;  // with m_mutex: step() starts over, and reports what is wrong
    std::uint64_t bytes = 0;
    std::optional<OuterSum> sum;  // whoever is busy
};

ModuleExecutors::ModuleExecutors(BlobStore& blobs, Post post, std::uint64_t budget_bytes)
    : m_blobs(blobs)
    , m_post(std::move(post))
    , m_budget(budget_bytes)
{
}

void ModuleExecutors::arrived(std::int64_t run, const OuterJob& so_far)
{
    const Key key{run, so_far.step};
    std::shared_ptr<Executor> executor;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_executors.find(key);
        if (found == m_executors.end()) {
            // A module file holds 4 bytes a parameter and little else; its sums take 12.
            const std::uint64_t bytes = 3 * m_blobs.size_of(so_far.module_hash).value_or(0);
            if (m_held + bytes > m_budget) return;
            executor = std::make_shared<Executor>();
            executor->bytes = bytes;
            m_held += bytes;
            m_executors[key] = executor;
        } else {
            executor = found->second;
        }
        executor->job = so_far;
        executor->again = true;
        if (executor->busy || executor->broken) return;
        executor->busy = true;
    }
    m_post([this, key, executor] { absorb(key, executor); });
}

void ModuleExecutors::absorb(const Key& key, const std::shared_ptr<Executor>& executor)
{
    std::unique_lock lock(m_mutex);
    while (std::exchange(executor->again, false)) {
        const OuterJob job = executor->job;
        lock.unlock();
        const auto added = [&]() -> Result<void> {
            if (!executor->sum) {
                PATHLOOM_TRY(executor->sum, open_sum(job, m_blobs));
            }
            return add_new(*executor->sum, job, m_blobs);
        }();
        lock.lock();
        if (!added) {
            spdlog::warn("run {}: a pseudo-gradient could not be added yet: {}", key.first, added.error().message);
            executor->broken = true;
            executor->sum.reset();
            break;
        }
    }
    executor->busy = false;
    m_idle.notify_all();
}

std::shared_ptr<ModuleExecutors::Executor> ModuleExecutors::take(const Key& key)
{
    std::unique_lock lock(m_mutex);
    const auto found = m_executors.find(key);
    if (found == m_executors.end()) return nullptr;
    const auto executor = found->second;
    m_idle.wait(lock, [&] { return !executor->busy; });
    m_executors.erase(key);
    m_held -= executor->bytes;
    return executor;
}

Result<OuterDone> ModuleExecutors::step(std::int64_t run, const OuterJob& job)
{
    const auto executor = take({run, job.step});
    if (!executor || executor->broken || !executor->sum) return do_outer_step(job, m_blobs);
    return finish(*executor->sum, job, m_blobs);
}

void ModuleExecutors::forget(std::int64_t run)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_executors, [&](const auto& entry) {
        if (entry.first.first != run) return false;
        m_held -= entry.second->bytes;
        return true;
    });
}

std::uint64_t ModuleExecutors::held_bytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_held;
}

}  // namespace pathloom
