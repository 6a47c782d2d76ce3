// SPDX-License-Identifier: GPL-3.0-or-later
// Needles in films by visual tokens alone: the picture with the word on it is encoded like every other, nothing is read from it
// as text, and the question is asked of the rows of all pictures; or a picture is, and looked for among them.
#pragma once

#include "engine/probe/frame_grid.h"
#include "engine/probe/video_grid.h"
#include "engine/probe/visual_memory.h"

#include <functional>
#include <span>
#include <vector>

namespace pathloom {

/// The whole seconds of a film; Usage when it has no picture or is shorter than one.
Result<FilmText> film_without_text(const std::filesystem::path& film, const ReadLimits& limits);

struct VisualHaystack {
    std::vector<MemoryFile> films;  ///< in the timeline's order
    std::size_t encoded_now = 0;  ///< rows
    double seconds_encode = 0.0;
};
Result<VisualHaystack> encode_films(VisionModel& model, const Timeline& timeline, const std::filesystem::path& folder,
    const ReadLimits& limits, const MemoryProgress& progress);

/// The rows of the first `length` seconds of the timeline, the picture at `second` replaced by `patch` unless that is null. The
/// haystack must outlive the view.
MemoryView visual_view(const VisualHaystack& haystack, const Timeline& timeline, int length, int second,
    const std::shared_ptr<const KeyPatch>& patch, int tokens);

/// What a question is asked of; both must outlive the call.
struct FilmHaystack {
    const VisualHaystack& pictures;
    const VideoHaystack* text = nullptr;  ///< null: the pictures are asked alone
};

/// Draws every needle, encodes its picture, and asks the pictures, or the films' text and pictures as one: nothing of the needle
/// is in the text. `done` false stops (Cancelled).
Result<void> ask_visual_grid(ReaderPackage& reader, VisionModel& model, const FilmHaystack& haystack, const Timeline& timeline,
    const VideoGridRequest& request, const ReadLimits& limits, std::vector<VideoCell>& cells,
    const std::function<bool(const VideoCell&)>& done);

/// Route "visual" of the frame needle: each cell's copy is encoded and looked for among the haystack's pictures by their looks.
/// The films' pictures are one a second.
Result<void> find_by_looks(VisionModel& model, const VisualHaystack& haystack, const Timeline& timeline,
    std::span<const FilmMarks> films, const ReadLimits& limits, std::vector<FrameCell>& cells);

}  // namespace pathloom
