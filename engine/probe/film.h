// SPDX-License-Identifier: GPL-3.0-or-later
// Films as probes see them: their text by seconds, one after the other as often as it takes, and words drawn over single
// pictures or spoken into the sound.
#pragma once

#include "engine/core/rng.h"
#include "engine/corpus/reader_process.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pathloom {

struct FilmText {
    std::filesystem::path file;
    int seconds = 0;  ///< whole ones
    std::vector<std::pair<double, std::string>> lines;  ///< by seconds; each ends with a line break
};

/// Whole seconds of a film; Usage when it is shorter than one.
Result<int> film_seconds(const std::filesystem::path& file, const ReadLimits& limits);

/// The whole seconds of a film with pictures; 0 for a sound and for what is no film. Cancelled.
Result<int> picture_seconds(const std::filesystem::path& file, const ReadLimits& limits);

/// Subtitles and the text of the pictures (and speech, when the options say so); none at all is no error. As read_document(), and
/// Usage for a film of less than a second.
Result<FilmText> read_film_text(const std::filesystem::path& file, const ReadLimits& limits);

/// Several films back to back, and again from the beginning for as long as it takes.
class Timeline {
public:
    explicit Timeline(std::vector<FilmText> films);
    struct Place {
        std::size_t film = 0;
        int second = 0;  ///< in the film
    };
    [[nodiscard]] Place at(int second) const;
    /// Of all films once.
    [[nodiscard]] int seconds() const { return m_seconds; }
    [[nodiscard]] const std::vector<FilmText>& films() const { return m_films; }
    /// The text of the first `seconds`: a line that names each film, its lines in their order; and the byte after the lines of
    /// each second.
    struct Text {
        std::string text;
        std::vector<std::size_t> ends;  ///< of `seconds`
    };
    [[nodiscard]] Text text(int seconds) const;

private:
    std::vector<FilmText> m_films;
    int m_seconds = 0;
};

/// A cell of a grid over length and depth.
struct GridPlace {
    int length = 0;  ///< seconds of film
    double depth = 0.0;  ///< percent, of the middle of its share of the film
    int second = 0;  ///< drawn at random from that share
    Timeline::Place place = {};
    bool repeated = false;  ///< the films are shorter than the length
    std::uint64_t seed = 0;
};
/// By length, then depth, each with what its other draws go on from. Usage when a length is too short for the depths.
Result<std::vector<std::pair<GridPlace, Rng>>> draw_places(
    const Timeline& timeline, std::span<const int> lengths, int depths, std::uint64_t seed);

struct DrawnWords {
    int second = 0;  ///< of the picture
    double x = 0.5, y = 0.5;  ///< share of the free room left of and above it
    std::string text;
};

struct SpokenWords {
    int second = 0;  ///< where they are put into the recording
    std::string voice;  ///< pathloom-read's name of it: rms (a man) or slt (a woman)
    std::string text;
};

/// What is read from the pictures with the words drawn over them, line by line, in the order of `words`.
Result<std::vector<std::vector<std::string>>> read_drawn_words(
    const std::filesystem::path& film, std::span<const DrawnWords> words, const ReadLimits& limits);
/// What is understood while the words are spoken into the recording, utterance by utterance, in the order of `words`.
Result<std::vector<std::vector<std::string>>> read_spoken_words(
    const std::filesystem::path& recording, std::span<const SpokenWords> words, const ReadLimits& limits);

}  // namespace pathloom
