// SPDX-License-Identifier: GPL-3.0-or-later
// Reading one picture's tokens: what the question asks for among them, and how it is spelt.
#pragma once

#include "engine/vision/vision_net.h"

#include <span>
#include <string>

namespace pathloom {

struct FrameReading {
    double evidence = 0.0;  ///< mean logit of the four tokens that fit the question best
    int first = 0, last = 0;  ///< tokens that were read
    std::string word;  ///< letter by letter; empty when nothing is asked for here
};

/// rows [tokens, 2 key_dim]: unit keys and values, as a memory gives them back.
FrameReading read_frame(const VisionNet& net, std::span<const float> rows);

}  // namespace pathloom
