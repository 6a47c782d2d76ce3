// SPDX-License-Identifier: GPL-3.0-or-later
// SubRip (.srt) and WebVTT (.vtt): one segment a cue, with its time.
#pragma once

#include "engine/corpus/segment.h"

#include <optional>
#include <string_view>

namespace pathloom {

/// "00:01:02,500", "01:02.500" in seconds; nothing when it is no time.
std::optional<double> cue_time(std::string_view text);

/// Usage when the bytes are no UTF-8 text, Corrupt when they hold no cue.
Result<void> read_subtitles(std::string_view bytes, const SegmentSink& sink);

}  // namespace pathloom
