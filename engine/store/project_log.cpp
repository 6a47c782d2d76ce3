// SPDX-License-Identifier: GPL-3.0-or-later
// The append-only event log, curves, evaluations, remembered results and counters of a project.
#include "engine/store/project_impl.h"

namespace pathloom {

Result<std::int64_t> Project::append_event(EventRow event)
{
    // max + 1 inside the transaction: a rolled back append leaves no gap, because its number is given again.
    return m_impl->write_returning("INSERT INTO events (seq, time_ms, run, kind, payload) "
                                   "VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM events), ?, ?, ?, ?) RETURNING seq",
        event.time_ms, event.run, event.kind, BlobValue{event.payload});
}

Result<std::int64_t> Project::last_event_seq()
{
    return m_impl->database->integer("SELECT COALESCE(MAX(seq), 0) FROM events");
}

Result<std::vector<EventRow>> Project::read_events(std::int64_t from_seq, std::int64_t run, int limit)
{
    return m_impl->rows(
        "SELECT seq, time_ms, run, kind, payload FROM events WHERE seq >= ?1 AND (?2 = 0 OR run = ?2 OR run = 0) "
        "ORDER BY seq LIMIT ?3",
        [](const SqlRow& row) {
            return EventRow{row.integer(0), row.integer(1), row.integer(2), int(row.integer(3)), row.text(4)};
        },
        from_seq, run, limit);
}

Result<void> Project::insert_train_points(
    std::int64_t run, const std::string& stage, int path, std::int64_t step_begin, const std::vector<float>& losses)
{
    for (std::size_t i = 0; i < losses.size(); ++i)
        PATHLOOM_CHECK(m_impl->write("INSERT OR IGNORE INTO train_points (run, stage, path, step, loss) VALUES (?, ?, ?, ?, ?)",
            run, stage, path, step_begin + std::int64_t(i), double(losses[i])));
    return {};
}

Result<std::vector<TrainPointRow>> Project::train_points(std::int64_t run)
{
    return m_impl->rows(
        "SELECT stage, path, step, loss FROM train_points WHERE run = ? ORDER BY stage, path, step",
        [](const SqlRow& row) {
            return TrainPointRow{row.text(0), int(row.integer(1)), row.integer(2), float(row.real(3))};
        },
        run);
}

Result<void> Project::insert_valid_point(std::int64_t run, const ValidPointRow& row)
{
    return exists_as(m_impl->write("INSERT INTO valid_points (run, path, phase, step, nll, tokens) VALUES (?, ?, ?, ?, ?, ?)",
                         run, row.path, row.phase, row.step, row.nll, row.tokens),
        fmt::format("run {} path {} phase {} is validated already", run, row.path, row.phase));
}

Result<std::vector<ValidPointRow>> Project::valid_points(std::int64_t run)
{
    return m_impl->rows(
        "SELECT path, phase, step, nll, tokens FROM valid_points WHERE run = ? ORDER BY path, phase",
        [](const SqlRow& row) {
            return ValidPointRow{int(row.integer(0)), int(row.integer(1)), row.integer(2), row.real(3), row.integer(4)};
        },
        run);
}

Result<void> Project::set_eval(std::int64_t run, const EvalRow& row)
{
    return m_impl->write("INSERT OR REPLACE INTO evals (run, split, route, result_json, time_ms) VALUES (?, ?, ?, ?, ?)", run,
        row.split, row.route, row.result_json, row.time_ms);
}

Result<std::vector<EvalRow>> Project::evals(std::int64_t run)
{
    return m_impl->rows(
        "SELECT split, route, result_json, time_ms FROM evals WHERE run = ? ORDER BY split, route",
        [](const SqlRow& row) {
            return EvalRow{row.text(0), row.text(1), row.text(2), row.integer(3)};
        },
        run);
}

Result<void> Project::set_memo(const std::string& key, const std::string& result)
{
    return m_impl->write("INSERT OR REPLACE INTO memo (key, result) VALUES (?, ?)", key, BlobValue{result});
}

Result<std::optional<std::string>> Project::find_memo(const std::string& key)
{
    return m_impl->first(
        "SELECT result FROM memo WHERE key = ?", [](const SqlRow& row) { return row.text(0); }, key);
}

Result<std::int64_t> Project::next_fence()
{
    return m_impl->write_returning("INSERT INTO counters (name, value) VALUES ('fence', 1) ON CONFLICT (name) DO UPDATE SET "
                                   "value = value + 1 RETURNING value");
}

}  // namespace pathloom
