// SPDX-License-Identifier: GPL-3.0-or-later
// Runs pathloom-import and reads what it says.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace pathloom {

struct ImportProcessRequest {
    std::filesystem::path program;
    std::filesystem::path blobs;
    std::string request_json;  ///< one line, see engine/corpus/record_json.h
    std::uint64_t memory_limit = 0;  ///< bytes of address space; 0 = none
};

/// Progress ("stage", done, total) about twenty times a second; false cancels. Returns the record's JSON. A helper that dies
/// gives Failed with the signal or exit code; nothing it left behind is named by any row.
Result<std::string> run_import(const ImportProcessRequest& request,
    const std::function<bool(const std::string& stage, std::int64_t done, std::int64_t total)>& progress);

}  // namespace pathloom
