// SPDX-License-Identifier: GPL-3.0-or-later
// A project folder: project.sqlite (WAL), blobs/, .engine/ (0700). One engine owns it (flock). All calls come from one thread at
// a time: the coordinator holds its lock around them. Only blobs() and sync() may be used from any thread.
#pragma once

#include "engine/core/result.h"
#include "engine/store/blobs.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pathloom {

struct EventRow {
    std::int64_t seq = 0;
    std::int64_t time_ms = 0;
    std::int64_t run = 0;
    int kind = 0;  ///< field number of v1::Event's body
    std::string payload;  ///< serialised v1::Event
};
struct RunRow {
    std::int64_t id = 0;
    std::string name;
    std::string preset;
    std::string spec_json;
    int state = 0;  ///< v1::RunState
    std::string reason;
    std::string stage;
    std::int64_t cloned_from = 0;
    std::int64_t created_ms = 0;
    std::int64_t finished_ms = 0;
};
struct ModuleVersionRow {
    std::string stage;  ///< "warm" or "train"
    std::string module;
    int version = 0;
    std::string hash;
    std::string momentum_hash;
};
struct ContributionRow {
    std::string stage;
    std::string module;
    int phase = 0;
    int path = 0;
    std::string delta_hash;
};
struct TaskCommitRow {
    std::string task;
    std::string stage;
    int path = 0;
    int phase = 0;
    int chunk = 0;
    std::int64_t worker = 0;
    std::int64_t fence = 0;
    std::string result;  ///< serialised v1::TaskResult
    std::int64_t time_ms = 0;
    double leased_seconds = 0;  ///< how long its worker held it; 0 = not known (reused, or written by schema 1)
};
struct CheckpointRow {
    std::string stage;
    int path = 0;
    int phase = 0;  ///< phases done
    std::int64_t step = 0;
    std::string inner_state_hash;
};
struct TrainPointRow {
    std::string stage;
    int path = 0;
    std::int64_t step = 0;
    float loss = 0;
};
struct ValidPointRow {
    int path = 0;
    int phase = 0;
    std::int64_t step = 0;
    double nll = 0;
    std::int64_t tokens = 0;
};
struct WorkerRow {
    std::int64_t id = 0;
    std::string instance;
    std::string name;
    std::string host;
    std::int64_t pid = 0;
    std::string isa;
    bool local = false;
    std::int64_t joined_ms = 0;
    std::int64_t gone_ms = 0;
    std::string gone_reason;
};
struct CorpusRow {
    std::string name;
    std::string record_json;  ///< everything of v1::Corpus, JSON
    std::string tokens_hash;
    std::string bytes_hash;
    std::string text_hash;
    std::string documents_hash;
    std::string tokenizer_hash;
    std::int64_t created_ms = 0;
};
struct EvalRow {
    std::string split;
    std::string route;
    std::string result_json;
    std::int64_t time_ms = 0;
};

class Project {
public:
    /// Creates the folder and schema when missing. Exists: another engine owns it (names its pid). Unsupported: newer schema;
    /// nothing touched.
    static Result<std::unique_ptr<Project>> open_or_create(const std::filesystem::path& folder);
    ~Project();
    [[nodiscard]] const std::filesystem::path& folder() const;
    BlobStore& blobs();
    /// Makes every transaction committed before the call durable. From any thread, also while another one uses the project.
    Result<void> sync();

    /// One atomic change, durable after the next sync(). begin() ... commit(); a Transaction that dies without commit() rolls
    /// back. Not nested.
    class Transaction {
    public:
        explicit Transaction(Project& project);  // BEGIN IMMEDIATE
        ~Transaction();
        Result<void> commit();
        Transaction(const Transaction&) = delete;
        Transaction& operator=(const Transaction&) = delete;

    private:
        Project& m_project;
        bool m_open = false;
        std::optional<Error> m_begin_error;  ///< reported by commit()
    };

    // events: seq 1, 2, 3 ... without gaps; assigned inside the open transaction
    Result<std::int64_t> append_event(EventRow event);  ///< returns its seq
    Result<std::int64_t> last_event_seq();
    Result<std::vector<EventRow>> read_events(
        std::int64_t from_seq, std::int64_t run, int limit);  ///< run 0 = all, else of that run and of none

