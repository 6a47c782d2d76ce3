// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures as plain bytes, upright, and boxes in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pathloom {

struct Picture {
    int width = 0, height = 0;
    int channels = 1;  ///< 1: grey, 3: red, green, blue
    std::vector<std::uint8_t> bytes = {};  ///< rows from the top, without gaps
    [[nodiscard]] std::size_t row_bytes() const { return std::size_t(width) * std::size_t(channels); }
};

/// Pixels; x and y from the top left.
struct Box {
    int x = 0, y = 0, width = 0, height = 0;
    bool operator==(const Box&) const = default;
};

/// The light of a colour (Rec. 601).
constexpr std::uint8_t light_of(std::uint32_t red, std::uint32_t green, std::uint32_t blue)
{
    return std::uint8_t((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/// The part of a picture inside a box, which must lie in it.
Picture cropped(const Picture& picture, const Box& box);

/// Of another size, each of its pixels the mean of the old ones it covers; not both sides need keep their proportion.
Picture resized(const Picture& picture, int width, int height);

/// Turned clockwise by 0, 90, 180 or 270 degrees.
Picture turned(const Picture& picture, int degrees);

}  // namespace pathloom
