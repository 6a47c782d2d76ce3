// SPDX-License-Identifier: GPL-3.0-or-later
// Where a picture may hold lines of text: strokes that are lighter or darker than what is around them, in rows of like height.
// Tesseract's own search is made for pages and loses words over a film's pictures.
#pragma once

#include "engine/media/picture.h"

#include <vector>

namespace pathloom {

struct TextLine {
    Box box;  ///< of the letters, in the picture
    Picture ink;  ///< the strokes alone, dark on white, letters about 40 pixels high, with a margin
    Picture level;  ///< the same place: dark what is as light as the letters, white what is not
    bool light = true;  ///< the letters are lighter than their ground
    int letter_level = 255;  ///< how light they are
};

/// Candidates in a grey picture of 720 to 1080 rows, or a band of one, from the top. Most of what is no text is left out, not
/// all.
std::vector<TextLine> find_text_lines(const Picture& grey);

/// A line with what stands left and right of it, where letters may have run into something and been taken for none.
TextLine widened(const Picture& grey, const TextLine& line);

}  // namespace pathloom
