// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two spellings are.
#pragma once

#include <string_view>

namespace pathloom {

/// 0 to 1: shared pairs of neighbouring characters (Dice), the word's edges included; 1 only for equal texts.
double likeness_of(std::u32string_view one, std::u32string_view other);

}  // namespace pathloom
