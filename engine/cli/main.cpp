// SPDX-License-Identifier: GPL-3.0-or-later
// pathloomctl: every call of the app, for scripts, tests and clusters.
#include "engine/cli/shell.h"
#include "engine/core/exit_code.h"
#include "engine/core/log.h"
#include "engine/core/version.h"
#include "engine/worker/process_watch.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace {

using namespace pathloom;

std::string one_line(std::string text)
{
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

const char* name_of(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Failed:
        return "failed";
    case ErrorCode::Usage:
        return "usage";
    case ErrorCode::NotFound:
        return "not_found";
    case ErrorCode::Exists:
        return "exists";
    case ErrorCode::Corrupt:
        return "corrupt";
    case ErrorCode::DiskFull:
        return "disk_full";
    case ErrorCode::Unsupported:
        return "unsupported";
    case ErrorCode::Unauthorised:
        return "unauthorised";
    case ErrorCode::Unreachable:
        return "unreachable";
    case ErrorCode::Cancelled:
        return "cancelled";
    }
    return "failed";
}

/// One line for people on stderr; for scripts that asked for JSON also the one document on stdout.
int complain(const Shell& shell, const Error& error)
{
    fmt::print(stderr, "pathloomctl: {}\n", one_line(error.message));
    if (shell.json) shell.print_line({{"error", {{"code", name_of(error.code)}, {"message", one_line(error.message)}}}});
    return exit_code(error.code);
}

}  // namespace

int main(int argc, char** argv)
{
    Shell shell;
    if (const auto call = read_probe_call({argv, argv + argc})) {
        shell.json = call->json;
        return complain(shell, hand_over_to_probe(*call, shell.interrupted));
    }
    CLI::App app("Train paths of shared modules from the command line.", "pathloomctl");
    app.set_version_flag("--version", std::string(program_version));
    app.fallthrough();
    app.require_subcommand(1);
    app.add_flag("--json", shell.json, "Print one JSON document (watch: one object a line)");
    app.add_option("--project", shell.connection.project, "Project folder; its running engine, or a private one for this call");
    app.add_option("--engine", shell.connection.engine, "Address of a running engine: host:port or unix:/path");
    app.add_option("--token-file", shell.connection.token_file, "The engine's operator.token (viewer.token to look only)");
    app.add_option("--tls-ca", shell.connection.tls.ca, "Certificate authority of the engine (PEM)");
    app.add_option("--tls-cert", shell.connection.tls.cert, "Your certificate (PEM)");
    app.add_option("--tls-key", shell.connection.tls.key, "Its key (PEM)");
    add_bench_verbs(app, shell);
    add_engine_verbs(app, shell);
    add_corpus_verbs(app, shell);
    add_run_verbs(app, shell);
    add_probe_verbs(app);
    add_score_verbs(app, shell);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& error) {
        return complain(shell, {ErrorCode::Usage, fmt::format("{} (see pathloomctl --help)", error.what())});
    }
    init_logging("pathloomctl", "warn");
    ProcessWatch::Handlers handlers;
    handlers.stop = [&shell] {
        shell.interrupted.raise();
        cancel_current_session();
    };
    handlers.stop_now = [] { ::_exit(130); };
    handlers.parent_gone = [] {};
    const auto watch = ProcessWatch::start(std::move(handlers), false);
    if (!watch) return complain(shell, watch.error());
    const auto done = shell.action();
    return done ? 0 : complain(shell, done.error());
}
