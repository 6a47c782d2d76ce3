// SPDX-License-Identifier: GPL-3.0-or-later
// How fast an inner step is, beside the matrix-product peak of the same process.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// A share of the step's time.
struct KernelTime {
    std::string kernel;
    double milliseconds = 0.0;  ///< CPU time of the measuring thread, a step
};

struct InnerBench {
    std::int64_t parameters = 0;
    double tokens_per_second = 0.0;
    double gflops = 0.0;  ///< 6 per matrix parameter and token, plus causal attention
    double gemm_peak_gflops = 0.0;  ///< best 1024-cube (NN or NT, plain matrices) through the same library, same precision
    double fraction_of_peak = 0.0;
    /// Best product of a tile of tokens with packed weights, all of it in the second-level cache. With AMX it lies far above the
    /// cube, whose operands do not fit: the bound that holds when memory costs nothing.
    double tile_peak_gflops = 0.0;
    double cpu_share = 0.0;  ///< CPU time of the thread / wall-clock time: below 1 somebody else had the core
    double peak_rss_mb = 0.0;
    double loss_first = 0.0;  ///< proof that the steps trained: loss of the first and the last step
    double loss_last = 0.0;
    std::vector<KernelTime> profile;  ///< empty unless asked for; the last entry is what no kernel claims
};

struct InnerBenchOptions {
    int batch = 8;
    int sequence = 512;
    int steps = 5;
    std::string precision = "fp32";
    int threads = 1;  ///< as in a task
    bool recompute = false;
    bool profile = false;
};

/// Runs `steps` inner steps (after two to warm up) on synthetic tokens and takes the median step time.
Result<InnerBench> bench_inner(const ModelSpec& model, const InnerBenchOptions& options);

}  // namespace pathloom
