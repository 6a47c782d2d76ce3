// SPDX-License-Identifier: GPL-3.0-or-later
// reader, vision, probe, ask, translate and pack in the help; main() hands the calls over (probe_call.h).
#include "engine/cli/shell.h"

namespace pathloom {

void add_probe_verbs(CLI::App& app)
{
    app.add_subcommand("reader", "Models that read long documents (see reader --help)");
    app.add_subcommand("vision", "Encoders of a film's pictures (see vision --help)");
    app.add_subcommand("probe", "Measure a reader on long documents (see probe --help)");
    app.add_subcommand("ask", "Ask documents a question (see ask --help)");
    app.add_subcommand("translate", "Translate sentences from what a pack holds (see translate --help)");
    app.add_subcommand("pack", "Language packs (see pack --help)");
}

}  // namespace pathloom
