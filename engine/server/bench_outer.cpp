// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/bench_outer.h"

#include "engine/core/bench.h"
#include "engine/core/isa.h"
#include "engine/core/machine.h"
#include "engine/core/rng.h"
#include "engine/model/init.h"
#include "engine/server/module_executors.h"
#include "engine/server/work_pool.h"
#include "engine/store/safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>

namespace pathloom {

namespace {

/// Everything the steps of one phase start from.
struct Phase {
    ModelSpec model;
    Topology topology;
    std::vector<OuterJob> jobs;  ///< one a module, all contributions in
    std::int64_t bytes = 0;
};

/// A module's tensors with small noise in them: what a pseudo-gradient looks like to everybody but the optimiser.
std::vector<std::byte> noise_like(const Safetensors& module, Rng& rng)
{
    std::vector<std::vector<float>> values;
    std::vector<TensorView> views = module.tensors();
    for (TensorView& view : views) {
        auto& filled = values.emplace_back(view.as<float>().size());
        for (float& x : filled) x = float(std::int32_t(rng.next() >> 32)) * 1e-12F;
        view.data = std::as_bytes(std::span(filled));
    }
    return write_safetensors(views, module.metadata());
}

Result<Phase> prepare(const OuterBenchOptions& options, BlobStore& blobs)
{
    Phase phase;
    phase.model.d_model = options.d_model;
    phase.model.heads = std::max(1, options.d_model / 32);
    phase.model.head_dim = options.d_model / phase.model.heads;
    phase.model.vocabulary = options.vocabulary;
    phase.model.blocks.assign(std::size_t(options.blocks), "full");
    TopologySpec spec;
    for (int level = 0, block = 0; level < options.levels; ++level) {
        LevelSpec one{options.modules, {}};
        for (const int end = options.blocks * (level + 1) / options.levels; block < end; ++block) one.blocks.push_back(block);
        if (one.blocks.empty())
            return fail(ErrorCode::Usage, "{} blocks are too few for {} levels", options.blocks, options.levels);
        spec.levels.push_back(one);
    }
    phase.topology = build_topology(phase.model, spec);
    Rng rng(17);
    std::vector<std::string> modules;
    std::vector<Safetensors> parsed;
    std::vector<std::vector<std::byte>> bytes;
    for (const Column& column : phase.topology.columns) {
        bytes.push_back(init_column(phase.model, column, 1));
        PATHLOOM_TRY(std::string hash, blobs.put(bytes.back()));
        modules.push_back(std::move(hash));
    }
    for (const auto& one : bytes) {
        PATHLOOM_TRY(Safetensors module, Safetensors::parse(one));
        parsed.push_back(std::move(module));
    }
    for (std::size_t m = 0; m < phase.topology.modules.size(); ++m) {
        const Module& module = phase.topology.modules[m];
        const auto column = std::size_t(module.column);
        OuterJob job;
        job.step = {false, int(m), 0};
        job.module_hash = modules[column];
        job.paths = module.paths;
        PATHLOOM_TRY(job.momentum_hash, blobs.put(noise_like(parsed[column], rng)));
        for (std::size_t i = 0; i < module.paths.size(); ++i) {
            const auto delta = noise_like(parsed[column], rng);
            phase.bytes += std::int64_t(delta.size());
            PATHLOOM_TRY(std::string hash, blobs.put(delta));
            job.deltas.push_back(std::move(hash));
        }
        job.weights = combine_weights(job.outer, std::vector<std::int64_t>(job.paths.size(), 1), std::int64_t(job.paths.size()));
        phase.jobs.push_back(std::move(job));
    }
    return phase;
}

/// Waits for a number of jobs on the pool.
class Countdown {
public:
    explicit Countdown(std::size_t count)
        : m_left(count)
    {
    }
    void one()
    {
        const std::lock_guard lock(m_mutex);
        if (--m_left == 0) m_zero.notify_all();
    }
    void wait()
    {
        std::unique_lock lock(m_mutex);
        m_zero.wait(lock, [&] { return m_left == 0; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_zero;
    std::size_t m_left;
};

struct Timed {
    double seconds = 0;
    std::vector<OuterDone> done;
};

/// All modules step; with `ahead`, what came before the last path's contributions has been added before the clock starts.
Result<Timed> step_all(const Phase& phase, BlobStore& blobs, int threads, bool ahead)
{
    WorkPool pool(threads);
    ModuleExecutors executors(
        blobs, [&](std::function<void()> job) { pool.post(std::move(job)); }, UINT64_MAX);
    if (ahead) {
        for (OuterJob job : phase.jobs) {
            job.deltas.back().clear();
            executors.arrived(1, job);
        }
        const auto idle = std::make_shared<Countdown>(std::size_t(threads));
        for (int i = 0; i < threads; ++i)  // one each: the pool's jobs begin in order, so these meet after all additions
            pool.post([idle] {
                idle->one();
                idle->wait();
            });
        idle->wait();
    }
    Timed timed;
    std::mutex mutex;
    std::optional<Error> first_error;
    Countdown left(phase.jobs.size());
    const auto begin = std::chrono::steady_clock::now();
    for (const OuterJob& job : phase.jobs) {
        pool.post([&] {
            auto done = executors.step(1, job);
            {
                const std::lock_guard lock(mutex);
                if (done)
                    timed.done.push_back(std::move(*done));
                else
                    first_error = done.error();
            }
            left.one();
        });
    }
    left.wait();
    timed.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    pool.stop();
    if (first_error) return fail(*first_error);
    return timed;
}

}  // namespace

Result<OuterBench> bench_outer(const OuterBenchOptions& options)
{
    PATHLOOM_TRY(const BenchFolder folder, BenchFolder::make(options.folder));
    OuterBench bench;
    bench.threads = options.threads > 0 ? options.threads : int(this_machine().cores.size());
    Phase phase;
    {
        PATHLOOM_TRY(BlobStore blobs, BlobStore::open(folder.path()));
        PATHLOOM_TRY(phase, prepare(options, blobs));
    }
    bench.paths = phase.topology.paths();
    bench.modules = int(phase.topology.modules.size());
    bench.path_parameters = phase.topology.path_parameters(0);
    bench.contribution_bytes = phase.bytes;
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
        for (const bool ahead : {false, true}) {
            // A store that has seen none of the blobs yet: every one is hashed, as after a restart of the engine.
            PATHLOOM_TRY(BlobStore blobs, BlobStore::open(folder.path()));
            PATHLOOM_TRY(const Timed timed, step_all(phase, blobs, bench.threads, ahead));
            (ahead ? bench.last_seconds : bench.seconds).push_back(timed.seconds);
            bench.written_bytes = 0;
            for (const OuterDone& done : timed.done) {
                for (const auto& hash : {done.module_hash, done.momentum_hash}) {
                    bench.written_bytes += std::int64_t(blobs.size_of(hash).value_or(0));
                    PATHLOOM_CHECK(blobs.remove(hash));  // or the next repeat would find it there
                }
            }
        }
    }
    return bench;
}

BenchReport describe(const OuterBench& bench)
{
    BenchReport report;
    report.json = nlohmann::json{{"bench", "outer"}, {"isa", cpu_isa()}, {"paths", bench.paths}, {"modules", bench.modules},
        {"path_parameters", bench.path_parameters}, {"threads", bench.threads}, {"contribution_bytes", bench.contribution_bytes},
        {"written_bytes", bench.written_bytes}, {"seconds", median(bench.seconds)}, {"seconds_all", bench.seconds},
        {"seconds_after_last_arrival", median(bench.last_seconds)}, {"seconds_after_last_arrival_all", bench.last_seconds},
        {"gigabytes_per_second", double(bench.contribution_bytes) / median(bench.seconds) * 1e-9}}
                      .dump();
    report.table = fmt::format("paths                     {} of {:.2f} M parameters, {} modules\n"
                               "contributions             {:.2f} GB on disk, {} threads\n"
                               "outer step, all at once   {:.2f} s (median of {}; {:.2f} to {:.2f}), {:.2f} GB/s\n"
                               "after the last arrival    {:.2f} s (the others were added as they came; {:.2f} to {:.2f})\n"
                               "written                   {:.1f} MB of modules and momenta\n",
        bench.paths, double(bench.path_parameters) * 1e-6, bench.modules, double(bench.contribution_bytes) * 1e-9, bench.threads,
        median(bench.seconds), bench.seconds.size(), std::ranges::min(bench.seconds), std::ranges::max(bench.seconds),
        double(bench.contribution_bytes) / median(bench.seconds) * 1e-9, median(bench.last_seconds),
        std::ranges::min(bench.last_seconds), std::ranges::max(bench.last_seconds), double(bench.written_bytes) * 1e-6);
    return report;
}

}  // namespace pathloom
