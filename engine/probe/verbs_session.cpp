// SPDX-License-Identifier: GPL-3.0-or-later
// session: what the app's probe pane talks to.
#include "engine/probe/probe_options.h"
#include "engine/probe/session.h"

namespace pathloom {

void add_session_verbs(CLI::App& app, ProbeShell& shell)
{
    auto options = std::make_shared<SessionOptions>();
    auto* verb = app.add_subcommand("session", "Answer requests about documents, JSON lines on stdin and stdout (the app asks)");
    verb->group("");
    verb->add_option("--model", options->model, "\"shipped\" or a reader's folder");
    verb->add_option("--memory", options->memory, "Folder of encoded documents (default: in the user's cache)");
    verb->add_option("--threads", options->threads, "Threads")->check(CLI::Range(1, 64));
    verb->callback([&shell, options] {
        shell.action = [options]() -> Result<void> {
            if (options->memory.empty()) options->memory = memory_folder({});
            run_session([options](SessionIo io) {
                auto session = std::make_shared<ProbeSession>(*options, std::move(io));
                return [session](const nlohmann::json& request) { session->handle(request); };
            });
            return {};
        };
    });
}

}  // namespace pathloom
