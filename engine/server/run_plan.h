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
    std::vector<std::int32_t> warm_rows;  ///< the whole training split: what the warm start trains
    std::vector<std::int32_t> router_rows;  ///< kept from the paths: the discriminative router's data (RoutingSpec::router_data)
    std::vector<std::int32_t> slice_rows;  ///< held out of the shards for early stopping (TrainingSpec::early_stopping)
    std::vector<std::int32_t> train_rows;  ///< the others: what shards are made of
    std::vector<std::int32_t> valid_rows;  ///< the whole split
    std::vector<std::int32_t> valid_phase_rows;  ///< scored after each phase (EvaluationSpec::valid_sequences of them)
    std::vector<std::int32_t> test_rows;  ///< EvaluationSpec::test_sequences of the split
    std::int64_t delta_bytes = 0;  ///< pseudo-gradients of a path and phase on the wire, tensors only (OuterSpec::codec)
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

/// The router's data in scoring-task order; empty when the run never re-shards.
std::vector<std::vector<std::int32_t>> router_chunks(const RunPlan& plan);

/// Name under which a run keeps something that each routing has its own of: "cells", later "cells@1".
std::string of_routing(const std::string& key, int routing);

/// Where every row goes once routed.
struct Assignment {
    std::vector<int> cell_of_row;  ///< of every row of the table
    std::vector<std::vector<std::int32_t>> shards;  ///< [path] training rows
    std::vector<std::vector<std::int32_t>> valid;  ///< [cell] rows scored after each phase
    std::vector<std::vector<std::int32_t>> slices;  ///< [cell] held-out training rows
    std::vector<std::vector<std::vector<std::int32_t>>> test;  ///< [cell][chunk] rows
    std::vector<std::vector<std::vector<std::int32_t>>> valid_full;  ///< [cell][chunk] rows
};
/// `cell_of_row` has one cell for each row of the table, `extra_cells` those that each training row trains besides ([train_rows,
/// overlap - 1], paper 2.4). Replicas of a cell share its rows by a hash of (seed, row).
Assignment assign_rows(const RunPlan& plan, const std::vector<int>& cell_of_row, const std::vector<int>& extra_cells = {});
/// Training sequences of all shards; more than the training rows when shards overlap.
std::int64_t sharded_rows(const Assignment& assignment);

/// Kind of the router of that routing.
std::string router_of(const RunPlan& plan, int routing);

/// The path that stands for a cell in scoring (its first replica: replicas are equal after every outer step).
int scoring_path(const RunPlan& plan, int cell);

/// [phase][path] whether a path trains in a phase (TrainingSpec::paths_per_phase): paths are drawn in rounds, each round every
/// path once in an order of its own. Empty when all paths always train.
std::vector<std::vector<bool>> sampled_paths(const RunPlan& plan);

/// Shape for the scheduler, given the routings so far. Test tasks are known with the last one.
RunShape run_shape(const RunPlan& plan, const std::vector<Assignment>& assignments);
/// Warm-start tasks: tau steps each, the last one shorter when tau does not divide the warm start.
int warm_task_count(const TrainingSpec& training);
int warm_task_steps(const TrainingSpec& training, int task);

/// The events the path picture starts from.
v1::RunPlanned planned_event(const RunPlan& plan);
/// `before` is the routing that this one replaces, or nullptr.
v1::ShardsAssigned shards_event(const RunPlan& plan, int routing, const Assignment& assignment, const Assignment* before);

/// Bytes of a column's module as a blob on the wire, tensors only (4 bytes a parameter).
std::int64_t module_bytes(const Module& module);

}  // namespace pathloom
