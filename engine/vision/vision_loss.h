// SPDX-License-Identifier: GPL-3.0-or-later
// What the frame encoder and its reader are trained to do, on one batch.
#pragma once

#include "engine/vision/overlay_mixture.h"
#include "engine/vision/vision_net.h"

namespace pathloom {

struct VisionLoss {
    double line = 0.0;  ///< mean, of finding lines of letters
    double wanted = 0.0;  ///< mean, of keys that meet the query where the secret word is
    double letters = 0.0;  ///< of reading, a letter (CTC)
    double centres = 0.0;  ///< of each letter in its place, a letter
    [[nodiscard]] double sum() const { return line + wanted + letters; }
};

/// The loss of a forward pass over the batch, and the outputs' gradients; letters in their places count `place_weight`.
VisionLoss vision_loss(
    const VisionBatch& batch, const VisionSpec& spec, const VisionOutputs& outputs, double place_weight, VisionOutputs& slopes);

}  // namespace pathloom
