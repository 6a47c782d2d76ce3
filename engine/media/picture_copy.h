// SPDX-License-Identifier: GPL-3.0-or-later
// A picture as somebody might have kept it: cropped a little, scaled, lighter or darker, and coded as JPEG.
#pragma once

#include "engine/core/result.h"
#include "engine/media/picture.h"

#include <cstdint>

namespace pathloom {

struct CopyRecipe {
    double left = 0.0, top = 0.0, right = 0.0, bottom = 0.0;  ///< shares cropped off
    double scale = 1.0;
    double light = 1.0;  ///< what every value is multiplied by
    int coarseness = 4;  ///< of the JPEG, FFmpeg's quantiser scale: 2 fine, 31 coarse
};

/// Up to 4% off each side, 40 to 90% of the size, up to 8% lighter or darker, JPEG between 3 and 12: as the seed says.
CopyRecipe copy_recipe(std::uint64_t seed);

/// Of a picture with three channels, which it keeps. Failed when this FFmpeg writes no JPEG.
Result<Picture> copied(const Picture& rgb, const CopyRecipe& recipe);

}  // namespace pathloom
