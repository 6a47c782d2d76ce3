// SPDX-License-Identifier: GPL-3.0-or-later
// Looking for a picture in a film.
#pragma once

#include "engine/core/result.h"
#include "engine/media/copy_recipe.h"
#include "engine/media/picture_mark.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace pathloom {

inline constexpr int MarkHeight = 144;  ///< of the pictures marks are made of

struct MarkedMoment {
    double seconds = 0.0;  ///< asked for
    PictureMark mark;
};

/// The marks of the pictures on screen `rate` times a second, from the beginning (of an image its one). `sink` false stops
/// (Cancelled). As FrameReader::open() and go_to().
Result<void> mark_film(const std::filesystem::path& file, double rate, const std::function<bool(const MarkedMoment&)>& sink);

/// The marks of copies of single pictures, in the order of their seconds, each with its index.
Result<void> mark_copies(const std::filesystem::path& file, const std::vector<CopyRequest>& requests,
    const std::function<bool(std::size_t index, const PictureMark&)>& sink);

struct FoundMoment {
    double seconds = 0.0;
    double difference = 0.0;
};
/// Where in the film the image in another file is most likely from, the likeliest first; two of them are more than two seconds
/// apart. `progress` (seconds of film, all of them) false stops.
Result<std::vector<FoundMoment>> find_picture(const std::filesystem::path& film, const std::filesystem::path& image, double rate,
    std::size_t count, const std::function<bool(double done, double total)>& progress);

}  // namespace pathloom
