// SPDX-License-Identifier: GPL-3.0-or-later
// Words drawn over single pictures of a film, and read from them as they would be if they stood in the film.
#pragma once

#include "engine/media/overlay.h"
#include "engine/media/picture_text.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct OverlayRequest {
    double seconds = 0.0;  ///< of the picture in the film
    Overlay overlay;
};

struct OverlayReading {
    std::size_t request = 0;  ///< its index
    double seconds = 0.0;
    std::vector<PictureLine> lines;  ///< all that was read of what changed against the picture `step` seconds before
};

/// One reading a request, in the order of their seconds; `sink` false stops (Cancelled). Usage when the film has no pictures,
/// ends before a request, or the language's model is not installed.
Result<void> read_overlays(const std::filesystem::path& file, const std::string& language, double step,
    const std::vector<OverlayRequest>& requests, const std::function<bool(const OverlayReading&)>& sink);

}  // namespace pathloom
