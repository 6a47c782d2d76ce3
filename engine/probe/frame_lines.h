// SPDX-License-Identifier: GPL-3.0-or-later
// Lines to draw over pictures and what is asked of them: the secret word, facts in the words of the reader's training mixture,
// and lines that do not answer. What a frame encoder is trained on (docs/vision.md).
#pragma once

#include "engine/probe/mixture_text.h"
#include "engine/vision/overlay_mixture.h"

#include <string>

namespace pathloom {

/// A word nobody knows: letters at random, or syllables.
std::string random_word(Rng& rng);
/// The secret word is "...", and it is asked for.
OverlayLine secret_line(Rng& rng);
/// Anything that does not say the secret word, which is asked for: other words that are not secret, other secrets that are no
/// words, random words, numbers.
OverlayLine other_line(Rng& rng);
/// A fact of one line and a question for it; unless `answered`, for the like of it that is not there.
OverlayLine fact_line(Rng& rng, const FactWriter& facts, bool answered);

/// Secret words and, a little more often, facts. `facts` must outlive it.
LineWriter frame_lines(const FactWriter& facts);

}  // namespace pathloom
