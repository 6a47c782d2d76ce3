// SPDX-License-Identifier: GPL-3.0-or-later
// One run: its plan, its facts and its blobs. Knows how to build the spec of any task and what a commit changes. Every write_*
// runs inside the coordinator's open transaction and touches only the store; the matching apply_* then changes memory. No threads
// here.
#pragma once

#include "engine/routing/shards.h"
#include "engine/server/module_executors.h"
#include "engine/server/run_plan.h"
#include "engine/server/task_builder.h"
#include "engine/store/blobs.h"
#include "engine/store/project.h"
#include "pathloom/v1/engine.pb.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pathloom {

/// A run's first blobs, made without the lock.
struct PreparedRun {
    RunPlan plan;
    std::map<std::string, std::string> assets;
    std::vector<std::string> initial_modules;  ///< one hash a column
};
Result<PreparedRun> prepare_run(RunPlan plan, const CorpusRow& corpus, BlobStore& blobs);

/// Asset that holds the scores of a task's rows: "discriminate.<phase>.<path>.<chunk>".
std::string scores_asset(const TaskKey& key);

std::vector<MissingInput> missing_inputs(const OuterJob& job, const BlobStore& blobs);

struct RoutingJob {
    int routing = 0;
    std::vector<std::string> features;  ///< blob of each chunk
    std::vector<std::string> warm;  ///< first routing: blob of each column of the warm-start model
    std::vector<std::vector<std::string>> scores;  ///< re-sharding: [cell][chunk] blob of the router's data
};
struct RoutingDone {
    int routing = 0;
    std::vector<std::string> column_hashes;  ///< first routing: what every module of a column starts from
    std::map<std::string, std::string> assets;
    Assignment assignment;
    ShardReport report;
    double router_accuracy = 0;
};
Result<RoutingDone> do_routing(const RunPlan& plan, const RoutingJob& job, BlobStore& blobs);
std::vector<MissingInput> missing_inputs(const RoutingJob& job, const BlobStore& blobs);
/// The blob that each column's modules start from: its tensors, taken out of the warm-start model.
Result<std::vector<std::string>> split_warm_model(const RunPlan& plan, const std::vector<std::string>& warm, BlobStore& blobs);

/// A module's version that a disk has lost and that can be made again: no row changes, since equal inputs give equal bytes.
struct RebuildJob {
    std::string what;  ///< "module level0.1, version 2"
    std::string hash;  ///< the blob that is to be there again
    int column = 0;  ///< of the warm start, when neither of the next two says more
    std::vector<std::string> warm;  ///< version 0 of a path's module: cut out of these
    std::optional<OuterJob> step;  ///< later versions: the step that made it, from the version and contributions still kept
};
/// Corrupt, with the way out, when what is kept does not give it back.
Result<void> do_rebuild(const RunPlan& plan, const RebuildJob& job, BlobStore& blobs);

/// How a lost blob comes back: its task is forgotten and done again, or it is rebuilt.
struct Repair {
    std::string hash;
    std::string what;
    std::vector<TaskKey> forget;
    std::optional<RebuildJob> rebuild;
};

/// How an evaluation routes.
struct EvalRoute {
    std::string name = "once";  ///< as asked for
    int window = 0;  ///< scored tokens a chunk; 0 = the whole sequence
    bool oracle = false;
    bool token = false;  ///< by a token router, not a linear one
};
/// "once", "128" (a multiple of 16; "128-linear" is the same), "128-token", "oracle" (best path of every 16 tokens) or "oracle-W"
/// (0 = of every sequence). Usage otherwise.
Result<EvalRoute> parse_route(const std::string& text);

/// Sequences that are scored in windows, in task order: chunk numbers are positions in this list.
struct WindowRows {
    std::string part;  ///< "valid", "test" or "router"
    std::vector<std::int32_t> rows;
};
std::vector<WindowRows> window_rows(const RunPlan& plan);
/// The part that the router of an evaluation of `split` is fitted to; empty: halves of the split itself, crosswise.
std::string fitting_part(const RunPlan& plan, const std::string& split);

/// One chunk of sequences with the blobs that hold its scores.
struct WindowPart {
    std::vector<std::int32_t> rows;
    std::string features;
    std::vector<std::string> scores;  ///< by cell
};
/// One token router: what it is fitted to and what it routes.
struct TokenPart {
    int chunk = 0;  ///< of its task
    std::vector<std::int32_t> fit, apply;
    std::string scores;  ///< blob of what it says; empty = not yet
};
/// The token routers of an evaluation of `split`: one, or two crosswise as for linear ones.
std::vector<TokenPart> token_parts(const RunPlan& plan, const std::string& split);
/// Asset of a token router's task: "token-router.<chunk>.<what>".
std::string token_asset(int chunk, const std::string& what);

