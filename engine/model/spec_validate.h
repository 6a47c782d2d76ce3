// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that need more than one key of a spec.
#pragma once

#include "engine/model/spec.h"

#include <optional>

namespace pathloom {

/// Most paths a topology may have: beyond it the layout itself would not fit in memory.
inline constexpr std::int64_t most_paths = 65536;

/// What is wrong with the model section alone.
std::optional<Error> validate_model(const ModelSpec& model);
/// What is wrong with the whole. Ranges of single keys have been checked by the parser.
std::optional<Error> validate_run(const RunSpec& spec);

}  // namespace pathloom
