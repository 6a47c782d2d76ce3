// SPDX-License-Identifier: GPL-3.0-or-later
// A film's pictures as the frame encoder sees them: grey, small, one every so many seconds, or single ones with words drawn over.
#pragma once

#include "engine/core/result.h"
#include "engine/media/copy_recipe.h"
#include "engine/media/overlay_reading.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace pathloom {

struct LookSize {
    int width = 0;  ///< 0: as the film's sides are to each other
    int height = 0;
};

struct Look {
    std::size_t index = 0;  ///< of the request, or counted
    double seconds = 0.0;
    Picture grey;
};

/// The pictures at `from`, `from` + step, ... up to `count` of them (0: to the end of the film). Words are drawn, and pictures
/// made grey, at the size text in pictures is read at; then they are made smaller. `sink` false stops (Cancelled). Usage when the
/// film has no pictures.
Result<void> look_at_film(const std::filesystem::path& file, const LookSize& size, double from, double step, std::size_t count,
    const std::function<bool(const Look&)>& sink);

/// The same of the requests' pictures with their words drawn over them, in the order of their seconds; Usage when the film ends
/// before one.
Result<void> look_at_overlays(const std::filesystem::path& file, const LookSize& size,
    const std::vector<OverlayRequest>& requests, const std::function<bool(const Look&)>& sink);

/// The same of copies of the requests' pictures (copied()).
Result<void> look_at_copies(const std::filesystem::path& file, const LookSize& size, const std::vector<CopyRequest>& requests,
    const std::function<bool(const Look&)>& sink);

}  // namespace pathloom
