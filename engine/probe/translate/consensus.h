// SPDX-License-Identifier: GPL-3.0-or-later
// Choosing among translations by how much the others agree with them (minimum Bayes risk; Kumar and Byrne 2004) with chrF as the
// measure of agreement.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pathloom {

struct Vote {
    std::u32string text;
    double weight = 0.0;
};
/// The index of the text with the largest weighted mean chrF2 (character n-grams to order 6) against all; the first of equals.
/// 0 when there is none.
std::size_t consensus_of(const std::vector<Vote>& votes);

}  // namespace pathloom
