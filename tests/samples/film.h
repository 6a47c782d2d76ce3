// SPDX-License-Identifier: GPL-3.0-or-later
// Small films made on the spot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pathloom::test {

struct FilmWords {
    double from = 0.0, to = 0.0;  ///< seconds
    std::string text;
};

/// Pictures are of one grey each, light(i) of the i-th, but for a white quarter at the top left and words in a box.
struct FilmSpec {
    int width = 320, height = 240;
    double seconds = 5.0, fps = 10.0;
    std::vector<double> times = {};  ///< when each picture comes, instead of fps
    int key_every = 12, b_frames = 0;
    int rotation = 0;  ///< degrees clockwise it is to be turned by
    bool pictures = true;
    std::vector<FilmWords> words = {};  ///< in the pictures
    std::vector<FilmWords> cues = {};  ///< a subtitle track
    std::vector<std::int16_t> sound = {};  ///< 16 kHz, one channel
};

/// The grey of the i-th picture, 0 to 255: neighbours differ by more than coding loses.
int light(int i);

/// Writes a film; its kind is the file's ending (.mkv holds everything, .mp4 and .avi no cues or sound of this making).
void film(const std::filesystem::path& file, const FilmSpec& spec);

}  // namespace pathloom::test