    Result<std::int64_t> insert_run(const RunRow& run);  ///< returns its id
    Result<void> update_run(const RunRow& run);  ///< by id
    Result<std::vector<RunRow>> runs();
    Result<std::optional<RunRow>> find_run(std::int64_t id);

    Result<void> set_asset(std::int64_t run, const std::string& key, const std::string& value);
    Result<std::map<std::string, std::string>> assets(std::int64_t run);

    Result<void> insert_module_version(std::int64_t run, const ModuleVersionRow& row);
    Result<std::vector<ModuleVersionRow>> module_versions(std::int64_t run);
    Result<void> delete_module_version(std::int64_t run, const std::string& stage, const std::string& module, int version);
    Result<void> delete_module_versions_below(std::int64_t run, const std::string& stage, const std::string& module, int version);

    Result<void> insert_contribution(std::int64_t run, const ContributionRow& row);  ///< Exists when it counted already
    Result<std::vector<ContributionRow>> contributions(std::int64_t run);  ///< ordered by stage, module, phase, path
    /// Those of phases before `phase`.
    Result<void> delete_contributions_below(std::int64_t run, const std::string& stage, const std::string& module, int phase);
    /// Those one task brought, of whatever module.
    Result<void> delete_contributions_of(std::int64_t run, const std::string& stage, int path, int phase);

    Result<void> insert_task_commit(std::int64_t run, const TaskCommitRow& row);  ///< Exists when committed already
    Result<std::vector<TaskCommitRow>> task_commits(std::int64_t run);  ///< in commit order
    Result<bool> task_committed(const std::string& task);
    Result<void> delete_task_commit(const std::string& task);

    /// Keeps the one before it as well, so that the last phase of a path can be done again.
    Result<void> set_checkpoint(std::int64_t run, const CheckpointRow& row);
    Result<void> delete_checkpoint(std::int64_t run, const std::string& stage, int path, int phase);
    Result<std::vector<CheckpointRow>> checkpoints(std::int64_t run);  ///< ordered by stage, path, phase
    /// The run is over: what was kept only to do lost work again may go.
    Result<void> delete_spare_rows(std::int64_t run);

    Result<void> insert_train_points(std::int64_t run, const std::string& stage, int path, std::int64_t step_begin,
        const std::vector<float>& losses);  ///< or ignore
    Result<std::vector<TrainPointRow>> train_points(std::int64_t run);  ///< ordered by stage, path, step
    Result<void> insert_valid_point(std::int64_t run, const ValidPointRow& row);
    Result<std::vector<ValidPointRow>> valid_points(std::int64_t run);

    Result<void> set_eval(std::int64_t run, const EvalRow& row);  ///< replaces (run, split, route)
    Result<std::vector<EvalRow>> evals(std::int64_t run);

    Result<void> set_memo(const std::string& key, const std::string& result);
    Result<std::optional<std::string>> find_memo(const std::string& key);

    Result<std::int64_t> next_fence();  ///< grows for ever, also over restarts

    Result<std::int64_t> upsert_worker(const WorkerRow& row);  ///< by instance; returns its id
    Result<void> set_worker_gone(std::int64_t id, std::int64_t time_ms, const std::string& reason);
    Result<std::vector<WorkerRow>> workers();

    Result<void> insert_corpus(const CorpusRow& row);  ///< Exists when the name is taken
    Result<std::vector<CorpusRow>> corpora();
    Result<std::optional<CorpusRow>> find_corpus(const std::string& name);

    /// Hashes that some row names.
    Result<std::set<std::string>> referenced_hashes();
    /// Blobs no row refers to (module versions, contributions, checkpoints, assets and memo/commit results are searched for
    /// 64-hex words) and that are older than `min_age_s` are removed; returns the bytes freed. Younger ones may be on their way
    /// to a commit.
    Result<std::uint64_t> collect_garbage(int min_age_s);

private:
    struct Impl;
    explicit Project(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace pathloom
