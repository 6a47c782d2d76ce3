// SPDX-License-Identifier: GPL-3.0-or-later
// reader, probe and ask: handed over to pathloom-probe, which needs no engine and may not share a process with protobuf.
#include "engine/cli/shell.h"
#include "engine/core/resources.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pathloom {

namespace {

constexpr std::pair<const char*, const char*> verbs[] = {{"reader", "Models that read long documents (see reader --help)"},
    {"probe", "Measure a reader on long documents (see probe --help)"}, {"ask", "Ask documents a question (see ask --help)"}};

}  // namespace

bool is_probe_call(int argc, char** argv)
{
    int i = 1;
    while (i < argc && std::string_view(argv[i]) == "--json") ++i;
    return i < argc && std::ranges::any_of(verbs, [&](const auto& verb) { return std::string_view(argv[i]) == verb.first; });
}

Error hand_over_to_probe(char** argv)
{
    const auto program = sibling_program("pathloom-probe");
    if (!program) return program.error();
    ::execv(program->c_str(), argv);
    return {ErrorCode::Failed, fmt::format("cannot start {}: {}; reinstall Pathloom", program->string(), std::strerror(errno))};
}

void add_probe_verbs(CLI::App& app)
{
    for (const auto& [name, what] : verbs) app.add_subcommand(name, what);  // for --help; main() hands the calls over
}

}  // namespace pathloom
