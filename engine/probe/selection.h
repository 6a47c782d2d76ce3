// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the rows that match a question it asks for. A reader with `selections` tells it from the question alone; answering
// obeys (answer.h).
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace pathloom {

enum class Selection { One, All, First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Last };
inline constexpr int SelectionCount = 11;

/// 1 for First to 8 for Eighth, 0 for the others.
constexpr int ordinal_of(Selection selection)
{
    return selection >= Selection::First && selection <= Selection::Eighth ? int(selection) - int(Selection::First) + 1 : 0;
}

/// Words that say which of several is asked for, in their order.
inline constexpr std::array<std::string_view, 8> Ordinals{
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"};
inline constexpr std::array<std::string_view, 8> ShortOrdinals{"1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th"};
inline constexpr std::array<std::string_view, 3> LastWords{"last", "final", "latest"};

/// `word` in lower case.
constexpr bool says_which(std::string_view word)
{
    const auto among = [word](std::span<const std::string_view> words) { return std::ranges::find(words, word) != words.end(); };
    return among(Ordinals) || among(ShortOrdinals) || among(LastWords);
}

/// What a query's selection logits say; One without any.
inline Selection told_selection(std::span<const float> logits)
{
    if (logits.size() != std::size_t(SelectionCount)) return Selection::One;
    return Selection(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace pathloom
