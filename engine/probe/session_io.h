// SPDX-License-Identifier: GPL-3.0-or-later
// How pathloom-probe talks with the app: requests are JSON lines on stdin, events JSON lines on stdout.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>

namespace pathloom {

/// What the outside gives a session: where answers go, and whether the request under way was cancelled.
struct SessionIo {
    std::function<void(const nlohmann::json&)> say;
    std::function<bool()> stopped;
};

/// Reads requests from stdin, one a line, until it closes; {"do":"cancel"} stops the one under way. Answers go to stdout.
int run_session(const std::function<std::function<void(const nlohmann::json&)>(SessionIo)>& make);

}  // namespace pathloom
