// SPDX-License-Identifier: GPL-3.0-or-later
// How films are read, as requests between our programs say it.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/read_options.h"

#include <nlohmann/json_fwd.hpp>

namespace pathloom {

/// {"fps", "picture_text", "text_language", "speech"}
nlohmann::json to_json(const ReadOptions& options);

/// What is missing is as usual, and null is nothing. Usage when a value is of the wrong type or no such reading is possible.
Result<ReadOptions> parse_read_options(const nlohmann::json& json);

}  // namespace pathloom
