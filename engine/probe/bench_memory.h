// SPDX-License-Identifier: GPL-3.0-or-later
// How fast a document becomes a memory, and how fast a memory is searched.
#pragma once

#include "engine/core/bench.h"
#include "engine/core/result.h"
#include "engine/model/kernels/products.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct PrefillBenchOptions {
    std::string model = "shipped";
    Precision precision = Precision::Bf16;
    std::size_t tokens = 262'144;
    int threads = 1;
    int repeats = 5;
    std::filesystem::path folder;  ///< for the memory; empty = the temporary folder
};
struct ScanBenchOptions {
    std::size_t rows = 1'000'000;
    std::size_t key_dim = 128;
    int threads = 1;
    int repeats = 25;
};

struct MemoryBench {
    std::string name;  ///< "prefill", "scan"
    std::int64_t items = 0;  ///< tokens encoded, or keys searched, a repeat
    int threads = 1;
    std::vector<double> seconds;
    double flops_per_item = 0.0;
    double peak_gflops = 0.0;  ///< prefill: best matrix product. scan: the arithmetic of the keys that memory delivers
    double bytes_per_item = 0.0;  ///< read a key; 0 for prefill
};
/// Random tokens through a reader's encoder into a memory on disk, hashed and fsynced as for a document.
Result<MemoryBench> bench_prefill(const PrefillBenchOptions& options);
/// Queries against random unit keys in main memory: every key is scored, the best are rescored.
Result<MemoryBench> bench_scan(const ScanBenchOptions& options);
BenchReport describe(const MemoryBench& bench);

}  // namespace pathloom
