// SPDX-License-Identifier: GPL-3.0-or-later
// Synthetic inner steps under the clock.
#include "engine/training/bench_inner.h"

#include "engine/core/bench.h"
#include "engine/core/rng.h"
#include "engine/model/init.h"
#include "engine/model/kernels/product_peaks.h"
#include "engine/model/kernels/profile.h"
#include "engine/model/path_model.h"
#include "engine/training/inner_loop.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <numeric>
#include <optional>

namespace pathloom {
namespace {

using Seconds = std::chrono::duration<double>;

template <class F>
double seconds_of(F&& work)
{
    const auto begin = std::chrono::steady_clock::now();
    work();
    return Seconds(std::chrono::steady_clock::now() - begin).count();
}

double cpu_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

// Columns in the plainest layout: embed, all blocks, head.
std::vector<Column> dense_columns(const ModelSpec& model)
{
    std::vector<int> blocks(model.blocks.size());
    std::iota(blocks.begin(), blocks.end(), 0);
    return {make_column("embed", {}), make_column("level0", blocks), make_column("head", {})};
}

Result<void> initialise(PathModel& path)
{
    for (int c = 0; c < int(path.layout().columns().size()); ++c) {
        const std::vector<std::byte> bytes = init_column(path.spec(), path.layout().columns()[std::size_t(c)], 7);
        PATHLOOM_TRY(const Safetensors blob, Safetensors::parse(bytes));
        PATHLOOM_CHECK(path.layout().load_column(c, blob, path.parameters()));
    }
    return {};
}

// A stream with structure (each token decides most of the next), so that the loss has somewhere to go.
TokenBatch synthetic_tokens(const ModelSpec& model, int batch, int sequence)
{
    Rng rng(11);
    TokenBatch tokens{batch, sequence, {}, {}};
    std::int32_t token = 0;
    for (int i = 0; i < batch * sequence; ++i) {
        tokens.inputs.push_back(token);
        token = rng.uniform() < 0.9 ? std::int32_t((std::int64_t(token) * 31 + 17) % model.vocabulary)
                                    : std::int32_t(rng.below(std::uint64_t(model.vocabulary)));
        tokens.targets.push_back(token);
    }
    return tokens;
}

}  // namespace

Result<InnerBench> bench_inner(const ModelSpec& model, const InnerBenchOptions& options)
{
    const auto [batch, sequence, steps, precision, threads, recompute, profiled] = options;
    if (batch < 1 || sequence < 1 || steps < 1) {
        return fail(ErrorCode::Usage, "batch, sequence and steps must be at least 1, got {}, {} and {}", batch, sequence, steps);
    }
    const ComputeThreads scope(threads);
    PATHLOOM_TRY(const Precision kind, parse_precision(precision));
    PATHLOOM_TRY(PathModel path, PathModel::create(model, dense_columns(model), kind, recompute));
    PATHLOOM_CHECK(initialise(path));
    const TokenBatch tokens = synthetic_tokens(model, batch, sequence);
    constexpr int WarmUp = 2;
    v1::InnerOptimizer inner;
    inner.set_lr(1e-3), inner.set_lr_min_ratio(1.0), inner.set_total_steps(steps + WarmUp);
    inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(1.0);
    InnerState state = zero_state(path.layout());

    InnerBench bench;
    std::optional<Profile> profile;
    if (profiled) profile.emplace();
    std::vector<double> seconds;
    double cpu = 0.0;
    for (int step = 0; step < steps + WarmUp; ++step) {
        if (step == WarmUp) {
            cpu = cpu_seconds();
            if (profile) profile->clear();
        }
        Result<double> loss;
        const double taken = seconds_of([&] { loss = train_step(path, state, inner, step, tokens); });
        if (!loss) return fail(std::move(loss).error());
        if (step == 0) bench.loss_first = *loss;
        if (step >= WarmUp) seconds.push_back(taken);
        bench.loss_last = *loss;
    }
    cpu = cpu_seconds() - cpu;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    bench.peak_rss_mb = double(usage.ru_maxrss) / 1024.0;
    if (profile) {
        double claimed = 0.0;
        for (std::size_t k = 0; k < KernelCount; ++k) {
            bench.profile.push_back({kernel_name(Kernel(k)), profile->seconds(Kernel(k)) / steps * 1e3});
            claimed += bench.profile.back().milliseconds;
        }
        bench.profile.push_back({"everything else", cpu / steps * 1e3 - claimed});
        profile.reset();
    }
    bench.parameters = std::int64_t(path.layout().size());
    bench.cpu_share = cpu / std::accumulate(seconds.begin(), seconds.end(), 0.0);
    bench.tokens_per_second = double(batch) * sequence / median(seconds);
    bench.gflops = bench.tokens_per_second * training_flops_per_token(model, sequence) * 1e-9;
    const ProductPeaks peaks = product_peaks(kind);
    bench.gemm_peak_gflops = peaks.cube_gflops;
    bench.tile_peak_gflops = peaks.tile_gflops;
    bench.fraction_of_peak = bench.gflops / bench.gemm_peak_gflops;
    return bench;
}

}  // namespace pathloom
