// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-probe: trains readers and asks long documents, in a process of its own because SentencePiece and protobuf cannot share
// one. pathloomctl runs it for its verbs `reader`, `vision`,
// `probe`, `ask`, `translate` and `pack`.
#include "engine/core/exit_code.h"
#include "engine/probe/probe_verbs.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace {

volatile std::sig_atomic_t stop_requested = 0;

void on_signal(int)
{
    stop_requested = 1;
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace pathloom;
    ProbeShell shell;
    shell.program = argv[0];
    shell.stopped = [] { return stop_requested != 0; };
    CLI::App app("Readers of long documents: training, probes, questions.", "pathloom-probe");
    app.fallthrough();
    app.require_subcommand(1);
    app.add_flag("--json", shell.json, "Print one JSON document");
    add_reader_verbs(app, shell);
    add_probe_verbs(app, shell);
    add_vision_verbs(app, shell);
    add_ask_verb(app, shell);
    add_prefix_verb(app, shell);
    add_session_verbs(app, shell);
    add_translate_verbs(app, shell);
    add_translate_session_verb(app, shell);
    add_bench_verbs(app, shell);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "pathloomctl: {} (see pathloomctl {} --help)\n", error.what(), argc > 1 ? argv[1] : "");
        return exit_code(ErrorCode::Usage);
    }
    struct sigaction action { };
    action.sa_handler = on_signal;
    action.sa_flags = int(SA_RESETHAND);  // a second Ctrl-C ends it at once
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    const auto done = shell.action();
    if (done) return 0;
    std::string message = done.error().message;
    std::replace(message.begin(), message.end(), '\n', ' ');
    fmt::print(stderr, "pathloomctl: {}\n", message);
    return exit_code(done.error().code);
}
