// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures spread over a film.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <functional>
#include <string>

namespace pathloom {

struct Thumbnail {
    double seconds = 0.0;  ///< the time it stands for
    int width = 0, height = 0;
    std::string png;  ///< a PNG file's bytes
};

/// `count` pictures not higher than `height`, each the middle one of its share of the film, in order; `sink` false stops
/// (Cancelled). Usage when the film has no pictures, Corrupt when none can be decoded.
Result<void> make_thumbnails(
    const std::filesystem::path& file, int count, int height, const std::function<bool(const Thumbnail&)>& sink);

}  // namespace pathloom
