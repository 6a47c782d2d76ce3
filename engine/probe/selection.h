// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the rows that match a question it asks for. A reader with `selections` tells it from the question alone; answering
// obeys (answer.h).
#pragma once

namespace pathloom {

enum class Selection { One, All, First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Last };
inline constexpr int SelectionCount = 11;

/// 1 for First to 8 for Eighth, 0 for the others.
constexpr int ordinal_of(Selection selection)
{
    return selection >= Selection::First && selection <= Selection::Eighth ? int(selection) - int(Selection::First) + 1 : 0;
}

}  // namespace pathloom
