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

namespace {

/// What of `from` old pixels a new one covers: first old pixel, and the share of each from there on.
struct Cover {
    int first = 0;
    std::vector<float> shares;
};

std::vector<Cover> covers(int from, int to)
{
    std::vector<Cover> out(std::size_t(to), Cover{});
    for (int i = 0; i < to; ++i) {
        const double begin = double(from) * i / to, end = double(from) * (i + 1) / to;
        Cover& cover = out[std::size_t(i)];
        cover.first = int(begin);
        for (int at = cover.first; at < from && at < end; ++at) {
            const double share = std::min(end, at + 1.0) - std::max(begin, double(at));
            cover.shares.push_back(float(share / (end - begin)));
        }
    }
    return out;
}

}  // namespace

Picture resized(const Picture& picture, int width, int height)
{
    const auto channels = std::size_t(picture.channels);
    const std::vector<Cover> across = covers(picture.width, width), down = covers(picture.height, height);
    std::vector<float> row(picture.row_bytes());
    Picture out{width, height, picture.channels};
    out.bytes.reserve(out.row_bytes() * std::size_t(height));
    for (const Cover& lines : down) {
        std::fill(row.begin(), row.end(), 0.0f);
        for (std::size_t i = 0; i < lines.shares.size(); ++i) {
            const std::uint8_t* const from = &picture.bytes[picture.row_bytes() * (std::size_t(lines.first) + i)];
            for (std::size_t x = 0; x < row.size(); ++x) row[x] += lines.shares[i] * float(from[x]);
        }
        for (const Cover& cover : across) {
            for (std::size_t c = 0; c < channels; ++c) {
                float sum = 0.5f;
                for (std::size_t i = 0; i < cover.shares.size(); ++i)
                    sum += cover.shares[i] * row[(std::size_t(cover.first) + i) * channels + c];
                out.bytes.push_back(std::uint8_t(std::min(255.0f, sum)));
            }
        }
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
