// SPDX-License-Identifier: GPL-3.0-or-later
// How fast an inner step is, beside the matrix-product peak of the same process.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <cstdint>
#include <string>

namespace pathloom {

struct InnerBench {
    std::int64_t parameters = 0;
    double tokens_per_second = 0.0;
    double gflops = 0.0;  ///< 6 per matrix parameter and token, plus causal attention
    double gemm_peak_gflops = 0.0;  ///< best of the large products of this size class through the same wrapper, same precision
    double fraction_of_peak = 0.0;
    double peak_rss_mb = 0.0;
    double loss_first = 0.0;  ///< proof that the steps trained: loss of the first and the last step
    double loss_last = 0.0;
};

/// Runs `steps` inner steps (after one to warm up) on synthetic tokens and takes the median step time. `threads` as in a task.
Result<InnerBench> bench_inner(
    const ModelSpec& model, int batch, int sequence, int steps, const std::string& precision, int threads = 1);

}  // namespace pathloom
