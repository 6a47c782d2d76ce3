// SPDX-License-Identifier: GPL-3.0-or-later
// Words drawn over a picture, as a video editor would.
#pragma once

#include "engine/media/picture.h"

#include <string>
#include <vector>

namespace pathloom {

struct Overlay {
    std::string text;  ///< one line of UTF-8
    double x = 0.5, y = 0.5;  ///< share of the free room to the left of and above its box
    double size = 0.06;  ///< height of the letters' line as a share of the picture's; smaller when the text would not fit
    std::string font = "DejaVu Sans";  ///< a family; another one when it is not installed
    bool bold = false;
    double box = 0.85;  ///< how much of the picture its black box hides
    double light = 1.0;  ///< of the letters, 1 is white
};

/// Where an overlay's letters stand, in pixels of the picture.
struct OverlayPlace {
    std::vector<double> edges;  ///< where each byte of the text begins, and the end of the last (ASCII: a byte is a letter)
    double top = 0.0, bottom = 0.0;  ///< of the line of letters
};

/// The picture (grey or colours) in three channels with the letters on their box; `place`, unless null, says where they stand.
Picture overlaid(const Picture& picture, const Overlay& overlay, OverlayPlace* place = nullptr);

/// The light of a picture's colours.
Picture grey_of(const Picture& rgb);

}  // namespace pathloom
