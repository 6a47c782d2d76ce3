// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloom-engine bench outer`: how long the modules of a topology take from contributions on disk to new versions on disk.
#pragma once

#include "engine/core/bench.h"
#include "engine/core/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct OuterBenchOptions {
    int levels = 2;
    int modules = 16;  ///< a level
    int d_model = 128;
    int vocabulary = 1024;
    int blocks = 4;
    int repeats = 5;
    int threads = 0;  ///< of the pool; 0 = one a core
    std::filesystem::path folder;  ///< where blobs go; empty = the temporary folder
};

struct OuterBench {
    int paths = 0;
    int modules = 0;
    std::int64_t path_parameters = 0;
    std::int64_t contribution_bytes = 0;  ///< all pseudo-gradients
    std::int64_t written_bytes = 0;  ///< new modules and momenta
    int threads = 0;
    std::vector<double> seconds;  ///< all contributions on disk and none looked at, until every module is durable
    std::vector<double> last_seconds;  ///< the same when all but the last path's contributions were added as they arrived
};

/// Contributions lie in a real blob store; everything runs through ModuleExecutors on a WorkPool as in the engine: every blob is
/// hashed before it is used, results are safetensors, hashed, fsynced. Only SQLite's rows are left out.
Result<OuterBench> bench_outer(const OuterBenchOptions& options);

BenchReport describe(const OuterBench& bench);

}  // namespace pathloom
