// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-worker: trains and scores paths for an engine, one task at a time.
#include "engine/core/exit_code.h"
#include "engine/core/isa.h"
#include "engine/core/log.h"
#include "engine/core/memory_tuning.h"
#include "engine/core/rpc.h"
#include "engine/training/device_loader.h"
#include "engine/worker/bench_command.h"
#include "engine/worker/grpc_link.h"
#include "engine/worker/process_watch.h"
#include "engine/worker/worker_loop.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>
#include <random>

namespace {

using namespace pathloom;

/// Steady, so that a clock set back does not stretch anybody's patience.
class SteadyClock final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const override
    {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    }
};

struct Settings {
    std::string engine;
    std::string token_file;
    TlsFiles tls;
    std::string name;
    std::string cache;
    std::uint64_t cache_limit_mb = 4096;
    std::string device = "auto";
    int threads = 1;
    std::int64_t patience_s = 600;
    bool local = false;
    bool exit_with_parent = false;
};

int complain(const Error& error)
{
    fmt::print(stderr, "pathloom-worker: {}\n", error.message);
    return exit_code(error.code);
}

std::string host_name()
{
    std::array<char, 256> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? std::string(buffer.data()) : "unknown";
}

/// A cache of its own that goes away with the worker, when the user names none.
struct ScratchFolder {
    std::filesystem::path path;
    ~ScratchFolder()
    {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }
};

Result<std::filesystem::path> make_scratch()
{
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "pathloom-worker-XXXXXX").string();
    if (error || ::mkdtemp(pattern.data()) == nullptr)
        return fail(ErrorCode::Failed, "cannot make a cache folder {}; name one with --cache", pattern);
    return std::filesystem::path(pattern);
}

int work(const Settings& settings)
{
    std::promise<WorkerLoop*> ready;
    const std::shared_future<WorkerLoop*> loop = ready.get_future().share();
    ProcessWatch::Handlers handlers;
    handlers.stop = [loop] {
        if (WorkerLoop* running = loop.get()) running->stop();
    };
    handlers.stop_now = [] { ::_exit(130); };
    handlers.parent_gone = [] { ::_exit(0); };
    auto watch = ProcessWatch::start(std::move(handlers), settings.exit_with_parent);
    if (!watch) return complain(watch.error());

    ScratchFolder scratch;
    std::optional<Result<WorkerLoop::End>> end;
    const auto set_up = [&]() -> Result<void> {
        PATHLOOM_TRY(const std::string token, read_token(settings.token_file));
        PATHLOOM_TRY(const auto link, GrpcLink::open(settings.engine, token, settings.tls));
        std::filesystem::path folder = settings.cache;
        if (folder.empty()) {
            PATHLOOM_TRY(scratch.path, make_scratch());
            folder = scratch.path;
        }
        PATHLOOM_TRY(BlobCache cache, BlobCache::open(folder, settings.cache_limit_mb << 20));
        std::random_device random;
        WorkerOptions options;
        options.identity = {settings.name, host_name(), ::getpid(), {},
            fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random()), settings.local};
        if (settings.name.empty()) options.identity.name = fmt::format("{}-{}", options.identity.host, ::getpid());
        options.retry.patience_ms = settings.patience_s * 1000;
        options.seed = random();
        PATHLOOM_TRY(const WorkerDevices devices, find_devices(settings.device));
        // What nobody asked for is nothing to announce: a machine without a GPU is the usual one.
        spdlog::log(devices.choice.cuda ? spdlog::level::info : spdlog::level::debug, "devices: {}", devices.choice.reason);
        options.identity.isa = worker_isa(devices.choice.cpu, devices.choice.cuda.has_value());
        const auto run
            = [&devices](const v1::TaskSpec& spec, TaskIo& io) { return compute_task(spec, io, devices.task_device()); };
        const SteadyClock clock;
        WorkerLoop worker(*link, std::move(cache), run, clock, options);

        auto running = std::async(std::launch::async, [&] { return worker.run(); });
        ready.set_value(&worker);
        // A stop is answered within a moment even in the middle of a long step: once the engine knows, the step is of no use.
        using namespace std::chrono_literals;
        while (running.wait_for(100ms) == std::future_status::timeout)
            if (worker.wait_left(100ms) && running.wait_for(1s) == std::future_status::timeout) {
                std::error_code ignored;
                if (!scratch.path.empty()) std::filesystem::remove_all(scratch.path, ignored);
                ::_exit(0);
            }
        end = running.get();
        watch->reset();  // the signal thread must not touch the loop any more
        return {};
    }();
    if (!end) ready.set_value(nullptr);
    if (!set_up) return complain(set_up.error());
    if (!*end) return complain(end->error());
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    keep_receive_buffers();
    CLI::App app("Trains and scores paths for a Pathloom engine.", "pathloom-worker");
    app.set_version_flag("--version", std::string(program_version));
    Settings settings;
    app.add_option("--engine", settings.engine, "Engine address: host:port or unix:/path");
    app.add_option("--token-file", settings.token_file, "The engine's worker.token");
    app.add_option("--name", settings.name, "Name shown in the workers pane (default: host and process id)");
    app.add_option("--cache", settings.cache, "Folder that keeps blobs between runs (default: a temporary one)");
    app.add_option("--cache-limit-mb", settings.cache_limit_mb, "Size the cache may reach")->check(CLI::Range(1, 1 << 30));
    app.add_option("--device", settings.device, "auto (the CPU, and a GPU that libtorch sees), cpu, cuda or cuda:N");
    app.add_option("--threads", settings.threads, "Threads of the math libraries")->check(CLI::Range(1, 1024));
    app.add_option("--patience", settings.patience_s, "Seconds to wait for an engine that does not answer")
        ->check(CLI::Range(0, 1 << 30));
    app.add_option("--tls-ca", settings.tls.ca, "Certificate authority of the engine (PEM)");
    app.add_option("--tls-cert", settings.tls.cert, "This worker's certificate (PEM)");
    app.add_option("--tls-key", settings.tls.key, "Its key (PEM)");
    app.add_flag("--local", settings.local, "Started by the engine itself");
    app.add_flag("--exit-with-parent", settings.exit_with_parent, "End when the process that started this one ends");
    const BenchCommand bench(app);
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty() && settings.engine.empty()) throw CLI::RequiredError("--engine");
        if (app.get_subcommands().empty() && settings.token_file.empty()) throw CLI::RequiredError("--token-file");
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "pathloom-worker: {} (see pathloom-worker --help)\n", error.what());
        return 2;
    }
    if (auto pinned = pin_math_threads(settings.threads, argv); !pinned) return complain(pinned.error());
    init_logging("pathloom-worker");
    if (bench.chosen()) {
        const auto done = bench.run(settings.threads);
        return done ? 0 : complain(done.error());
    }
    return work(settings);
}
