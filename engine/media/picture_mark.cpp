// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/picture_mark.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

namespace pathloom {

namespace {

constexpr int side = 32;  // of the square the light is looked at in
constexpr int lowest = 8;  // frequencies in each direction
constexpr int grid = 4;
constexpr double cut_difference = 0.35;

/// Means of `cells` x `cells` equal parts of a picture: light, and the differences of blue and of red to it (Rec. 601), 0 to 255
/// and -128 to 127.
struct Means {
    std::vector<double> light, blue, red;
};

Means means_of(const Picture& picture, int cells)
{
    Means out;
    const auto channels = std::size_t(picture.channels);
    const auto edge = [cells](int i, int all) { return int(std::int64_t(i) * all / cells); };
    for (int y = 0; y < cells; ++y) {
        const int y0 = edge(y, picture.height), y1 = std::max(y0 + 1, edge(y + 1, picture.height));
        for (int x = 0; x < cells; ++x) {
            const int x0 = edge(x, picture.width), x1 = std::max(x0 + 1, edge(x + 1, picture.width));
            double r = 0.0, g = 0.0, b = 0.0;
            for (int row = y0; row < std::min(y1, picture.height); ++row) {
                const std::uint8_t* at
                    = picture.bytes.data() + picture.row_bytes() * std::size_t(row) + std::size_t(x0) * channels;
                for (int column = x0; column < std::min(x1, picture.width); ++column, at += channels) {
                    r += at[0];
                    g += at[channels / 2];
                    b += at[channels - 1];
                }
            }
            const double count = std::max(1.0, double(y1 - y0) * double(x1 - x0));
            const double light = (0.299 * r + 0.587 * g + 0.114 * b) / count;
            out.light.push_back(light);
            out.blue.push_back(0.564 * (b / count - light));
            out.red.push_back(0.713 * (r / count - light));
        }
    }
    return out;
}

std::int8_t small(double value)
{
    return std::int8_t(std::clamp(std::lround(value), -127L, 127L));
}

}  // namespace

PictureMark mark_of(const Picture& picture)
{
    PictureMark out;
    if (picture.width < 1 || picture.height < 1 || picture.bytes.empty()) return out;
    const Means fine = means_of(picture, side);
    std::array<std::array<double, side>, lowest> wave{};
    for (int k = 0; k < lowest; ++k)
        for (int x = 0; x < side; ++x) wave[std::size_t(k)][std::size_t(x)] = std::cos(std::numbers::pi * k * (x + 0.5) / side);
    std::vector<double> waves;
    for (std::size_t v = 0; v < lowest; ++v) {
        for (std::size_t u = 0; u < lowest; ++u) {
            if (u == 0 && v == 0) continue;
            double sum = 0.0;
            for (std::size_t y = 0; y < side; ++y)
                for (std::size_t x = 0; x < side; ++x) sum += wave[v][y] * wave[u][x] * fine.light[y * side + x];
            waves.push_back(sum);
        }
    }
    const double length = std::sqrt(std::inner_product(waves.begin(), waves.end(), waves.begin(), 0.0));
    if (length > double(side))  // else one even grey
        for (std::size_t i = 0; i < waves.size(); ++i) out.values[i] = small(127.0 * waves[i] / length);
    const Means coarse = means_of(picture, grid);
    for (std::size_t i = 0; i < std::size_t(grid) * grid; ++i) {
        out.values[PictureMark::Waves + i] = small(coarse.blue[i]);
        out.values[PictureMark::Waves + std::size_t(grid) * grid + i] = small(coarse.red[i]);
    }
    return out;
}

double difference(const PictureMark& a, const PictureMark& b)
{
    double product = 0.0, length_a = 0.0, length_b = 0.0, colours = 0.0;
    for (std::size_t i = 0; i < PictureMark::Waves; ++i) {
        product += double(a.values[i]) * double(b.values[i]);
        length_a += double(a.values[i]) * double(a.values[i]);
        length_b += double(b.values[i]) * double(b.values[i]);
    }
    for (std::size_t i = PictureMark::Waves; i < a.values.size(); ++i)
        colours += std::abs(double(a.values[i]) - double(b.values[i]));
    const double lengths = std::sqrt(length_a * length_b);
    const double waves = lengths > 0.0 ? 1.0 - product / lengths : (length_a == length_b ? 0.0 : 1.0);
    return waves + colours / (PictureMark::Colours * 32.0);
}

bool is_cut(const PictureMark& a, const PictureMark& b)
{
    return difference(a, b) > cut_difference;
}

std::string to_hex(const PictureMark& mark)
{
    std::string out;
    for (const std::int8_t value : mark.values) out += fmt::format("{:02x}", std::uint8_t(value));
    return out;
}

std::optional<PictureMark> parse_mark(std::string_view hex)
{
    PictureMark out;
    if (hex.size() != 2 * out.values.size()) return std::nullopt;
    for (std::size_t i = 0; i < out.values.size(); ++i) {
        unsigned value = 0;
        const char* const from = hex.data() + 2 * i;
        const auto [end, error] = std::from_chars(from, from + 2, value, 16);
        if (error != std::errc() || end != from + 2) return std::nullopt;
        out.values[i] = std::int8_t(std::uint8_t(value));
    }
    return out;
}

}  // namespace pathloom
