// SPDX-License-Identifier: GPL-3.0-or-later
// A picture as somebody might have kept it: cropped a little, scaled, lighter or darker, and coded as JPEG.
#pragma once

#include "engine/core/result.h"
#include "engine/media/copy_recipe.h"
#include "engine/media/picture.h"

namespace pathloom {

/// Of a picture with three channels, which it keeps. Failed when this FFmpeg writes no JPEG.
Result<Picture> copied(const Picture& rgb, const CopyRecipe& recipe);

}  // namespace pathloom
