// SPDX-License-Identifier: GPL-3.0-or-later
// A film or a recording as a document: what its subtitles say, what is written in its pictures and what is spoken, on one
// timeline.
#pragma once

#include "engine/corpus/read_options.h"
#include "engine/corpus/segment.h"

#include <filesystem>
#include <functional>

namespace pathloom {

/// Segments by time, each with its seconds and its track. `progress` sees seconds done of seconds in all; false stops
/// (Cancelled). Usage when the file is no film, or nothing readable is in it, or a model that is needed is not installed.
Result<void> read_film(const std::filesystem::path& file, const ReadOptions& options,
    const std::function<bool(double done, double total)>& progress, const SegmentSink& sink);

}  // namespace pathloom
