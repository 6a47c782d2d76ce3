// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles beside a film: FILM.srt, FILM.en.vtt.
#pragma once

#include "engine/corpus/segment.h"

#include <filesystem>
#include <vector>

namespace pathloom {

/// The .srt and .vtt files of a film's folder that are named like it, with or without a language between, by name.
std::vector<std::filesystem::path> subtitle_files(const std::filesystem::path& film);

/// Their cues by time, their track "subtitles" and, with several, what stands between the names. A damaged one is Corrupt, and
/// named: it was put there to be read.
Result<std::vector<Segment>> read_sidecars(const std::filesystem::path& film);

}  // namespace pathloom
