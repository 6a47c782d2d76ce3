// SPDX-License-Identifier: GPL-3.0-or-later
// What every verb of pathloomctl shares: the global options, the connection to an engine, and the two ways to print.
#pragma once

#include "engine/cli/probe_call.h"
#include "engine/cli/session.h"
#include "engine/core/result.h"
#include "engine/worker/retry.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace pathloom {

inline constexpr int workers_for_scoring = 2;  ///< of a private engine, where a verb may have to score

class Shell {
public:
    SessionOptions connection;
    bool json = false;
    /// The chosen verb; set by its CLI11 callback, run by main().
    std::function<Result<void>()> action;
    /// Raised by Ctrl-C: ends waiting.
    Interrupt interrupted;

    /// `workers`: how many local workers a private engine is to start (none is started for an engine that already runs).
    Result<std::unique_ptr<Session>> connect(int workers = 0) { return Session::open(connection, workers, interrupted); }
    /// One JSON document, or the text made for people.
    void print(const nlohmann::json& document, const std::string& text) const;
    /// One line of a stream, flushed.
    void print_line(const nlohmann::json& document) const;
};

/// A verb of `group` whose handler runs after parsing.
template <class Handler>
void on_parsed(CLI::App* verb, Shell& shell, Handler handler)
{
    verb->callback([&shell, handler = std::move(handler)] { shell.action = handler; });
}

void add_bench_verbs(CLI::App& app, Shell& shell);
void add_study_verbs(CLI::App& benches, Shell& shell);  ///< bench ladder
void add_engine_verbs(CLI::App& app, Shell& shell);  ///< engine, preset, workers
void add_corpus_verbs(CLI::App& app, Shell& shell);
void add_run_verbs(CLI::App& app, Shell& shell);
void add_probe_verbs(CLI::App& app);  ///< reader, vision, probe, ask in the help
void add_score_verbs(CLI::App& app, Shell& shell);
void add_result_verbs(CLI::App& app, Shell& shell, CLI::App& run);  ///< run digest, run eval, export path
void add_report_verb(Shell& shell, CLI::App& run);  ///< run report
void add_routing_verbs(Shell& shell, CLI::App& run);  ///< run routing, run documents

}  // namespace pathloom
