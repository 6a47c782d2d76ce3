// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one of our helper programs: a line of JSON in, lines of JSON out. SentencePiece cannot live in the engine (ADR 6).
#pragma once

#include "engine/core/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct HelperRequest {
    std::string what;  ///< as messages name it: "import helper"
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::string line;  ///< written to its stdin, which is then closed
    std::uint64_t memory_limit = 0;  ///< bytes of address space; 0 = none
};

/// `said` sees each line that is a JSON object; false ends the helper. Its wait status once it has ended by itself; Cancelled
/// when `said` ended it, Failed when it cannot be started.
Result<int> run_helper(const HelperRequest& request, const std::function<bool(const nlohmann::json&)>& said);

/// A helper that has left no answer: by which signal or exit code it ended, and `remedy`.
Error helper_ended(const HelperRequest& request, int status, const std::string& remedy);

}  // namespace pathloom
