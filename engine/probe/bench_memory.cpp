// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/bench_memory.h"

#include "engine/core/isa.h"
#include "engine/core/rng.h"
#include "engine/model/kernels/product_peaks.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/memory_scan.h"
#include "engine/probe/reader_package.h"

#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

namespace pathloom {

namespace {

template <class F>
double seconds_of(F&& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Two operations a weight of the encoder and token, and 4 A a token seen by a window's attention.
double encoder_flops_per_token(const ReaderSpec& spec, const ReaderLayout& layout)
{
    double flops = 0.0;
    for (const ReaderTensor& tensor : layout.tensors())
        if (tensor.shape.size() == 2 && (tensor.name.starts_with("block") || tensor.name == "memory.k"))
            flops += 2.0 * double(tensor.size);
    return flops + 4.0 * spec.window_blocks * double(spec.heads) * spec.head_dim * spec.window;
}

void unit_key(Rng& rng, std::span<float> key)
{
    double square = 0.0;
    for (float& x : key) {
        x = float(rng.uniform(-1.0, 1.0));
        square += double(x) * double(x);
    }
    for (float& x : key) x = float(double(x) / std::sqrt(square));
}

/// Bytes a second that so many threads read from memory by the plainest means.
double read_rate(std::span<const std::int8_t> bytes, int threads)
{
    std::atomic<std::uint64_t> total = 0;
    const auto sum_part = [&](std::size_t part) {
        const std::size_t words = bytes.size() / sizeof(std::uint64_t), first = words * part / std::size_t(threads);
        const std::size_t end = words * (part + 1) / std::size_t(threads);
        const auto* data = reinterpret_cast<const std::uint64_t*>(bytes.data());  // a vector's storage is aligned for it
        std::uint64_t sum = 0;
        for (std::size_t i = first; i < end; ++i) sum += data[i];
        total += sum;
    };
    double best = 1e9;
    for (int run = 0; run < 5; ++run)
        best = std::min(best, seconds_of([&] {
            std::vector<std::thread> others;
            for (int t = 1; t < threads; ++t) others.emplace_back(sum_part, std::size_t(t));
            sum_part(0);
            for (auto& other : others) other.join();
        }));
    return double(bytes.size()) / best;
}

}  // namespace

Result<MemoryBench> bench_prefill(const PrefillBenchOptions& options)
{
    if (options.tokens < 2) return fail(ErrorCode::Usage, "--tokens must be at least 2, got {}", options.tokens);
    PATHLOOM_TRY(const std::filesystem::path reader_at, reader_folder(options.model));
    PATHLOOM_TRY(ReaderPackage reader, load_reader(reader_at, options.precision));
    const ComputeThreads scope(options.threads);
    const ReaderSpec& spec = reader.model.spec();
    MemoryIdentity identity{reader.hash, {}, {}, std::uint32_t(spec.key_dim)};
    Rng rng(29);
    for (std::size_t i = 0; i < options.tokens; ++i) {
        identity.tokens.push_back(std::int32_t(rng.below(std::uint64_t(spec.vocabulary))));
        identity.bytes.push_back(std::uint32_t(4 * i));
    }
    MemoryBench bench{"prefill", std::int64_t(options.tokens), options.threads, {}, 0.0, 0.0, 0.0};
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
        PATHLOOM_TRY(const BenchFolder folder, BenchFolder::make(options.folder));
        const auto begin = std::chrono::steady_clock::now();
        PATHLOOM_CHECK(MemoryFile::obtain(
            folder.path(), identity, key_source(reader, identity.tokens), [](std::size_t, std::size_t) { return true; }));
        bench.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    bench.flops_per_item = encoder_flops_per_token(spec, reader.model.layout());
    bench.peak_gflops = product_peaks(options.precision).cube_gflops;
    return bench;
}

Result<MemoryBench> bench_scan(const ScanBenchOptions& options)
{
    const std::size_t stride = key_stride(options.key_dim);
    std::vector<std::int8_t> keys(options.rows * stride);
    std::vector<std::uint16_t> scales(options.rows);
    std::vector<float> key(options.key_dim);
    Rng rng(31);
    for (std::size_t row = 0; row < options.rows; ++row) {
        unit_key(rng, key);
        quantise_keys(key, options.key_dim, keys.data() + row * stride, scales.data() + row);
    }
    const KeyRun run{keys.data(), scales.data(), options.rows};
    ScanOptions scan;
    scan.threads = options.threads;
    MemoryBench bench{"scan", std::int64_t(options.rows), options.threads, {}, 2.0 * double(options.key_dim), 0.0,
        double(stride + sizeof(std::uint16_t))};
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
        unit_key(rng, key);
        std::vector<ScanHit> hits;
        bench.seconds.push_back(seconds_of([&] { hits = scan_keys({&run, 1}, key, options.key_dim, scan); }));
        if (hits.size() != std::min(scan.top, options.rows)) return fail(ErrorCode::Failed, "the scan lost hits");
    }
    bench.peak_gflops = read_rate(keys, options.threads) / bench.bytes_per_item * bench.flops_per_item * 1e-9;
    return bench;
}

BenchReport describe(const MemoryBench& bench)
{
    const double rate = double(bench.items) / median(bench.seconds), gflops = rate * bench.flops_per_item * 1e-9;
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const double rss = double(usage.ru_maxrss) / 1024.0;
    nlohmann::json json{{"bench", bench.name}, {"isa", cpu_isa()}, {"threads", bench.threads}, {"items", bench.items},
        {"seconds", bench.seconds}, {"tokens_per_second", rate}, {"gflops", gflops}, {"gemm_peak_gflops", bench.peak_gflops},
        {"fraction_of_peak", gflops / bench.peak_gflops}, {"peak_rss_mb", rss}};
    std::string table = fmt::format("{:<18}{} tokens, {} threads\nmedian            {:.4f} s of {} (best {:.4f})\n"
                                    "rate              {:.0f} tokens/s, {:.1f} GFLOP/s\n",
        bench.name, bench.items, bench.threads, median(bench.seconds), bench.seconds.size(), std::ranges::min(bench.seconds),
        rate, gflops);
    if (bench.bytes_per_item > 0.0) {
        json["gigabytes_per_second"] = rate * bench.bytes_per_item * 1e-9;
        json["kernel"] = std::string(scan_target_name());
        table
            += fmt::format("keys              {:.1f} GB/s through {}\n", rate * bench.bytes_per_item * 1e-9, scan_target_name());
    }
    table += fmt::format("{:<18}{:.1f} GFLOP/s; reached {:.3f} of it\npeak memory       {:.0f} MB\n",
        bench.bytes_per_item > 0.0 ? "memory allows" : "gemm peak", bench.peak_gflops, gflops / bench.peak_gflops, rss);
    return {table, json.dump()};
}

}  // namespace pathloom
