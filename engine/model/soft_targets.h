// SPDX-License-Identifier: GPL-3.0-or-later
// What a student learns from, beside the next token.
#pragma once

#include <cstddef>
#include <functional>

namespace pathloom {

struct SoftTargets {
    /// The teacher's logits of tokens [first, first + tokens) of the batch, [tokens, vocabulary].
    std::function<void(std::size_t first, int tokens, float* logits)> logits;
    float temperature = 1.0f;
    float mix = 0.5f;  ///< weight of the teacher's distribution; 1 - mix is that of the next token
};

}  // namespace pathloom
