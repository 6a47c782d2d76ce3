// SPDX-License-Identifier: GPL-3.0-or-later
// Synthetic inner steps under the clock.
#include "engine/training/bench_inner.h"

#include "engine/core/rng.h"
#include "engine/model/init.h"
#include "engine/model/path_model.h"
#include "engine/training/inner_loop.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <numeric>

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

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// Largest rate of a 1024-cube, of NN and NT form: what the products of a step could reach at best.
double gemm_peak(Precision precision)
{
    constexpr int N = 1024;
    const std::vector<float> a(std::size_t(N) * N, 0.5f), b(std::size_t(N) * N, 0.25f);
    std::vector<float> c(std::size_t(N) * N);
    std::vector<std::uint16_t> half_a(a.size()), half_b(b.size());
    round_to_bf16(a.data(), half_a.data(), a.size());
    round_to_bf16(b.data(), half_b.data(), b.size());
    const Matrix x{a.data(), N, half_a.data()}, y{b.data(), N, half_b.data()};
    Gemm gemm(precision);
    double best = 1e9;
    for (int run = 0; run < 12; ++run) {
        best = std::min(best, seconds_of([&] {
            if (run % 2 == 0)
                gemm.nn(N, N, N, x, y, 0.0f, c.data(), N);
            else
                gemm.nt(N, N, N, x, y, 0.0f, c.data(), N);
        }));
    }
    return 2.0 * N * N * N / best * 1e-9;
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

}  // namespace

Result<InnerBench> bench_inner(
    const ModelSpec& model, int batch, int sequence, int steps, const std::string& precision, int threads)
{
    if (batch < 1 || sequence < 1 || steps < 1) {
        return fail(ErrorCode::Usage, "batch, sequence and steps must be at least 1, got {}, {} and {}", batch, sequence, steps);
    }
    const ComputeThreads scope(threads);
    PATHLOOM_TRY(const Precision kind, parse_precision(precision));
    PATHLOOM_TRY(PathModel path, PathModel::create(model, dense_columns(model), kind));
    PATHLOOM_CHECK(initialise(path));

    // A stream with structure (each token decides most of the next), so that the loss has somewhere to go.
    Rng rng(11);
    TokenBatch tokens{batch, sequence, {}, {}};
    std::int32_t token = 0;
    for (int i = 0; i < batch * sequence; ++i) {
        tokens.inputs.push_back(token);
        token = rng.uniform() < 0.9 ? std::int32_t((std::int64_t(token) * 31 + 17) % model.vocabulary)
                                    : std::int32_t(rng.below(std::uint64_t(model.vocabulary)));
        tokens.targets.push_back(token);
    }
    v1::InnerOptimizer inner;
    inner.set_lr(1e-3), inner.set_lr_min_ratio(1.0), inner.set_total_steps(steps + 1);
    inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(1.0);
    InnerState state = zero_state(path.layout());
    InnerBench bench;
    bench.gemm_peak_gflops = gemm_peak(kind);  // before and after: a busy machine must not hide the peak
    std::vector<double> seconds;
    for (int step = 0; step <= steps; ++step) {
        Result<double> loss;
        const double taken = seconds_of([&] { loss = train_step(path, state, inner, step, tokens); });
        if (!loss) return fail(std::move(loss).error());
        if (step == 0)
            bench.loss_first = *loss;
        else
            seconds.push_back(taken);
        bench.loss_last = *loss;
    }
    bench.parameters = std::int64_t(path.layout().size());
    bench.tokens_per_second = double(batch) * sequence / median(seconds);
    bench.gflops = bench.tokens_per_second * training_flops_per_token(model, sequence) * 1e-9;
    bench.gemm_peak_gflops = std::max(bench.gemm_peak_gflops, gemm_peak(kind));
    bench.fraction_of_peak = bench.gflops / bench.gemm_peak_gflops;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    bench.peak_rss_mb = double(usage.ru_maxrss) / 1024.0;
    return bench;
}

}  // namespace pathloom
