// SPDX-License-Identifier: GPL-3.0-or-later
// How somebody's copy of a picture differs from it.
#pragma once

#include "engine/media/picture.h"

#include <cstdint>

namespace pathloom {

struct CopyRecipe {
    double left = 0.0, top = 0.0, right = 0.0, bottom = 0.0;  ///< shares cropped off
    double scale = 1.0;
    double light = 1.0;  ///< what every value is multiplied by
    int coarseness = 4;  ///< of the JPEG, FFmpeg's quantiser scale: 2 fine, 31 coarse
};

/// The picture of a film that is on screen at a time, copied as its seed says.
struct CopyRequest {
    double seconds = 0.0;
    std::uint64_t seed = 0;
};

/// Up to 4% off each side, 40 to 90% of the size, up to 8% lighter or darker, JPEG between 3 and 12: as the seed says.
CopyRecipe copy_recipe(std::uint64_t seed);

/// What a copy keeps of a picture of so many pixels, and how large it is: a side of 16 at least.
struct CopyShape {
    Box part;
    int width = 0, height = 0;
};
CopyShape copy_shape(const CopyRecipe& recipe, int width, int height);

}  // namespace pathloom
