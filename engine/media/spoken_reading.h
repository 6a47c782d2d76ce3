// SPDX-License-Identifier: GPL-3.0-or-later
// Words spoken into a recording, and heard there as they would be if somebody had said them.
#pragma once

#include "engine/media/speech.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct SpokenRequest {
    double seconds = 0.0;  ///< where in the recording
    std::string voice;  ///< see voice.h
    std::string text;
};

struct SpokenReading {
    std::size_t request = 0;  ///< its index
    double seconds = 0.0;  ///< where it was put
    std::vector<Utterance>
        said;  ///< all that was understood while it was spoken, what stands around it in its utterances included
};

/// The middle of the quietest tenth of a second within `reach` samples of `at`: where an editor would cut.
std::size_t quiet_place(std::span<const std::int16_t> sound, std::size_t at, std::size_t reach);

/// How loud what is said in it is: the root of the mean square of the louder half of its fiftieths of a second, 0 to 32768.
double loudness(std::span<const std::int16_t> sound);

/// `clip` as loud as `level`, never beyond what 16 bits hold.
std::vector<std::int16_t> as_loud_as(std::span<const std::int16_t> clip, double level);

/// The recording is cut at the quietest place within a second of each request, the words are put in at the loudness of what
/// stands around, a third of a second of the recording's own quiet before and after them, and the ten seconds before are heard
/// first. One recogniser goes through all of them in the order of their seconds, as the importer goes through the recording; one
/// reading a request. `sink` false stops (Cancelled). Usage when the file has no sound, ends before a request, a voice is unknown
/// or the recogniser's model is not installed.
Result<void> read_spoken(const std::filesystem::path& file, const std::vector<SpokenRequest>& requests,
    const std::function<bool(const SpokenReading&)>& sink);

}  // namespace pathloom
