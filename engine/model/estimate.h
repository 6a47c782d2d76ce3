// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, from its spec alone: nothing is allocated.
#pragma once

#include "engine/core/result.h"
#include "engine/model/topology.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// With N = parameters of a path (the largest), T = batch x sequence, a = heads x head_dim, h = feed-forward width:
///   weights      4 N bytes (bf16: 6 N, the fp32 master and the copy that computes)
///   start        4 N, the parameters a task began with: its pseudo-gradient is the difference
///   gradients    4 N
///   AdamW        8 N
///   delivery     20 N: while the next task computes, the last one's pseudo-gradients (4 N) and moments (8 N) wait to be stored
///                and uploaded, and the largest blob (8 N) is put together
///   activations  a block keeps e (2 d + 7 a + m h + d if "window") + 4 (2 d + 2 + 3 heads) bytes a token, all blocks together
///                T times that; with recomputation 4 d a token and block, and one block's full amount. To that come
///                e (4 d + h + 8 a) + 16 d a token for what blocks share, and logits of 512 tokens, 4 x 512 V;  e = 4 bytes
///                (bf16: 2), m = 2 for swiglu and 1 for gelu. Attention is tiled and stores no matrix of scores.
///   program      worker_program_bytes: code, libraries, buffers of the connection
///   engine       engine_program_bytes, and sums of pseudo-gradients under way: 12 bytes a parameter of all modules, at most a
///                quarter of the machine's memory
///   residual     with error feedback 4 N more in AdamW's place, and 8 N in the delivery
///   sync         4 bytes x sum over paths of N_path down, and every pseudo-gradient up as its codec writes it, once a phase
///   data-parallel  tau x 2 x 4 bytes x sum over paths of N_path: what synchronous training would send in a phase
///   mixture      E experts, k a token: k times an expert's width in the place of h, 4 E + 12 k bytes a token more for the
///                choices, and what pads the experts, 32 E rows in 512 tokens; N in the FLOPs is what a token uses
///   FLOPs        steps x T x (6 N + 12 a x mean positions attended, summed over blocks); the tied head is part of N
struct RunEstimate {
    int paths = 0;
    int modules = 0;
    std::int64_t path_parameters = 0;  ///< of the largest path (they are all equal today)
    std::int64_t active_parameters = 0;  ///< of them used by one token: fewer in a token-level mixture
    std::int64_t embedding_parameters = 0;  ///< of one path, part of path_parameters
    std::int64_t total_parameters = 0;
    std::int64_t weight_bytes = 0;
    std::int64_t gradient_bytes = 0;
    std::int64_t optimizer_bytes = 0;
    std::int64_t start_bytes = 0;
    std::int64_t delivery_bytes = 0;
    std::int64_t activation_bytes = 0;  ///< as the spec says
    std::int64_t activation_bytes_kept = 0;  ///< every activation kept
    std::int64_t activation_bytes_recomputed = 0;  ///< blocks run again on the way back
    std::int64_t worker_bytes = 0;  ///< all of one worker: the above and worker_program_bytes
    std::int64_t sum_bytes = 0;  ///< what the engine's sums of pseudo-gradients take when every module has begun one
    std::string codec;  ///< of pseudo-gradients
    std::int64_t delta_bytes_per_path = 0;  ///< pseudo-gradients of one path and phase, as the codec writes them
    std::int64_t sync_bytes_per_phase = 0;
    std::int64_t data_parallel_bytes_per_phase = 0;
    std::int64_t total_steps_per_path = 0;
    double flops_per_path = 0.0;  ///< whole run, warm start included
    std::vector<std::string> warnings;
    std::string explanation;  ///< how the parameters add up, one line a column, then totals
};

RunEstimate estimate_run(const RunSpec& spec);

inline constexpr std::int64_t worker_program_bytes = 64'000'000;  ///< measured 45 to 60 MB before a task
inline constexpr std::int64_t engine_program_bytes = 96'000'000;

/// What `workers` local workers and the engine need on a machine of `memory_bytes`.
std::int64_t machine_bytes(const RunEstimate& estimate, int workers, std::int64_t memory_bytes);
/// The plan in words, one line a user of memory.
std::string memory_plan(const RunEstimate& estimate, int workers, std::int64_t memory_bytes);
/// Usage with the numbers, and what to change, when that does not fit.
Result<void> check_memory(const RunEstimate& estimate, int workers, std::int64_t memory_bytes);

}  // namespace pathloom
