// SPDX-License-Identifier: GPL-3.0-or-later
// The prefix feature of a text that belongs to no corpus: what a run's router would look at.
#pragma once

#include "engine/core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct PrefixState {
    std::vector<float> z;  ///< [d_model] mean of the last block's output over the prefix, before the final norm (DiPaCo 2.4)
    int tokens = 0;  ///< read, at most the prefix
    std::string read;  ///< the text of these tokens
};

/// `request` is an object of "model" (spec), "precision", "columns" (of "name", "blocks", "file"), "tokenizer" (file), "prefix"
/// and "text". Usage when one is missing or the text has no token.
Result<PrefixState> prefix_state(std::string_view request);

}  // namespace pathloom
