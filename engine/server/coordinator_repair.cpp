// SPDX-License-Identifier: GPL-3.0-or-later
// A disk has lost a blob that a run still reads: forget the commit that made it, or make it again from what is kept.
#include "engine/server/coordinator.h"

#include <spdlog/spdlog.h>

namespace pathloom {

void Coordinator::repair(RunController& run, const std::vector<MissingInput>& missing)
{
    if (!run.active()) return;
    std::vector<Repair> repairs;
    for (const MissingInput& input : missing) {
        if (run.rebuilding.contains(input.hash)) continue;
        auto repair = run.repair_of(input, blobs().path_of(input.hash));
        if (!repair) return fail_run(run, repair.error());
        repairs.push_back(std::move(*repair));
    }
    const std::int64_t id = run.row().id;
    std::set<TaskKey> forgotten;  // one task may have lost several blobs
    for (Repair& repair : repairs) {
        blobs().discard_damaged(repair.hash);
        if (repair.rebuild) {
            run.rebuilding.insert(repair.hash);
            m_pool->post([this, id, job = std::move(*repair.rebuild)] { run_rebuild(id, job); });
            continue;
        }
        for (const TaskKey& key : repair.forget) {
            if (!forgotten.insert(key).second) continue;
            const auto stored = change_store([&](std::vector<v1::Event>& events) -> Result<void> {
                PATHLOOM_TRY(const double seconds, run.write_forget(*m_project, key, repair, m_clock.now_ms(), events));
                return run.note_fault(*m_project, seconds);
            });
            if (!stored) return fail_run(run, stored.error());
            if (auto applied = run.apply_forget(*m_project, key); !applied) return fail_run(run, applied.error());
            spdlog::warn("run {}: the {} (blob {}) was damaged on disk; task {} is done again", id, repair.what, repair.hash,
                task_id(id, key));
        }
    }
    pump(run);
}

void Coordinator::run_rebuild(std::int64_t id, RebuildJob job)
{
    const RunPlan* plan = nullptr;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_runs.find(id);
        if (found == m_runs.end() || m_stopping) return;
        plan = &found->second->plan();
    }
    auto made = do_rebuild(*plan, job, blobs());
    const std::lock_guard lock(m_mutex);
    if (m_stopping) return;
    RunController& run = *m_runs.at(id);
    run.rebuilding.erase(job.hash);
    if (!made) return fail_run(run, made.error());
    v1::Event event = make_event(id, m_clock.now_ms());
    event.mutable_blob_damaged()->set_hash(job.hash);
    event.mutable_blob_damaged()->set_what(job.what);
    commit_events({std::move(event)});
    spdlog::warn("run {}: the {} (blob {}) was damaged on disk and was made again", id, job.what, job.hash);
    pump(run);
}

}  // namespace pathloom
