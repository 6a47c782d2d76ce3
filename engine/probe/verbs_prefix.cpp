// SPDX-License-Identifier: GPL-3.0-or-later
// prefix-state: what the engine asks for when somebody types a text to be routed. One JSON line in, one out.
#include "engine/probe/prefix_state.h"
#include "engine/probe/probe_verbs.h"

#include <fmt/format.h>

#include <iostream>

namespace pathloom {

void add_prefix_verb(CLI::App& app, ProbeShell& shell)
{
    auto* verb = app.add_subcommand("prefix-state", "The prefix feature of a text (the engine asks for it)")->group("");
    verb->callback([&shell] {
        shell.action = []() -> Result<void> {
            std::string line;
            std::getline(std::cin, line);
            const auto state = prefix_state(line);
            const nlohmann::json answer = state
                ? nlohmann::json{{"z", state->z}, {"tokens", state->tokens}, {"read", state->read}}
                : nlohmann::json{{"error", state.error().message}, {"code", int(state.error().code)}};
            fmt::print("{}\n", answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
            return {};
        };
    });
}

}  // namespace pathloom
