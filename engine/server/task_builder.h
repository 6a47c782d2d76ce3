// SPDX-License-Identifier: GPL-3.0-or-later
// Task specs as pure functions of a plan and of blob hashes. Nothing else decides what a worker computes.
#pragma once

#include "engine/server/run_plan.h"
#include "engine/store/blobs.h"
#include "pathloom/v1/tasks.pb.h"

#include <string>
#include <vector>

namespace pathloom {

/// Blobs every task of a run shares.
struct DataHashes {
    std::string tokens;
    std::string sequences;
};

/// `module_hashes` has one hash a column. The warm start trains every training row, a path trains its own shard. `residual` is
/// the inner state that holds what error feedback kept, empty in a path's first phase.
v1::TaskSpec warm_spec(const RunPlan& plan, const DataHashes& data, int task, const std::vector<std::string>& module_hashes,
    const std::string& inner_state, const std::string& subset);
v1::TaskSpec train_spec(const RunPlan& plan, const DataHashes& data, int path, int phase,
    const std::vector<std::string>& module_hashes, const std::string& inner_state, const std::string& residual,
    const std::string& subset);
v1::TaskSpec score_spec(
    const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes, const std::string& subset);
/// As score_spec, each row for itself in windows of `window` scored tokens; 0 = one window.
v1::TaskSpec rows_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& subset, int window);
/// Prefix features, or those of every `window` scored tokens.
v1::TaskSpec features_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& subset, int window = 0);

/// Fit a token router to `fit` and its labels, and let it route `apply`.
v1::TaskSpec token_router_spec(const RunPlan& plan, const DataHashes& data, const std::vector<std::string>& module_hashes,
    const std::string& fit, const std::string& labels, const std::string& apply, int window);

/// What a task or an engine's job reads and the store does not hold, because it is gone or was set aside as damaged.
struct MissingInput {
    std::string hash;
    std::string what;  ///< "module of column 'level0'"
};
/// Those of `inputs` that name a blob which is not there.
std::vector<MissingInput> missing_among(std::vector<MissingInput> inputs, const BlobStore& blobs);
std::vector<MissingInput> missing_inputs(const v1::TaskSpec& spec, const BlobStore& blobs);

/// sha256 of the deterministic serialisation: equal keys mean equal results.
std::string memo_key(const v1::TaskSpec& spec);

}  // namespace pathloom
