// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of films, by pathloom-read: no film is opened in this process.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/reader_process.h"
#include "engine/media/copy_recipe.h"
#include "engine/media/picture.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace pathloom {

/// Words over the picture at a second; x and y: share of the free room left of and above their box.
struct PictureWords {
    double seconds = 0.0;
    double x = 0.5, y = 0.5;
    std::string text;
};

/// Sees a picture and its index; an error ends the call.
using PictureSink = std::function<Result<void>(std::size_t index, const Picture& grey)>;

/// `count` grey pictures (0: to the end), one a second from the second `from` on, of width x height; width 0: by the film's.
Result<void> film_pictures(const std::filesystem::path& film, int width, int height, std::size_t from, std::size_t count,
    const ReadLimits& limits, const PictureSink& sink);

/// The pictures at the words' seconds with the words on them, drawn as read_drawn_words() reads them; the index is that of the
/// words.
Result<void> drawn_pictures(const std::filesystem::path& film, int width, int height, std::span<const PictureWords> words,
    const ReadLimits& limits, const PictureSink& sink);

/// The same of the copies.
Result<void> copied_pictures(const std::filesystem::path& film, int width, int height, std::span<const CopyRequest> copies,
    const ReadLimits& limits, const PictureSink& sink);

}  // namespace pathloom
