// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/similarity.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace pathloom {

namespace {

std::vector<std::uint64_t> pairs_of(std::u32string_view text)
{
    std::vector<std::uint64_t> pairs;
    char32_t before = 0;
    for (const char32_t c : text) {
        pairs.push_back(std::uint64_t(before) << 32 | c);
        before = c;
    }
    pairs.push_back(std::uint64_t(before) << 32);
    std::ranges::sort(pairs);
    return pairs;
}

}  // namespace

double likeness_of(std::u32string_view one, std::u32string_view other)
{
    if (one == other) return 1.0;
    const auto a = pairs_of(one), b = pairs_of(other);
    std::vector<std::uint64_t> shared;
    std::ranges::set_intersection(a, b, std::back_inserter(shared));
    return std::min(0.99, 2.0 * double(shared.size()) / double(a.size() + b.size()));
}

}  // namespace pathloom
