// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl bench.
#include "engine/cli/bench_engine.h"
#include "engine/cli/shell.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pathloom {

namespace {

/// The program that links the code in question measures: the worker its inner step, the engine its outer step, the probe its
/// reader.
Result<void> measured_by(
    const Shell& shell, const std::string& name, const std::string& what, const std::vector<std::string>& rest)
{
    PATHLOOM_TRY(const auto program, sibling_program(name));
    std::vector<std::string> arguments{program.string(), "bench", what};
    if (shell.json) arguments.emplace_back("--json");
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);  // what main() blocked for its own watch would stay blocked there
    ::execv(program.c_str(), argv.data());
    return fail(ErrorCode::Failed, "cannot start {}: {}", program.string(), std::strerror(errno));
}

template <class Options, class Bench>
Result<void> measure(const Shell& shell, Bench bench, const Options& options, const std::string& keep)
{
    PATHLOOM_TRY(const auto measured, bench(options));
    return deliver_report(describe(measured), shell.json, keep);
}

}  // namespace

void add_bench_verbs(CLI::App& app, Shell& shell)
{
    auto* benches = app.add_subcommand("bench", "Measure this machine")->require_subcommand(1);
    const auto elsewhere = [&](const char* what, const char* program, const char* help) {
        auto* verb = benches->add_subcommand(what, help)->allow_extras()->fallthrough(false);
        on_parsed(verb, shell, [&shell, verb, what, program] { return measured_by(shell, program, what, verb->remaining()); });
    };
    elsewhere("inner", "pathloom-worker", "One path's training step; further options as in pathloom-worker bench inner");
    elsewhere("gemm", "pathloom-worker", "What matrix products reach here");
    elsewhere(
        "prefill", "pathloom-probe", "Encoding a document into a reader's memory; further options as in pathloom-probe bench");
    elsewhere("scan", "pathloom-probe", "The exact search of a memory's int8 keys; further options as in pathloom-probe bench");
    elsewhere(
        "codec", "pathloom-worker", "Pseudo-gradients to blobs and back; further options as in pathloom-worker bench codec");
    elsewhere("outer", "pathloom-engine", "All modules' outer steps; further options as in pathloom-engine bench outer");

    auto keep = std::make_shared<std::string>();
    const auto positive = CLI::Range(1, 1 << 30);
    auto wire = std::make_shared<WireBenchOptions>();
    auto* wire_verb = benches->add_subcommand("wire", "One path's parameters to an engine and back");
    wire_verb->add_option("--parameters", wire->parameters, "Parameters of the path")->check(positive);
    wire_verb->add_option("--blobs", wire->blobs, "Blobs it is made of, of equal size")->check(CLI::Range(1, 1000));
    wire_verb->add_option("--repeats", wire->repeats, "Repeats; the median counts")->check(positive);
    wire_verb->add_option("--listen", wire->listen, "Where the engine listens: HOST:PORT, or unix");
    wire_verb->add_option("--keep", *keep, "File that keeps the JSON document");
    wire_verb->add_option("--dir", wire->folder, "Folder for blobs (default: the temporary one)");
    on_parsed(wire_verb, shell, [&shell, wire, keep] { return measure(shell, bench_wire, *wire, *keep); });

    auto overhead = std::make_shared<OverheadBenchOptions>();
    auto* overhead_verb = benches->add_subcommand("overhead", "Tasks an engine commits when workers need no time");
    overhead_verb->add_option("--workers", overhead->workers, "Workers")->check(CLI::Range(1, 4096));
    overhead_verb->add_option("--modules", overhead->modules, "Modules of each of the two levels")->check(CLI::Range(1, 64));
    overhead_verb->add_option("--phases", overhead->phases, "Phases of the run")->check(positive);
    overhead_verb->add_option("--repeats", overhead->repeats, "Repeats; the median counts")->check(positive);
    overhead_verb->add_option("--keep", *keep, "File that keeps the JSON document");
    overhead_verb->add_option("--dir", overhead->folder, "Folder for the project (default: the temporary one)");
    on_parsed(overhead_verb, shell, [&shell, overhead, keep] { return measure(shell, bench_overhead, *overhead, *keep); });
    add_study_verbs(*benches, shell);
}

}  // namespace pathloom
