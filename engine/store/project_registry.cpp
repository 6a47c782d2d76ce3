// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a project that belong to no run: workers and corpora.
#include "engine/store/project_impl.h"

namespace pathloom {

namespace {

const char* const corpus_columns
    = "name, record_json, tokens_hash, bytes_hash, text_hash, documents_hash, tokenizer_hash, created_ms";

CorpusRow corpus_of(const SqlRow& row)
{
    return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.integer(7)};
}

}  // namespace

Result<std::int64_t> Project::upsert_worker(const WorkerRow& row)
{
    // A worker that comes back keeps its id and the time it first joined.
    return m_impl->write_returning(
        "INSERT INTO workers (instance, name, host, pid, isa, local, joined_ms, gone_ms, gone_reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (instance) DO UPDATE SET name = excluded.name, "
        "host = excluded.host, pid = excluded.pid, isa = excluded.isa, local = excluded.local, "
        "gone_ms = excluded.gone_ms, gone_reason = excluded.gone_reason RETURNING id",
        row.instance, row.name, row.host, row.pid, row.isa, int(row.local), row.joined_ms, row.gone_ms, row.gone_reason);
}

Result<void> Project::set_worker_gone(std::int64_t id, std::int64_t time_ms, const std::string& reason)
{
    PATHLOOM_CHECK(m_impl->write("UPDATE workers SET gone_ms = ?, gone_reason = ? WHERE id = ?", time_ms, reason, id));
    if (m_impl->database->changed_rows() == 0) return fail(ErrorCode::NotFound, "no worker {}", id);
    return {};
}

Result<std::vector<WorkerRow>> Project::workers()
{
    return m_impl->rows(
        "SELECT id, instance, name, host, pid, isa, local, joined_ms, gone_ms, gone_reason FROM workers ORDER BY id",
        [](const SqlRow& row) {
            return WorkerRow{row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4), row.text(5),
                row.integer(6) != 0, row.integer(7), row.integer(8), row.text(9)};
        });
}

Result<void> Project::insert_corpus(const CorpusRow& row)
{
    return exists_as(
        m_impl->write(
            "INSERT INTO corpora (name, record_json, tokens_hash, bytes_hash, text_hash, documents_hash, tokenizer_hash, "
            "created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            row.name, row.record_json, row.tokens_hash, row.bytes_hash, row.text_hash, row.documents_hash, row.tokenizer_hash,
            row.created_ms),
        fmt::format("a corpus named '{}' exists already; choose another name", row.name));
}

Result<std::vector<CorpusRow>> Project::corpora()
{
    return m_impl->rows(fmt::format("SELECT {} FROM corpora ORDER BY created_ms, name", corpus_columns), corpus_of);
}

Result<std::optional<CorpusRow>> Project::find_corpus(const std::string& name)
{
    return m_impl->first(fmt::format("SELECT {} FROM corpora WHERE name = ?", corpus_columns), corpus_of, name);
}

}  // namespace pathloom
