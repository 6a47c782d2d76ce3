// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a project that belong to runs: state, assets, module versions, contributions, commits, checkpoints.
#include "engine/store/project_impl.h"

namespace pathloom {

namespace {

const char* const run_columns = "id, name, preset, spec_json, state, reason, stage, cloned_from, created_ms, finished_ms";

RunRow run_of(const SqlRow& row)
{
    return {row.integer(0), row.text(1), row.text(2), row.text(3), int(row.integer(4)), row.text(5), row.text(6), row.integer(7),
        row.integer(8), row.integer(9)};
}

}  // namespace

Result<std::int64_t> Project::insert_run(const RunRow& run)
{
    return m_impl->write_returning(
        "INSERT INTO runs (name, preset, spec_json, state, reason, stage, cloned_from, created_ms, finished_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        run.name, run.preset, run.spec_json, run.state, run.reason, run.stage, run.cloned_from, run.created_ms, run.finished_ms);
}

Result<void> Project::update_run(const RunRow& run)
{
    PATHLOOM_CHECK(
        m_impl->write("UPDATE runs SET name = ?, preset = ?, spec_json = ?, state = ?, reason = ?, stage = ?, cloned_from = ?, "
                      "created_ms = ?, finished_ms = ? WHERE id = ?",
            run.name, run.preset, run.spec_json, run.state, run.reason, run.stage, run.cloned_from, run.created_ms,
            run.finished_ms, run.id));
    if (m_impl->database->changed_rows() == 0) return fail(ErrorCode::NotFound, "no run {}; see run list", run.id);
    return {};
}

Result<std::vector<RunRow>> Project::runs()
{
    return m_impl->rows(fmt::format("SELECT {} FROM runs ORDER BY id", run_columns), run_of);
}

Result<std::optional<RunRow>> Project::find_run(std::int64_t id)
{
    return m_impl->first(fmt::format("SELECT {} FROM runs WHERE id = ?", run_columns), run_of, id);
}

Result<void> Project::set_asset(std::int64_t run, const std::string& key, const std::string& value)
{
    return m_impl->write("INSERT OR REPLACE INTO assets (run, key, value) VALUES (?, ?, ?)", run, key, value);
}

Result<std::map<std::string, std::string>> Project::assets(std::int64_t run)
{
    std::map<std::string, std::string> all;
    PATHLOOM_CHECK(m_impl->database->each(
        "SELECT key, value FROM assets WHERE run = ?", [&](const SqlRow& row) { all.emplace(row.text(0), row.text(1)); }, run));
    return all;
}

Result<void> Project::insert_module_version(std::int64_t run, const ModuleVersionRow& row)
{
    return exists_as(
        m_impl->write("INSERT INTO module_versions (run, stage, module, version, hash, momentum_hash) VALUES (?, ?, ?, ?, ?, ?)",
            run, row.stage, row.module, row.version, row.hash, row.momentum_hash),
        fmt::format("run {} {} {} has a version {} already", run, row.stage, row.module, row.version));
}

Result<std::vector<ModuleVersionRow>> Project::module_versions(std::int64_t run)
{
    return m_impl->rows(
        "SELECT stage, module, version, hash, momentum_hash FROM module_versions WHERE run = ? ORDER BY stage, module, version",
        [](const SqlRow& row) {
            return ModuleVersionRow{row.text(0), row.text(1), int(row.integer(2)), row.text(3), row.text(4)};
        },
        run);
}

Result<void> Project::delete_module_version(std::int64_t run, const std::string& stage, const std::string& module, int version)
{
    return m_impl->write(
        "DELETE FROM module_versions WHERE run = ? AND stage = ? AND module = ? AND version = ?", run, stage, module, version);
}

Result<void> Project::delete_module_versions_below(
    std::int64_t run, const std::string& stage, const std::string& module, int version)
{
    return m_impl->write(
        "DELETE FROM module_versions WHERE run = ? AND stage = ? AND module = ? AND version < ?", run, stage, module, version);
}

Result<void> Project::insert_contribution(std::int64_t run, const ContributionRow& row)
{
    return exists_as(
        m_impl->write("INSERT INTO contributions (run, stage, module, phase, path, delta_hash) VALUES (?, ?, ?, ?, ?, ?)", run,
            row.stage, row.module, row.phase, row.path, row.delta_hash),
        fmt::format("run {} {} {} phase {} has counted path {} already", run, row.stage, row.module, row.phase, row.path));
}

Result<std::vector<ContributionRow>> Project::contributions(std::int64_t run)
{
    return m_impl->rows(
        "SELECT stage, module, phase, path, delta_hash FROM contributions WHERE run = ? ORDER BY stage, module, phase, path",
        [](const SqlRow& row) {
            return ContributionRow{row.text(0), row.text(1), int(row.integer(2)), int(row.integer(3)), row.text(4)};
        },
        run);
}

Result<void> Project::delete_contributions_below(std::int64_t run, const std::string& stage, const std::string& module, int phase)
{
    return m_impl->write(
        "DELETE FROM contributions WHERE run = ? AND stage = ? AND module = ? AND phase < ?", run, stage, module, phase);
}

Result<void> Project::delete_contributions_of(std::int64_t run, const std::string& stage, int path, int phase)
{
    return m_impl->write(
        "DELETE FROM contributions WHERE run = ? AND stage = ? AND path = ? AND phase = ?", run, stage, path, phase);
}

Result<void> Project::insert_task_commit(std::int64_t run, const TaskCommitRow& row)
{
    return exists_as(
        m_impl->write("INSERT INTO task_commits (task, run, stage, path, phase, chunk, worker, fence, result, time_ms, "
                      "leased_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row.task, run, row.stage, row.path, row.phase, row.chunk, row.worker, row.fence, BlobValue{row.result}, row.time_ms,
            row.leased_seconds),
        fmt::format("task {} is committed already", row.task));
}

Result<std::vector<TaskCommitRow>> Project::task_commits(std::int64_t run)
{
    return m_impl->rows(
        "SELECT task, stage, path, phase, chunk, worker, fence, result, time_ms, leased_seconds "
        "FROM task_commits WHERE run = ? ORDER BY id",
        [](const SqlRow& row) {
            return TaskCommitRow{row.text(0), row.text(1), int(row.integer(2)), int(row.integer(3)), int(row.integer(4)),
                row.integer(5), row.integer(6), row.text(7), row.integer(8), row.real(9)};
        },
        run);
}

Result<bool> Project::task_committed(const std::string& task)
{
    PATHLOOM_TRY(const std::int64_t count, m_impl->database->integer("SELECT COUNT(*) FROM task_commits WHERE task = ?", task));
    return count > 0;
}

Result<void> Project::delete_task_commit(const std::string& task)
{
    return m_impl->write("DELETE FROM task_commits WHERE task = ?", task);
}

Result<void> Project::set_checkpoint(std::int64_t run, const CheckpointRow& row)
{
    PATHLOOM_CHECK(m_impl->write(
        "INSERT OR REPLACE INTO checkpoints (run, stage, path, phase, step, inner_state_hash) VALUES (?, ?, ?, ?, ?, ?)", run,
        row.stage, row.path, row.phase, row.step, row.inner_state_hash));
    return m_impl->write(
        "DELETE FROM checkpoints WHERE run = ?1 AND stage = ?2 AND path = ?3 AND phase < (SELECT MAX(phase) FROM "
        "checkpoints WHERE run = ?1 AND stage = ?2 AND path = ?3 AND phase < ?4)",
        run, row.stage, row.path, row.phase);
}

Result<void> Project::delete_checkpoint(std::int64_t run, const std::string& stage, int path, int phase)
{
    return m_impl->write(
        "DELETE FROM checkpoints WHERE run = ? AND stage = ? AND path = ? AND phase = ?", run, stage, path, phase);
}

Result<void> Project::delete_spare_rows(std::int64_t run)
{
    PATHLOOM_CHECK(m_impl->write("DELETE FROM contributions WHERE run = ?", run));
    return m_impl->write("DELETE FROM checkpoints WHERE run = ?1 AND phase < (SELECT MAX(phase) FROM checkpoints AS newer "
                         "WHERE newer.run = ?1 AND newer.stage = checkpoints.stage AND newer.path = checkpoints.path)",
        run);
}

Result<std::vector<CheckpointRow>> Project::checkpoints(std::int64_t run)
{
    return m_impl->rows(
        "SELECT stage, path, phase, step, inner_state_hash FROM checkpoints WHERE run = ? ORDER BY stage, path, phase",
        [](const SqlRow& row) {
            return CheckpointRow{row.text(0), int(row.integer(1)), int(row.integer(2)), row.integer(3), row.text(4)};
        },
        run);
}

}  // namespace pathloom
