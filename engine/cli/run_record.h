// SPDX-License-Identifier: GPL-3.0-or-later
// What a finished or running run has left in the event log, folded into one value: what reports and studies are made of.
#pragma once

#include "engine/core/result.h"
#include "pathloom/v1/engine.pb.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pathloom {

class Session;

/// A mean over paths, weighted by tokens (validation) or equally (training).
struct CurveSum {
    double sum = 0;
    double weight = 0;
    [[nodiscard]] double mean() const { return weight > 0 ? sum / weight : 0.0; }
    bool operator==(const CurveSum&) const = default;
};

struct ShardRow {
    int path = 0;
    std::int64_t sequences = 0;
    std::vector<std::int64_t> by_domain;  ///< in the order of RunRecord::domains
    bool operator==(const ShardRow&) const = default;
};

/// One evaluation, as `run eval --json` prints it.
struct EvalRecord {
    double perplexity = 0;
    double nll = 0;  ///< nats a token
    std::int64_t tokens = 0;
    std::map<std::string, double> domains;  ///< perplexity of each
    std::vector<std::int64_t> histogram;  ///< sequences (route once) or chunks by path
    bool operator==(const EvalRecord&) const = default;
};

struct RunRecord {
    std::int64_t id = 0;
    std::string name;
    std::string preset;
    std::string state;  ///< "running", "stopped", "done", "failed"
    std::uint64_t seed = 0;
    nlohmann::json spec = nlohmann::json::object();
    int paths = 0;
    int phases = 0;
    int tau = 0;
    std::int64_t path_parameters = 0;
    std::int64_t total_parameters = 0;
    std::uint64_t bytes_down = 0;
    std::uint64_t bytes_up = 0;
    std::uint64_t module_bytes = 0;  ///< modules down and pseudo-gradients up, as measured on the wire
    std::uint64_t module_hits = 0;  ///< module bytes that a worker's cache had already
    std::int64_t train_tasks = 0;  ///< committed by workers, those reused from earlier runs left out
    std::uint64_t train_task_bytes = 0;  ///< their modules down (fetched or in a cache) and pseudo-gradients up
    std::int64_t faults = 0;
    double goodput = 0;
    double compute_seconds = 0;  ///< of the committed tasks, those reused from earlier runs left out
    std::int64_t tokens = 0;  ///< of the committed training tasks, warm start included
    std::int64_t created_ms = 0;
    std::int64_t finished_ms = 0;
    std::string router;
    int routing = 0;  ///< newest routing, 0 = the first
    std::vector<std::string> domains;
    std::vector<ShardRow> shards;  ///< of the newest routing
    std::map<std::int64_t, CurveSum> train;  ///< training loss by inner step (nats a token), mean over paths; warm start included
    std::map<int, CurveSum> valid;  ///< validation loss by outer steps taken
    std::map<std::pair<std::string, std::string>, EvalRecord> evals;  ///< by (split, route)
    bool kept = false;  ///< of an earlier project: what a study has written of it is all there is
};

/// Takes one event of the run into account; events of other runs must not be handed in.
void fold(RunRecord& record, const v1::Event& event);
/// Takes the run's summary (GetRun) into account.
void fold(RunRecord& record, const v1::Run& run);
/// A result document of `run eval`. Corrupt when it is none.
Result<EvalRecord> parse_eval(const std::string& result_json);

/// Asks the engine for the runs and reads its whole log once. In the order of `ids`; NotFound for a run that is not there.
Result<std::vector<RunRecord>> fetch_records(Session& session, std::span<const std::int64_t> ids);

/// Tokens one inner step of a path sees.
std::int64_t tokens_a_step(const RunRecord& record);

}  // namespace pathloom
