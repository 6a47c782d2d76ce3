// SPDX-License-Identifier: GPL-3.0-or-later
// `pathloomctl bench wire` and `bench overhead`: a real engine process measured from outside, through the worker's own link.
#pragma once

#include "engine/core/bench.h"
#include "engine/core/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct WireBenchOptions {
    std::int64_t parameters = 150'000'000;
    int blobs = 3;  ///< of equal size: a 16x16's path has an embedding and two levels
    int repeats = 5;
    std::string listen = "127.0.0.1:0";
    std::filesystem::path folder;  ///< holds the engine's project and the worker's caches; empty = the temporary folder
};
struct WireBench {
    std::int64_t bytes = 0;  ///< one way
    int blobs = 1;
    std::vector<double> up_seconds;  ///< worker's cache -> engine, durable there
    std::vector<double> down_seconds;  ///< engine -> another worker's cache, hash checked
    double sha256_gigabytes_per_second = 0;  ///< one core, this process: what either side has to do beside moving bytes
    double disk_gigabytes_per_second = 0;  ///< write and fsync of as many bytes, nothing else
};
/// One path of fp32 parameters, up and down as a worker moves its blobs: transfers_at_once of them side by side.
Result<WireBench> bench_wire(const WireBenchOptions& options);
BenchReport describe(const WireBench& bench);

struct OverheadBenchOptions {
    int workers = 64;
    int modules = 16;  ///< of each of two levels: 16 x 16 = 256 paths
    int phases = 8;
    int repeats = 5;
    std::filesystem::path folder;
};
struct OverheadBench {
    int workers = 0;
    int paths = 0;
    std::int64_t tasks = 0;  ///< a repeat
    std::vector<double> seconds;  ///< first lease to last commit of training, outer steps included
    std::int64_t blob_bytes = 0;  ///< uploaded a task
    int blobs = 0;  ///< uploaded a task
    std::vector<double> rates;  ///< tasks a second
};
/// Workers that return at once: lease, upload small but real blobs of their own, commit. Everything the engine does for a task
/// is in the time: leases, hashes, fsyncs, SQLite, events, outer steps.
Result<OverheadBench> bench_overhead(const OverheadBenchOptions& options);
BenchReport describe(const OverheadBench& bench);

}  // namespace pathloom
