// SPDX-License-Identifier: GPL-3.0-or-later
// A frame encoder small enough to be trained in a test.
#pragma once

#include "engine/vision/overlay_mixture.h"
#include "engine/vision/vision_spec.h"

#include <vector>

namespace pathloom::test {

inline VisionSpec small_encoder()
{
    VisionSpec spec;
    spec.width = 96;
    spec.height = 32;
    spec.stem = {8, 8, 8, 8};
    spec.d_model = 16;
    spec.key_dim = 16;
    spec.look_dim = 8;
    spec.blocks = 2;
    spec.fine_blocks = 1;
    return spec;
}

/// Strips as high as the whole picture.
inline OverlaySpec small_overlays()
{
    OverlaySpec spec;
    spec.strip = 32;
    spec.strips = 2;
    return spec;
}

/// Pictures of noise, of `rows` rows.
inline std::vector<Picture> noise(int count, int width, int rows)
{
    Rng rng(3);
    std::vector<Picture> out;
    for (int i = 0; i < count; ++i) {
        Picture picture{width, rows, 1};
        for (int k = 0; k < width * rows; ++k) picture.bytes.push_back(std::uint8_t(rng.below(256)));
        out.push_back(std::move(picture));
    }
    return out;
}

}  // namespace pathloom::test
