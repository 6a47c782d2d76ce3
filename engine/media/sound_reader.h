// SPDX-License-Identifier: GPL-3.0-or-later
// The sound of a film or a recording as speech recognisers want it: 16 kHz, one channel, 16 bits.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace pathloom {

inline constexpr int SoundRate = 16000;  ///< samples a second

class SoundReader {
public:
    /// Begins at `from` seconds of the film. Usage when the file has no sound or it cannot be decoded here, Corrupt when it is
    /// damaged; without the file's name.
    static Result<SoundReader> open(const std::filesystem::path& file, double from = 0.0);
    SoundReader(SoundReader&&) noexcept;
    SoundReader& operator=(SoundReader&&) noexcept;
    ~SoundReader();

    /// The next stretch of sound, a few thousand samples; empty at the end. What is damaged is passed over.
    std::vector<std::int16_t> next();
    /// Seconds of the film at the end of what next() has given.
    [[nodiscard]] double seconds() const;

private:
    struct State;
    explicit SoundReader(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace pathloom
