// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of a film at chosen times: the one that is on screen then, as a viewer would see it. Of the pictures between two
// wanted ones as few are decoded as the film allows: none before the last key frame, and of those after it only the ones others
// refer to; far away is gone to by seeking. Memory does not grow with the film.
#pragma once

#include "engine/core/result.h"
#include "engine/media/picture.h"

#include <filesystem>
#include <memory>

namespace pathloom {

class FrameReader {
public:
    /// Usage when the file has no pictures or they cannot be decoded here, Corrupt when it is damaged; without the file's name.
    /// Four pictures a core are decoded side by side: while a wanted one is converted, the cores go on.
    static Result<FrameReader> open(const std::filesystem::path& file, int threads = 8);
    FrameReader(FrameReader&&) noexcept;
    FrameReader& operator=(FrameReader&&) noexcept;
    ~FrameReader();

    /// To the picture on screen at `seconds` from the beginning (the first one for a time before it, the last one for a time
    /// after the end). False once the film has ended before `seconds`. Forward is cheap, backward seeks. Corrupt when nothing of
    /// the film can be decoded.
    Result<bool> go_to(double seconds);
    /// As go_to(), but Usage when the film ends before.
    Result<void> show(double seconds);
    /// When the present picture came on screen.
    [[nodiscard]] double shown_at() const;
    /// Whether the last go_to() changed it.
    [[nodiscard]] bool changed() const;
    /// The present picture, upright, in grey (1 channel) or colours (3), enlarged (twice at most) or made smaller until its
    /// height is in the range; 0: no bound. Empty when it cannot be converted.
    [[nodiscard]] Picture picture(int channels, int least_height = 0, int most_height = 0) const;
    /// Of the film, 0 when it does not say.
    [[nodiscard]] double duration() const;
    /// Pictures decoded so far: what the times asked for have cost.
    [[nodiscard]] std::int64_t decoded() const;

private:
    struct State;
    explicit FrameReader(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

}  // namespace pathloom
