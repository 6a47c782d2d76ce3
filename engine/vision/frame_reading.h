// SPDX-License-Identifier: GPL-3.0-or-later
// Reading one picture's tokens: what the question asks for among them, and how it is spelt.
#pragma once

#include "engine/model/logistic.h"
#include "engine/vision/line_words.h"
#include "engine/vision/vision_net.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct FrameReading {
    double evidence = 0.0;  ///< mean logit of the four tokens that fit the question best
    int first = 0, last = 0;  ///< tokens that were read
    std::string word;  ///< what they spell; whether it answers is the gate's to say
    std::string line;  ///< all that the picture says, with blanks where letters stand further apart: these are a guess
    LineShares shares;  ///< of the question's words in it
};

inline constexpr std::array<const char*, 3> frame_measurements{"evidence", "sentence", "names"};
/// What a gate decides by: the keys' evidence, and the question's words in what was spelt.
Measurements measure_frame(const FrameReading& reading);

/// A question as frames are asked it.
struct FrameQuestion {
    std::vector<float> query;  ///< [key_dim], unit length: the text reader's
    LineWords words;
};

/// rows [tokens, row_dim] as a memory gives them back.
FrameReading read_frame(const VisionNet& net, const FrameQuestion& asked, std::span<const float> rows);

}  // namespace pathloom
