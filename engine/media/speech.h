// SPDX-License-Identifier: GPL-3.0-or-later
// Speech to words, through PocketSphinx and its English model.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

inline constexpr double LongestUtterance = 20.0;  ///< seconds: a longer one is cut, because the search's memory grows with it

struct Utterance {
    double seconds = 0.0;  ///< when it begins
    std::string text;  ///< lower case words with one blank between them
    double confidence = 0.0;  ///< 0 to 1: the posterior of the best path, its geometric mean over the words
};

class SpeechRecogniser {
public:
    /// Why its model cannot be used, and the Debian package to install; empty when it can.
    static std::string problem();
    /// Usage when its model is not installed: the message names the Debian package.
    static Result<SpeechRecogniser> open();
    SpeechRecogniser(SpeechRecogniser&&) noexcept;
    SpeechRecogniser& operator=(SpeechRecogniser&&) noexcept;
    ~SpeechRecogniser();

    /// Sound as SoundReader gives it, `end` seconds at its end; what was said and has ended with it. Silence, or LongestUtterance
    /// without any, end an utterance.
    std::vector<Utterance> hear(std::span<const std::int16_t> sound, double end);
    /// What is being said at the end of the sound.
    std::vector<Utterance> finish();

private:
    struct Engine;
    explicit SpeechRecogniser(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> m_engine;
};

}  // namespace pathloom
