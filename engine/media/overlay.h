// SPDX-License-Identifier: GPL-3.0-or-later
// Words drawn over a picture, as a video editor would.
#pragma once

#include "engine/media/picture.h"

#include <string>

namespace pathloom {

struct Overlay {
    std::string text;  ///< one line of UTF-8
    double x = 0.5, y = 0.5;  ///< share of the free room to the left of and above its box
    double size = 0.06;  ///< height of the letters' line as a share of the picture's; smaller when the text would not fit
};

/// White letters on a box of near black, in DejaVu Sans when it is installed. The picture has three channels, and keeps them.
Picture overlaid(const Picture& rgb, const Overlay& overlay);

/// The light of a picture's colours (Rec. 601).
Picture grey_of(const Picture& rgb);

}  // namespace pathloom
