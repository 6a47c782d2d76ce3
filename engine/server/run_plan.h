// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will do, derived from its spec and its corpus: topology, sequence table, who gets which rows. Pure functions.
#pragma once

#include "engine/cluster/run_facts.h"
#include "engine/corpus/sequences.h"
#include "engine/model/topology.h"
#include "pathloom/v1/events.pb.h"

#include <cstdint>
#include <vector>

namespace pathloom {

struct RunPlan {
    RunSpec spec;
    Topology topology;
    Topology warm;
    SequenceTable table;
    std::vector<std::int32_t> train_rows;
    std::vector<std::int32_t> valid_rows;  ///< the whole split
    std::vector<std::int32_t> valid_phase_rows;  ///< scored after each phase (EvaluationSpec::valid_sequences of them)
    std::vector<std::int32_t> test_rows;  ///< EvaluationSpec::test_sequences of the split
    [[nodiscard]] bool routes() const { return topology.cells() > 1; }
};

/// Cut the corpus, lay out the topology and check that they fit: Usage errors for more paths than training sequences, a corpus
/// without one of the splits, a vocabulary other than the tokenizer's.
Result<RunPlan> plan_run(const RunSpec& spec, const std::vector<DocumentSpan>& documents, const std::vector<std::string>& domains,
    int tokenizer_vocabulary);

/// `count` entries of `rows` at equal distances, in order; all of them when count is 0 or too large.
std::vector<std::int32_t> spread(const std::vector<std::int32_t>& rows, int count);

/// Rows per prefix-feature task, and per scoring task.
inline constexpr int feature_rows_per_task = 4096;
inline constexpr int score_rows_per_task = 192;

/// Rows of the whole table in feature-task order.
std::vector<std::vector<std::int32_t>> feature_chunks(const RunPlan& plan);

/// Where every row goes once routed.
struct Assignment {
    std::vector<std::vector<std::int32_t>> shards;  ///< [path] training rows
    std::vector<std::vector<std::int32_t>> valid;  ///< [cell] rows scored after each phase
    std::vector<std::vector<std::vector<std::int32_t>>> test;  ///< [cell][chunk] rows
    std::vector<std::vector<std::vector<std::int32_t>>> valid_full;  ///< [cell][chunk] rows
};
/// `cell_of_row` has one cell for each row of the table. Replicas of a cell share its rows by a hash of (seed, row).
Assignment assign_rows(const RunPlan& plan, const std::vector<int>& cell_of_row);

/// The path that stands for a cell in scoring (its first replica: replicas are equal after every outer step).
int scoring_path(const RunPlan& plan, int cell);

/// Shape for the scheduler. `assignment` is null until the run is routed.
RunShape run_shape(const RunPlan& plan, const Assignment* assignment);
/// Warm-start tasks: tau steps each, the last one shorter when tau does not divide the warm start.
int warm_task_count(const TrainingSpec& training);
int warm_task_steps(const TrainingSpec& training, int task);

/// The events the path picture starts from.
v1::RunPlanned planned_event(const RunPlan& plan);
v1::ShardsAssigned shards_event(const RunPlan& plan, const Assignment& assignment);

/// Bytes of a column's module as a blob on the wire, tensors only (4 bytes a parameter).
std::int64_t module_bytes(const Module& module);

}  // namespace pathloom
