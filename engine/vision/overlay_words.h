// SPDX-License-Identifier: GPL-3.0-or-later
// Lines to draw over pictures: the secret word's, and others that are like it.
#pragma once

#include "engine/core/rng.h"

#include <string>

namespace pathloom {

struct OverlayLine {
    std::string text;  ///< ASCII
    std::string secret;  ///< the word it gives away, "" for none
    std::size_t secret_at = 0;  ///< of `text`
};

/// A word nobody knows: letters at random, or syllables.
std::string random_word(Rng& rng);
/// The secret word is "...".
OverlayLine secret_line(Rng& rng);
/// Anything else: other words that are not secret, other secrets that are no words, random words, numbers.
OverlayLine other_line(Rng& rng);

}  // namespace pathloom
