// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/scene_features.h"

#include "engine/vision/vision_layers.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

std::size_t inputs_of_a_strip(const VisionSpec& spec)
{
    return std::size_t(LookBands) * std::size_t(spec.stem[3]) + std::size_t(LookCells);
}

/// One picture's strips, each with the means of its bands.
void add_bands(const VisionSpec& spec, std::size_t rows, const float* features, std::vector<float>& strips)
{
    const auto c = std::size_t(spec.stem[3]), columns = std::size_t(spec.columns()), each = inputs_of_a_strip(spec);
    std::vector<std::size_t> rows_in(LookBands, 0);
    for (std::size_t r = 0; r < rows; ++r) ++rows_in[r * LookBands / rows];
    for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t band = r * LookBands / rows;
        const float share = 1.0f / float(rows_in[band] * std::size_t(SymbolsAToken));
        for (std::size_t x = 0; x < columns; ++x)
            add_scaled(&features[(r * columns + x) * c], share, c, &strips[x / std::size_t(SymbolsAToken) * each + band * c]);
    }
}

void add_light(const VisionSpec& spec, std::size_t height, const float* picture, std::vector<float>& strips)
{
    const auto width = std::size_t(spec.width), size = width * height, each = inputs_of_a_strip(spec);
    const std::size_t across = width / std::size_t(spec.tokens()), first = each - std::size_t(LookCells);
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
        sum += double(picture[i]);
        squares += double(picture[i]) * double(picture[i]);
    }
    const double mean = sum / double(size);
    const float middle = float(mean), inverse = float(1.0 / std::sqrt(std::max(1e-4, squares / double(size) - mean * mean)));
    std::vector<std::size_t> rows_in(LookCells, 0);
    for (std::size_t y = 0; y < height; ++y) ++rows_in[y * LookCells / height];
    for (std::size_t y = 0; y < height; ++y) {
        const std::size_t cell = y * LookCells / height;
        const float share = inverse / float(rows_in[cell] * across);
        for (std::size_t x = 0; x < width; ++x)
            strips[x / across * each + first + cell] += share * (picture[y * width + x] - middle);
    }
}

}  // namespace

std::int64_t look_inputs(const VisionSpec& spec)
{
    return (2 * LookReach + 1) * std::int64_t(inputs_of_a_strip(spec));
}

void scene_features(const VisionSpec& spec, int batch, int height, std::span<const float> pictures,
    std::span<const float> features, std::vector<float>& out)
{
    const auto tokens = std::size_t(spec.tokens()), each = inputs_of_a_strip(spec), wide = std::size_t(look_inputs(spec));
    const auto rows = std::size_t(height / VisionRowPixels);
    const std::size_t of_features = rows * std::size_t(spec.columns()) * std::size_t(spec.stem[3]),
                      of_picture = std::size_t(height) * std::size_t(spec.width);
    out.assign(std::size_t(batch) * tokens * wide, 0.0f);
    std::vector<float> strips;
    for (std::size_t b = 0; b < std::size_t(batch); ++b) {
        strips.assign(tokens * each, 0.0f);
        add_bands(spec, rows, &features[b * of_features], strips);
        add_light(spec, std::size_t(height), &pictures[b * of_picture], strips);
        for (std::size_t t = 0; t < tokens; ++t) {
            for (int o = -LookReach; o <= LookReach; ++o) {
                const auto from = std::ptrdiff_t(t) + o;
                if (from < 0 || from >= std::ptrdiff_t(tokens)) continue;
                std::copy_n(
                    &strips[std::size_t(from) * each], each, &out[(b * tokens + t) * wide + std::size_t(o + LookReach) * each]);
            }
        }
    }
}

}  // namespace pathloom
