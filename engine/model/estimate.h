// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, from its spec alone: nothing is allocated.
#pragma once

#include "engine/model/topology.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// With N = parameters of a path (the largest), T = batch x sequence, a = heads x head_dim, h = feed-forward width:
///   weights      4 N bytes (bf16: 6 N, the fp32 master and the copy that computes)
///   gradients    4 N
///   AdamW        8 N
///   activations  e T (sum over blocks of 6 d + 8 a + m h + 2 heads reach) + 12 T V;  e = 4 bytes (bf16: 2), m = 4 for swiglu
///                and 2 for gelu, reach = sequence for "full", min(sequence, 2 window) for "window"; the last term is logits,
///                their log-softmax and their gradient in fp32
///   sync         2 x 4 bytes x sum over paths of N_path: every module down and every pseudo-gradient up, once a phase
///   data-parallel  tau x sync: what synchronous training of the same paths would send in one phase
///   FLOPs        steps x T x (6 N + 12 a x mean positions attended, summed over blocks); the tied head is part of N
struct RunEstimate {
    int paths = 0;
    int modules = 0;
    std::int64_t path_parameters = 0;  ///< of the largest path (they are all equal today)
    std::int64_t embedding_parameters = 0;  ///< of one path, part of path_parameters
    std::int64_t total_parameters = 0;
    std::int64_t weight_bytes = 0;
    std::int64_t gradient_bytes = 0;
    std::int64_t optimizer_bytes = 0;
    std::int64_t activation_bytes = 0;
    std::int64_t worker_bytes = 0;  ///< the four above
    std::int64_t sync_bytes_per_phase = 0;
    std::int64_t data_parallel_bytes_per_phase = 0;
    std::int64_t total_steps_per_path = 0;
    double flops_per_path = 0.0;  ///< whole run, warm start included
    std::vector<std::string> warnings;
    std::string explanation;  ///< how the parameters add up, one line a column, then totals
};

RunEstimate estimate_run(const RunSpec& spec);

}  // namespace pathloom
