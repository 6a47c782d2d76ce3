// SPDX-License-Identifier: GPL-3.0-or-later
// What a reader of documents may be told about how to read; formats take from it what concerns them.
#pragma once

#include <string>

namespace pathloom {

inline constexpr double LeastFrameRate = 0.001, MostFrameRate = 60.0;  ///< of ReadOptions::frames_per_second

struct ReadOptions {
    double frames_per_second = 1.0;  ///< of a film, looked at for text
    bool picture_text = true;  ///< text in a film's pictures
    std::string language = "eng";  ///< of that text: Tesseract's names, joined by "+"
    bool speech = false;  ///< what is said in a film or a recording
    bool may_be_empty = false;  ///< a film without any text is no error
    double from = 0.0;  ///< seconds of a film to begin at: to go on with one that was read up to there
    bool operator==(const ReadOptions&) const = default;
};

}  // namespace pathloom
