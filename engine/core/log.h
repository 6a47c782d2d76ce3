// SPDX-License-Identifier: GPL-3.0-or-later
// Logging set-up: spdlog to stderr, so that stdout stays free for results.
#pragma once

#include <string>

namespace pathloom {

/// Make spdlog's default logger write to stderr as `program`. Level from PATHLOOM_LOG (trace, debug, info, warn, error, off),
/// else `fallback_level`; a word it does not know is the fallback.
void init_logging(const std::string& program, const std::string& fallback_level = "info");

}  // namespace pathloom
