// SPDX-License-Identifier: GPL-3.0-or-later
// What the makers of probe and training texts share.
#pragma once

#include "engine/core/rng.h"

#include <array>
#include <cstddef>
#include <string>

namespace pathloom {

/// One of a list, each as likely.
template <std::size_t N>
std::string pick(Rng& rng, const std::array<const char*, N>& list)
{
    return list[std::size_t(rng.below(N))];
}

/// With an English capital.
inline std::string capitalised(std::string text)
{
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = char(text[0] - 'a' + 'A');
    return text;
}

}  // namespace pathloom