struct WindowJob {
    std::int64_t run = 0;
    std::string name;
    std::string split;
    EvalRoute route;
    std::vector<int> cell_of_row;
    std::vector<WindowPart> scored;
    std::vector<WindowPart> fitting;
    std::vector<TokenPart> token;  ///< when the route is a token router's
    [[nodiscard]] bool waits_for_router() const
    {
        return std::any_of(token.begin(), token.end(), [](const TokenPart& part) { return part.scores.empty(); });
    }
};
/// Blobs for the tasks of the token routers, as assets. Usage when the sequences are too few or too short.
Result<std::map<std::string, std::string>> prepare_token_routers(const RunPlan& plan, const WindowJob& job, BlobStore& blobs);
/// The document of an evaluation that re-routes, or of the oracle.
Result<std::string> do_window_eval(const RunPlan& plan, const WindowJob& job, BlobStore& blobs);

/// What the router explorer looks at: the newest routing.
struct ExploreJob {
    int routing = 0;
    std::vector<int> cell_of_row;
    std::vector<std::string> features;  ///< blob of each chunk; empty when the router looks at none
};

/// What decides where a text would go (route_text.h).
struct RouteTextJob {
    int routing = 0;
    std::string router;  ///< blob of the newest router
    std::vector<std::string> warm;  ///< blob of each column of the warm-start model
    std::string tokenizer;
};

/// A finished run as a teacher: its paths in their final versions, and the path of every sequence.
struct TeacherJob {
    std::int64_t run = 0;
    std::string tokens;  ///< assets that the student must share
    std::string sequences;
    v1::Teacher teacher;  ///< without route, temperature and mix
    std::vector<std::int32_t> route;
};
/// Writes the teacher into the student's assets. Usage when they do not read the same sequences of tokens.
Result<void> hire_teacher(const TeacherJob& job, PreparedRun& student, BlobStore& blobs);

class RunController {
public:
    static Result<std::unique_ptr<RunController>> insert(Project& project, RunRow row, PreparedRun prepared);
    static Result<std::unique_ptr<RunController>> load(Project& project, RunRow row, RunPlan plan);

    [[nodiscard]] const RunRow& row() const { return m_row; }
    [[nodiscard]] const RunPlan& plan() const { return m_plan; }
    /// The kind its tasks are computed on: one for the whole run, so that its bits are those of one.
    [[nodiscard]] const char* device() const { return m_plan.spec.training.device == "cuda" ? "cuda" : "cpu"; }
    [[nodiscard]] const RunFacts& facts() const { return m_facts; }
    [[nodiscard]] const Wanted& wanted_now() const { return m_wanted; }
    [[nodiscard]] int train_tasks() const { return m_shape.train_tasks(); }
    [[nodiscard]] bool running() const { return m_row.state == v1::RUN_STATE_RUNNING; }
    /// Running, or done but asked for one more evaluation.
    [[nodiscard]] bool active() const { return running() || (m_row.state == v1::RUN_STATE_DONE && !m_wanted.finished); }

    /// Spec of a task that wanted_now() names.
    [[nodiscard]] Result<v1::TaskSpec> task_spec(const TaskKey& key) const;

    // --- commits (run_commits.cpp)
    /// Whether `result` is a whole, sane answer to `key`: Corrupt or Failed says what is missing.
    [[nodiscard]] Result<void> check_result(const TaskKey& key, const v1::TaskResult& result, BlobStore& blobs) const;
    Result<void> write_commit(Project& project, const TaskKey& key, const v1::TaskResult& result, std::int64_t worker,
        std::int64_t fence, std::int64_t now_ms, double leased_seconds, std::vector<v1::Event>& events) const;
    void apply_commit(const TaskKey& key, const v1::TaskResult& result, double leased_seconds);
    /// Losses of steps not logged so far.
    Result<void> write_points(Project& project, const TaskKey& key, std::int64_t step_begin, const std::vector<float>& losses,
        std::int64_t now_ms, std::vector<v1::Event>& events) const;
    void apply_points(const TaskKey& key, std::int64_t step_begin, const std::vector<float>& losses);

    // --- outer steps, routings, scored splits (run_steps.cpp)
    /// The step with every contribution that is in by now.
    [[nodiscard]] OuterJob outer_job(const OuterStepWanted& step) const;
    /// Modules of `key` that wait for more contributions of its phase, with what is in: worth adding up already.
    [[nodiscard]] std::vector<OuterJob> partial_jobs(const TaskKey& key) const;
    Result<void> write_outer(Project& project, const OuterDone& done, std::int64_t now_ms, std::vector<v1::Event>& events) const;
    void apply_outer(const OuterDone& done);

    [[nodiscard]] RoutingJob routing_job() const;
    Result<void> write_routing(
        Project& project, const RoutingDone& done, std::int64_t now_ms, std::vector<v1::Event>& events) const;
    void apply_routing(const RoutingDone& done);

    // --- what a disk has lost (run_repair.cpp)
    /// How to get it back. Corrupt says that this cannot be, and what the user can do; `file` is where a good copy would go.
    [[nodiscard]] Result<Repair> repair_of(const MissingInput& input, const std::filesystem::path& file) const;
    /// Gives the seconds a worker had held the task: they are lost now.
    Result<double> write_forget(
        Project& project, const TaskKey& key, const Repair& repair, std::int64_t now_ms, std::vector<v1::Event>& events) const;
    Result<void> apply_forget(Project& project, const TaskKey& key);

