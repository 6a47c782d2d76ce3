// SPDX-License-Identifier: GPL-3.0-or-later
// What a picture looks like, in 95 bytes: enough to find it again among those of a film after it was scaled, cropped a little and
// coded anew. No learning: the low frequencies of its light, and its colours on a coarse grid.
#pragma once

#include "engine/media/picture.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct PictureMark {
    static constexpr std::size_t Waves = 63, Colours = 32;
    /// Cosine transform of the light (8 x 8 lowest frequencies, without the mean), scaled to a length of 127; then the mean of
    /// both differences of colour on a grid of 4 x 4, in steps of 1/128 of their range.
    std::array<std::int8_t, Waves + Colours> values{};
    bool operator==(const PictureMark&) const = default;
};

/// Of an empty picture all values are 0; a grey one has no colours.
PictureMark mark_of(const Picture& picture);

/// 0 for the same mark, about 1 for pictures that have nothing in common: one less the cosine of the waves, and the mean
/// difference of the colours, as much as both say.
double difference(const PictureMark& a, const PictureMark& b);

/// Whether two pictures in a row differ as no camera makes them.
bool is_cut(const PictureMark& a, const PictureMark& b);

/// Two hexadecimal digits a value, and back; nothing when it is none.
std::string to_hex(const PictureMark& mark);
std::optional<PictureMark> parse_mark(std::string_view hex);

}  // namespace pathloom
