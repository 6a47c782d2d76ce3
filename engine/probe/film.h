// SPDX-License-Identifier: GPL-3.0-or-later
// Films as probes see them: their text by seconds, one after the other as often as it takes, and words drawn over single
// pictures.
#pragma once

#include "engine/corpus/reader_process.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct FilmText {
    std::filesystem::path file;
    int seconds = 0;  ///< whole ones
    std::vector<std::pair<double, std::string>> lines;  ///< by seconds; each ends with a line break
};

/// Whole seconds of a film; Usage when it is shorter than one.
Result<int> film_seconds(const std::filesystem::path& file, const ReadLimits& limits);

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

struct DrawnWords {
    int second = 0;  ///< of the picture
    double x = 0.5, y = 0.5;  ///< share of the free room left of and above it
    std::string text;
};

/// What is read from the pictures with the words drawn over them, line by line, in the order of `words`.
Result<std::vector<std::vector<std::string>>> read_drawn_words(
    const std::filesystem::path& film, std::span<const DrawnWords> words, const ReadLimits& limits);

}  // namespace pathloom
