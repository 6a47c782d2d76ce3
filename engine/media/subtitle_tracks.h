// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles inside a film's file.
#pragma once

#include "engine/corpus/segment.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace pathloom {

inline constexpr const char* SubtitleTrack = "subtitles";

/// The cues of every text track by time; with several tracks, each names its language ("subtitles, eng"). Empty when there are
/// none: tracks of pictures are left out. `going_on` sees the seconds read so far; false stops with Cancelled. Usage, Corrupt as
/// media_facts().
Result<std::vector<Segment>> read_subtitle_tracks(const std::filesystem::path& file, const std::function<bool(double)>& going_on);

/// The words of one ASS event ("0,0,Default,,0,0,0,,{\an8}Hello\Nthere"): without its fields and tags, one line a line.
std::string words_of_event(std::string_view event);

}  // namespace pathloom
