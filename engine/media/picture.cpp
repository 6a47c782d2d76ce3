// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture.h"

#include <algorithm>

namespace pathloom {

Picture cropped(const Picture& picture, const Box& box)
{
    Picture out{box.width, box.height, picture.channels};
    out.bytes.resize(out.row_bytes() * std::size_t(box.height));
    for (int y = 0; y < box.height; ++y) {
        const auto from = picture.bytes.begin() + std::ptrdiff_t(picture.row_bytes()) * (box.y + y)
            + std::ptrdiff_t(box.x) * picture.channels;
        std::copy_n(from, out.row_bytes(), out.bytes.begin() + std::ptrdiff_t(out.row_bytes()) * y);
    }
    return out;
}

Picture turned(const Picture& picture, int degrees)
{
    if (degrees % 360 == 0) return picture;
    const bool upright = degrees % 180 == 0;
    Picture out{upright ? picture.width : picture.height, upright ? picture.height : picture.width, picture.channels};
    out.bytes.resize(picture.bytes.size());
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            int to_x = picture.width - 1 - x, to_y = picture.height - 1 - y;  // 180
            if (degrees == 90) {
                to_x = picture.height - 1 - y;
                to_y = x;
            } else if (degrees == 270) {
                to_x = y;
                to_y = picture.width - 1 - x;
            }
            const std::size_t from = picture.row_bytes() * std::size_t(y) + std::size_t(x * picture.channels);
            const std::size_t to = out.row_bytes() * std::size_t(to_y) + std::size_t(to_x * picture.channels);
            std::copy_n(picture.bytes.begin() + std::ptrdiff_t(from), picture.channels, out.bytes.begin() + std::ptrdiff_t(to));
        }
    }
    return out;
}

}  // namespace pathloom