    /// Ask for the whole validation split to be scored.
    Result<void> request_valid_full(Project& project);
    /// Ask every path to score `split`, and what its router is fitted to, in windows (run_windows.cpp).
    Result<void> request_windows(Project& project, const std::string& split, bool oracle);
    /// Ask for the token routers that prepare_token_routers() made ready.
    Result<void> request_token_routers(Project& project, const std::map<std::string, std::string>& assets);
    /// What do_window_eval needs; nothing while scores are missing.
    [[nodiscard]] std::optional<WindowJob> window_job(const std::string& split, const EvalRoute& route) const;
    [[nodiscard]] Result<std::string> build_eval(Project& project, Stage stage) const;

    void set_row(RunRow row) { m_row = std::move(row); }
    void set_test_perplexity(double perplexity) { m_test_perplexity = perplexity; }
    /// A lease was lost; the sums survive in the assets.
    Result<void> note_fault(Project& project, double lost_seconds);

    // --- distillation (run_teacher.cpp)
    /// Usage when the run is not done.
    [[nodiscard]] Result<TeacherJob> teacher_job() const;

    // --- views (run_view.cpp)
    [[nodiscard]] v1::Run view() const;
    [[nodiscard]] v1::Digest digest() const;
    [[nodiscard]] Result<ExploreJob> explore_job() const;
    [[nodiscard]] Result<RouteTextJob> route_text_job() const;  ///< all but the tokenizer, which the corpus knows
    [[nodiscard]] Result<v1::ExportPathResponse> export_files(int path) const;

    // Bookkeeping of the coordinator for this run.
    std::set<TaskKey> published;  ///< TaskPublished sent in this engine's life
    std::set<OuterStepWanted> outer_running;
    std::set<std::string> rebuilding;  ///< lost blobs that the pool is making again
    bool routing_running = false;
    std::map<TaskKey, int> task_failures;  ///< reported errors, not lost leases
    std::string announced_stage;

private:
    RunController(RunRow row, RunPlan plan);
    void refresh() { m_wanted = wanted(m_shape, m_facts); }
    void want_windows();
    void keep_slice(const TaskKey& key, const v1::TaskResult& result);
    Result<void> load_assignments(BlobStore& blobs);
    [[nodiscard]] Result<std::string> asset(const std::string& key) const;
    Result<void> set_teacher(v1::TaskSpec& spec) const;
    [[nodiscard]] DataHashes data() const;
    [[nodiscard]] std::vector<std::string> warm_hashes(int version) const;
    [[nodiscard]] Result<std::vector<std::string>> path_hashes(int path, int version) const;
    [[nodiscard]] std::string inner_state(const std::string& stage, int path) const;
    /// Versions of a module below `version` that no task will ask for any more.
    [[nodiscard]] std::vector<int> stale_versions(int module, int version) const;
    [[nodiscard]] bool needed(int module, int version) const;
    /// The version of a path that is scored in the end: the one with the least loss on its slice, or the last.
    [[nodiscard]] int final_version(int path) const;
    void add_traffic(const TaskKey& key, const v1::TaskResult& result);
    /// Sums over the commits that count.
    Result<void> count_commits(Project& project);
    [[nodiscard]] bool can_do_again(const TaskKey& key) const;
    [[nodiscard]] Result<RebuildJob> rebuild_job(bool warm, int module, int version) const;

    struct Version {
        std::string hash;
        std::string momentum;
    };
    RunRow m_row;
    RunPlan m_plan;
    std::vector<Assignment> m_assignments;  // by routing
    RunShape m_shape;
    RunFacts m_facts;
    Wanted m_wanted;
    std::map<std::string, std::string> m_assets;
    std::vector<std::map<int, Version>> m_warm_versions;  // by column
    std::vector<std::map<int, Version>> m_module_versions;  // by module
    // Those of a module's last step stay until the next one: with them a lost version can be made again.
    std::map<std::pair<int, int>, std::map<int, std::string>> m_deltas;  // (module, phase) -> path -> delta
    std::map<std::pair<int, int>, std::string> m_warm_deltas;  // (column, phase) -> delta
    std::map<std::pair<std::string, int>, std::map<int, CheckpointRow>>
        m_checkpoints;  // (stage, path) -> phases done, newest two
    std::map<std::pair<std::string, int>, std::int64_t> m_next_point;  // (stage, path) -> first step not logged
    std::map<int, double> m_last_loss;  // path -> last training loss
    std::map<int, std::map<int, ValidPointRow>> m_valid;  // phase -> path
    std::map<int, std::map<int, double>> m_slices;  // path -> version -> loss on its slice, nats a token
    std::map<int, v1::PhaseTraffic> m_traffic;  // by phase
    std::uint64_t m_bytes_down = 0;
    std::uint64_t m_bytes_up = 0;
    double m_compute_seconds = 0;
    double m_leased_seconds = 0;
    std::int64_t m_faults = 0;
    double m_test_perplexity = 0;
};

}  // namespace pathloom
