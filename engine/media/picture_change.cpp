// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_change.h"

#include <algorithm>
#include <cstdlib>

namespace pathloom {

namespace {

constexpr int block = 12;  // pixels of the small picture
constexpr int least_difference = 6;  // mean over a block, of 255: above the noise of a camera and of coding
constexpr double most_bands = 0.5;  // share of the picture beyond which all of it is read

bool block_changed(const Picture& a, const Picture& b, int x0, int y0)
{
    int sum = 0, pixels = 0;
    for (int y = y0; y < std::min(y0 + block, a.height); ++y) {
        for (int x = x0; x < std::min(x0 + block, a.width); ++x) {
            const std::size_t at = a.row_bytes() * std::size_t(y) + std::size_t(x);
            sum += std::abs(int(a.bytes[at]) - int(b.bytes[at]));
            ++pixels;
        }
    }
    return sum > least_difference * pixels;
}

}  // namespace

std::vector<Band> ChangeFinder::changed(const Picture& small)
{
    const std::vector<Band> all{Band{}};
    if (m_seen.width != small.width || m_seen.height != small.height) {
        m_seen = small;
        return all;
    }
    const int rows = (small.height + block - 1) / block;
    std::vector<bool> marked(std::size_t(rows), false);
    for (int r = 0; r < rows; ++r) {
        for (int x = 0; x < small.width && !marked[std::size_t(r)]; x += block)
            marked[std::size_t(r)] = block_changed(small, m_seen, x, r * block);
    }
    const auto any = [&](int from, int to) {
        for (int r = std::max(0, from); r <= std::min(rows - 1, to); ++r)
            if (marked[std::size_t(r)]) return true;
        return false;
    };
    std::vector<Band> out;
    int taken = 0, open = -1;
    for (int r = 0; r <= rows; ++r) {
        const bool inside = r < rows && any(r - 1, r + 1);
        if (inside && open < 0) open = r;
        taken += inside ? 1 : 0;
        if (inside || open < 0) continue;
        out.push_back({double(open * block) / small.height, std::min(1.0, double(r * block) / small.height)});
        open = -1;
    }
    // Only what is reported counts as seen: what creeps in slowly adds up until it is noticed.
    for (const Band& band : out) {
        const auto from = std::ptrdiff_t(small.row_bytes()) * std::ptrdiff_t(band.top * small.height + 0.5);
        const auto to = std::ptrdiff_t(small.row_bytes()) * std::ptrdiff_t(band.bottom * small.height + 0.5);
        std::copy(small.bytes.begin() + from, small.bytes.begin() + to, m_seen.bytes.begin() + from);
    }
    if (taken > most_bands * rows) {
        m_seen = small;
        return all;
    }
    return out;
}

}  // namespace pathloom
