// SPDX-License-Identifier: GPL-3.0-or-later
// Words spoken by a synthetic voice (flite's voices made of recordings of people), as the sound that is recognised.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// Names of the voices: a man's and a woman's, both US English.
inline constexpr std::string_view VoiceOfMan = "rms", VoiceOfWoman = "slt";

/// SoundRate samples a second, one channel, silence at its ends cut off; the same bytes each time. Usage when there is no such
/// voice or the text has nothing to say.
Result<std::vector<std::int16_t>> spoken(const std::string& text, std::string_view voice);

}  // namespace pathloom
