// SPDX-License-Identifier: GPL-3.0-or-later
// Finding the moment of a picture: one drawn from the film, changed as somebody's copy of it would be, is looked for among the
// pictures of each second.
#pragma once

#include "engine/media/picture_mark.h"
#include "engine/probe/film.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct FrameGridRequest {
    std::vector<int> lengths;  ///< seconds of film
    int depths = 10;
    double rate = 1.0;  ///< pictures of the film compared, a second
    std::uint64_t seed = 1;
};

/// Its seed is the copy's, too (copy_recipe()).
struct FrameCell : GridPlace {
    PictureMark wanted;  ///< the copy's
    std::size_t found_film = 0;
    double found_second = 0.0;  ///< in that film
    double difference = 0.0;  ///< of the nearest picture
    bool found = false;  ///< the right film, and not more than a second away
    bool same_shot = false;  ///< found, or nothing between the two looks like a cut
};

/// The pictures of one film, `rate` a second.
struct FilmMarks {
    std::vector<double> seconds;
    std::vector<PictureMark> marks;
};

/// Cells by length, then depth, as the seed draws them. Usage when a length is too short for the depths.
Result<std::vector<FrameCell>> plan_frame_grid(const Timeline& timeline, const FrameGridRequest& request);

/// Through pathloom-read: all pictures of a film, and the copies the cells ask for.
Result<FilmMarks> read_film_marks(const std::filesystem::path& film, double rate, const ReadLimits& limits);
Result<void> read_copies(const Timeline& timeline, const ReadLimits& limits, std::vector<FrameCell>& cells);

/// How far a picture of a film is from the one a cell looks for: 0 for the same.
using PictureDistance = std::function<double(std::size_t cell, std::size_t film, std::size_t picture)>;

/// The nearest picture of the length, film by film, the first of equal ones; fills what was found. `films` as in the timeline:
/// they say which pictures there are, and what is one shot.
void find_nearest(
    const Timeline& timeline, std::span<const FilmMarks> films, const PictureDistance& distance, std::vector<FrameCell>& cells);

/// Route "marks": by the difference of the marks.
void find_by_marks(const Timeline& timeline, std::span<const FilmMarks> films, std::vector<FrameCell>& cells);

}  // namespace pathloom
