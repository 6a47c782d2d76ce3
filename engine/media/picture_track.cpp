// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_track.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::int64_t remembered = 60;  // looks: a line that comes again later is said again

/// What makes two readings of a line the same: all but blanks.
std::string letters_of(const std::string& line)
{
    std::string out;
    std::ranges::copy_if(line, std::back_inserter(out), [](char c) { return c != ' '; });
    return out;
}

}  // namespace

Picture shrunk(const Picture& grey, int height)
{
    if (grey.height <= height) return grey;
    Picture out{std::max(1, int(std::lround(double(grey.width) * height / grey.height))), height};
    out.bytes.reserve(out.row_bytes() * std::size_t(height));
    const auto edge = [](int i, int parts, int all) { return int(std::int64_t(i) * all / parts); };
    for (int y = 0; y < out.height; ++y) {
        const int y0 = edge(y, out.height, grey.height), y1 = std::max(y0 + 1, edge(y + 1, out.height, grey.height));
        for (int x = 0; x < out.width; ++x) {
            const int x0 = edge(x, out.width, grey.width), x1 = std::max(x0 + 1, edge(x + 1, out.width, grey.width));
            int sum = 0;
            for (int row = y0; row < y1; ++row)
                for (int column = x0; column < x1; ++column)
                    sum += grey.bytes[grey.row_bytes() * std::size_t(row) + std::size_t(column)];
            out.bytes.push_back(std::uint8_t(sum / ((y1 - y0) * (x1 - x0))));
        }
    }
    return out;
}

std::vector<PictureLine> PictureTrack::look(const Picture& grey)
{
    ++m_looked;
    std::vector<PictureLine> out;
    const std::vector<Band> bands = m_changes.changed(shrunk(grey, ChangeHeight));
    m_read += bands.empty() ? 0 : 1;
    for (const Band& band : bands) {
        const int top = int(band.top * grey.height), bottom = std::min(grey.height, int(std::ceil(band.bottom * grey.height)));
        for (PictureLine& line : m_reader.read(cropped(grey, {0, top, grey.width, bottom - top}))) {
            line.box.y += top;
            const auto [known, fresh] = m_recent.try_emplace(letters_of(line.text), m_looked);
            if (!fresh) known->second = m_looked;
            if (fresh) out.push_back(std::move(line));
        }
    }
    std::erase_if(m_recent, [&](const auto& line) { return m_looked - line.second > remembered; });
    return out;
}

}  // namespace pathloom
