// SPDX-License-Identifier: GPL-3.0-or-later
// An open document of a session, for the session's own files.
#pragma once

#include "engine/probe/session.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pathloom {

inline constexpr std::string_view other_reader = "reader:";  ///< before the name of a reader beside the session's own

struct ProbeSession::Document {
    std::string name;  ///< as it was given
    DocumentText content;
    std::string hash;  ///< SHA-256 of the text
    std::optional<MemoryFile> memory;
    std::map<std::string, MemoryFile> others;  ///< by readers beside the session's own
    std::optional<MemoryFile> pictures;  ///< of a film whose pictures are asked, too
};

}  // namespace pathloom
