// SPDX-License-Identifier: GPL-3.0-or-later
// What the frame encoder and its reader are trained to do, on one batch.
#pragma once

#include "engine/vision/overlay_mixture.h"
#include "engine/vision/vision_net.h"

#include <span>
#include <vector>

namespace pathloom {

struct VisionLoss {
    double line = 0.0;  ///< mean, of finding lines of letters
    double wanted = 0.0;  ///< mean, of keys that meet their picture's query where the answer is
    double crossed = 0.0;  ///< mean, of keys that keep away from the other pictures' queries
    double letters = 0.0;  ///< of reading, a letter (CTC)
    double centres = 0.0;  ///< of each letter in its place, a letter
    [[nodiscard]] double sum() const { return line + wanted + crossed + letters; }
};

/// The loss of a forward pass over the batch with the queries of its prompts, in their order, and the outputs' gradients; letters
/// in their places count `place_weight`.
VisionLoss vision_loss(
    const VisionBatch& batch, const VisionSpec& spec, const VisionOutputs& outputs, double place_weight, VisionOutputs& slopes);

/// Mean cosine of the looks, token by token, of two pictures [tokens, look_dim]: 1 for the same.
double likeness(std::span<const float> a, std::span<const float> b, int tokens);

/// The mean cross-entropy of finding each copy's picture among all, and each picture's copy (InfoNCE, van den Oord et al. 2018),
/// from unit `looks` [2 pairs, tokens, look_dim] of pictures and then their copies; `slopes` get their gradient.
double scene_loss(std::span<const float> looks, int pairs, int tokens, double sharpness, std::vector<float>& slopes);

}  // namespace pathloom
