// SPDX-License-Identifier: GPL-3.0-or-later
// Letters to lines: which of the boxes found in a picture stand in rows, as print does.
#pragma once

#include "engine/media/picture.h"

#include <vector>

namespace pathloom {

inline constexpr int LeastLetterHeight = 8;  ///< pixels, in a picture of 720 to 1080 rows

/// Letters that stand in a row, from the left.
struct LetterRow {
    std::vector<Box> letters;
    [[nodiscard]] int right() const { return letters.back().x + letters.back().width; }
};

/// Rows of four letters and more on one line; letters of small print may have run together to one box.
std::vector<LetterRow> letter_rows(std::vector<Box> letters);

/// Around a row's letters, less what one of them that is none hangs below or rises above the others.
Box box_of(const LetterRow& row);

inline int bottom_of(const Box& box)
{
    return box.y + box.height;
}

}  // namespace pathloom
