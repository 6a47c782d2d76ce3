// SPDX-License-Identifier: GPL-3.0-or-later
// reader, vision, probe, ask, translate and pack belong to pathloom-probe, which speaks no gRPC. What such a call says about an
// engine is for us: we fetch the text of its corpora as files, then become that program.
#pragma once

#include "engine/cli/session.h"
#include "engine/core/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

struct ProbeCall {
    SessionOptions connection;
    std::vector<std::string> corpora;  ///< of --corpus, in order
    std::string split;  ///< of --split; "" = every document
    bool json = false;
    std::string verb;
    std::vector<std::string> words;  ///< what pathloom-probe is given, its own name first
    std::size_t options_at = 0;  ///< of `words`: where options of the verb may be put in
};

/// The call when its verb is one of pathloom-probe's, wherever the global options stand.
std::optional<ProbeCall> read_probe_call(const std::vector<std::string>& arguments);

/// The documents of a corpus as one UTF-8 file with a blank line between them, in the user's cache; reused when it is there.
/// NotFound when there is no such corpus, Usage when the split has no documents.
Result<std::filesystem::path> fetch_corpus_text(Session& session, const std::string& name, const std::string& split);

/// Fetches what the call needs and becomes pathloom-probe; returns only when that is not possible.
Error hand_over_to_probe(ProbeCall call, Interrupt& interrupted);

}  // namespace pathloom
