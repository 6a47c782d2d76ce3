// SPDX-License-Identifier: GPL-3.0-or-later
// translate-session: what the app's translation pane talks to.
#include "engine/probe/probe_verbs.h"
#include "engine/probe/translate/session.h"

namespace pathloom {

void add_translate_session_verb(CLI::App& app, ProbeShell& shell)
{
    auto* verb = app.add_subcommand("translate-session", "Answer requests about translations (the app asks)")->group("");
    verb->callback([&shell] {
        shell.action = []() -> Result<void> {
            run_session([](SessionIo io) {
                auto session = std::make_shared<TranslateSession>(std::move(io));
                return [session](const nlohmann::json& request) { session->handle(request); };
            });
            return {};
        };
    });
}

}  // namespace pathloom
