// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-engine: owns one project folder, schedules its runs, serves the app, pathloomctl and the workers.
#include "engine/core/clock.h"
#include "engine/core/exit_code.h"
#include "engine/core/log.h"
#include "engine/core/memory_tuning.h"
#include "engine/core/resources.h"
#include "engine/server/bench_outer.h"
#include "engine/server/listener.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

namespace {

using namespace pathloom;

/// Reads stdin until it closes: the app or a script holds the other end, and their death ends us too, unless they said "detach".
void watch_lifeline(Coordinator& coordinator)
{
    std::string text;
    char buffer[256];
    for (;;) {
        const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (n > 0) {
            text.append(buffer, std::size_t(n));
            continue;
        }
        if (n < 0 && errno == EINTR) continue;
        break;
    }
    if (text.find("detach") == std::string::npos) coordinator.request_shutdown();
}

void watch_signals(Coordinator& coordinator, const sigset_t& signals)
{
    int received = 0;
    sigwait(&signals, &received);
    if (received != SIGUSR1) spdlog::info("signal {}: stopping", received);
    coordinator.request_shutdown();
}

int fail_with(const Error& error)
{
    std::fprintf(stderr, "pathloom-engine: %s\n", error.message.c_str());
    return exit_code(error.code);
}

}  // namespace

int main(int argc, char** argv)
{
    keep_receive_buffers();
    ListenOptions listen;
    CoordinatorOptions options;
    int local_workers = 0;
    bool lifeline = false;
    CLI::App app("Pathloom's engine: owns one project folder, schedules its runs and serves it over gRPC.");
    app.set_version_flag("--version", PATHLOOM_VERSION);
    app.add_option("--project", options.project, "project folder, created when missing");
    app.add_option("--listen", listen.address, "\"unix\" (a socket in the project) or HOST:PORT; port 0 picks a free one")
        ->capture_default_str();
    app.add_option("--local-workers", local_workers, "worker processes to run on this machine")->check(CLI::Range(0, 256));
    app.add_flag("--lifeline", lifeline, "stop when standard input closes, unless it said \"detach\"");
    app.add_option("--lease-ms", options.lease_ms, "a task without a heartbeat for this long goes to another worker")
        ->check(CLI::Range(100, 3600000));
    app.add_option("--heartbeat-ms", options.heartbeat_ms, "how often workers report")->check(CLI::Range(20, 60000));
    app.add_option("--collect-ms", options.collect_ms, "how often files that running runs need no more are removed")
        ->check(CLI::Range(100, 86400000));
    app.add_option("--garbage-age", options.garbage_age_s, "seconds before such a file may go: an upload's commit may be to come")
        ->check(CLI::Range(5, 86400));
    app.add_option(
        "--tls-cert", listen.tls.cert, "server certificate (PEM); with --tls-key and --tls-ca mutual TLS is required of clients");
    app.add_option("--tls-key", listen.tls.key, "its key");
    app.add_option("--tls-ca", listen.tls.ca, "who signs client certificates");
    OuterBenchOptions outer;
    bool json = false;
    std::string keep;
    auto* bench = app.add_subcommand("bench", "measure this machine")->require_subcommand(1);
    auto* bench_outer_verb
        = bench->add_subcommand("outer", "outer steps of a whole topology, from blobs on disk to blobs on disk");
    bench_outer_verb->add_flag("--json", json, "print one JSON document");
    bench_outer_verb->add_option("--keep", keep, "file that keeps the JSON document");
    bench_outer_verb->add_option("--levels", outer.levels, "levels")->check(CLI::Range(1, 8));
    bench_outer_verb->add_option("--modules", outer.modules, "modules a level")->check(CLI::Range(1, 256));
    bench_outer_verb->add_option("--d-model", outer.d_model, "width, a multiple of 32")->check(CLI::Range(32, 4096));
    bench_outer_verb->add_option("--vocabulary", outer.vocabulary, "tokens of the vocabulary")->check(CLI::Range(1, 1 << 20));
    bench_outer_verb->add_option("--blocks", outer.blocks, "blocks a path")->check(CLI::Range(1, 256));
    bench_outer_verb->add_option("--repeats", outer.repeats, "repeats; the median counts")->check(CLI::Range(1, 1000));
    bench_outer_verb->add_option("--threads", outer.threads, "threads (default: one a core)")->check(CLI::Range(1, 1024));
    bench_outer_verb->add_option("--dir", outer.folder, "folder for the blobs (default: the temporary one)");
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty() && options.project.empty()) throw CLI::RequiredError("--project");
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2;
    }
    options.silence_ms = 2 * options.lease_ms;
    init_logging("pathloom-engine");
    if (bench->parsed()) {
        const auto measured = bench_outer(outer);
        if (!measured) return fail_with(measured.error());
        const auto said = deliver_report(describe(*measured), json, keep);
        return said ? 0 : fail_with(said.error());
    }

    // Signals are taken by one thread with sigwait, so no handler ever runs in the middle of a transaction.
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal_number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal_number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);

    SystemClock clock;
    auto coordinator = Coordinator::open(options, clock);
    if (!coordinator) return fail_with(coordinator.error());
    auto listener = Listener::start(**coordinator, listen);
    if (!listener) return fail_with(listener.error());

    std::thread signal_thread([&] { watch_signals(**coordinator, signals); });
    if (lifeline) std::thread([&coordinator] { watch_lifeline(**coordinator); }).detach();
    (*coordinator)->set_local_command((*listener)->local_worker_command(sibling_program("pathloom-worker")));
    if (local_workers > 0)
        if (auto started = (*coordinator)->set_local_workers(local_workers); !started)
            spdlog::error("{}", started.error().message);

    const nlohmann::json ready{{"ready", true}, {"address", (*listener)->address()}, {"pid", ::getpid()}};
    std::printf("%s\n", ready.dump().c_str());
    std::fflush(stdout);

    (*coordinator)->wait_for_shutdown_request();
    (*coordinator)->shutdown();
    (*listener)->stop();
    pthread_kill(signal_thread.native_handle(), SIGUSR1);  // ends sigwait when it was not a signal that stopped us
    signal_thread.join();
    std::fflush(nullptr);
    ::_exit(0);  // the lifeline thread may still sit in read(); everything is durable by now
}
