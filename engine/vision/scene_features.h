// SPDX-License-Identifier: GPL-3.0-or-later
// What a frame token can tell of the scene, letters aside: what the stem sees in three bands of its strip and of the strips
// beside it, and the light of nine cells of each.
#pragma once

#include "engine/vision/vision_spec.h"

#include <cstddef>
#include <span>
#include <vector>

namespace pathloom {

inline constexpr int LookBands = 3, LookCells = 9;
inline constexpr int LookReach = 2;  ///< strips to either side

/// Numbers a token has.
std::int64_t look_inputs(const VisionSpec& spec);

/// Of `pictures` [batch, height, width] and the stem's `features` [batch, height / 8, columns, channels] into `out`
/// [batch, tokens, look_inputs]. The light is without its mean and deviation over the picture; beyond its sides all is 0.
void scene_features(const VisionSpec& spec, int batch, int height, std::span<const float> pictures,
    std::span<const float> features, std::vector<float>& out);

}  // namespace pathloom
