// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/scene_pairs.h"

#include "engine/core/rng.h"
#include "engine/media/copy_recipe.h"
#include "engine/vision/overlay_mixture.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pathloom {

namespace {

constexpr double same_shot_correlation = 0.8;
constexpr int compared_width = 32, compared_height = 18;

void append_resized(const Picture& grey, const VisionSpec& spec, std::vector<float>& out)
{
    append_light(resized(grey, spec.width, spec.height), out);
}

void append_copy(const Picture& grey, std::uint64_t seed, const VisionSpec& spec, std::vector<float>& out)
{
    const CopyRecipe recipe = copy_recipe(seed);
    const auto share = [](double part, int all) { return int(std::lround(part * all)); };
    Box box{share(recipe.left, grey.width), share(recipe.top, grey.height), 0, 0};
    box.width = grey.width - box.x - share(recipe.right, grey.width);
    box.height = grey.height - box.y - share(recipe.bottom, grey.height);
    Picture copy
        = resized(cropped(grey, box), std::max(1, share(recipe.scale, box.width)), std::max(1, share(recipe.scale, box.height)));
    Rng rng(mix(seed, 1));
    for (std::uint8_t& light : copy.bytes)
        light = std::uint8_t(std::clamp(double(light) * recipe.light + recipe.coarseness * rng.uniform(-1.0, 1.0), 0.0, 255.0));
    append_resized(copy, spec, out);
}

}  // namespace

Result<void> validate(const SceneSpec& spec)
{
    if (spec.every < 1 || spec.pairs < 2)
        return fail(
            ErrorCode::Usage, "scenes: every must be above 0 and pairs at least 2, got {} and {}", spec.every, spec.pairs);
    if (!(spec.neighbours >= 0.0 && spec.neighbours <= 1.0) || !(spec.sharpness > 0.0))
        return fail(ErrorCode::Usage, "scenes: neighbours is a share and sharpness above 0");
    return {};
}

bool of_one_shot(const Picture& a, const Picture& b)
{
    const Picture x = resized(a, compared_width, compared_height), y = resized(b, compared_width, compared_height);
    const auto mean_of
        = [](const Picture& p) { return std::accumulate(p.bytes.begin(), p.bytes.end(), 0.0) / double(p.bytes.size()); };
    const double mean_x = mean_of(x), mean_y = mean_of(y);
    double xy = 0.0, xx = 1e-9, yy = 1e-9;
    for (std::size_t i = 0; i < x.bytes.size(); ++i) {
        const double dx = double(x.bytes[i]) - mean_x, dy = double(y.bytes[i]) - mean_y;
        xy += dx * dy;
        xx += dx * dx;
        yy += dy * dy;
    }
    return xy / std::sqrt(xx * yy) > same_shot_correlation;
}

ScenePairs::ScenePairs(std::span<const Picture> pictures, const VisionSpec& vision, const SceneSpec& spec, std::uint64_t seed)
    : m_pictures(pictures)
    , m_vision(vision)
    , m_spec(spec)
    , m_seed(seed)
    , m_pairs(std::min(spec.pairs, int(pictures.size())))
{
    for (std::size_t i = 0; i < pictures.size(); ++i)
        m_goes_on.push_back(i + 1 < pictures.size() && of_one_shot(pictures[i], pictures[i + 1]));
}

std::vector<float> ScenePairs::batch(std::uint64_t n) const
{
    Rng rng(mix(m_seed, n, 2));
    std::vector<std::size_t> order(m_pictures.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::vector<float> out;
    for (std::size_t i = 0; i < std::size_t(m_pairs); ++i) {
        std::swap(order[i], order[i + std::size_t(rng.below(order.size() - i))]);
        append_resized(m_pictures[order[i]], m_vision, out);
    }
    for (std::size_t i = 0; i < std::size_t(m_pairs); ++i) {
        const bool next = rng.uniform() < m_spec.neighbours && m_goes_on[order[i]];
        append_copy(m_pictures[order[i] + (next ? 1 : 0)], rng.next(), m_vision, out);
    }
    return out;
}

std::vector<float> ScenePairs::plain(std::size_t picture) const
{
    std::vector<float> out;
    append_resized(m_pictures[picture], m_vision, out);
    return out;
}

std::vector<float> ScenePairs::copy(std::size_t picture, std::uint64_t seed) const
{
    std::vector<float> out;
    append_copy(m_pictures[picture], seed, m_vision, out);
    return out;
}

std::vector<float> unit_looks(const VisionSpec& spec, std::span<const float> rows)
{
    const auto wide = std::size_t(spec.row_dim()), width = std::size_t(spec.look_dim), n = rows.size() / wide;
    std::vector<float> out(n * width);
    for (std::size_t i = 0; i < n; ++i) to_unit(&rows[(i + 1) * wide - width], width, &out[i * width]);
    return out;
}

double likeness(std::span<const float> a, std::span<const float> b, int tokens)
{
    return double(dot(a.data(), b.data(), a.size())) / tokens;
}

double scene_loss(std::span<const float> looks, int pairs, int tokens, double sharpness, std::vector<float>& slopes)
{
    const auto n = std::size_t(pairs), each = looks.size() / (2 * n);
    const auto picture = [&](std::size_t i) { return looks.subspan(i * each, each); };
    std::vector<double> alike(n * n), slope(n * n, 0.0);  // [pictures, copies]
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) alike[i * n + j] = sharpness * likeness(picture(i), picture(n + j), tokens);
    double loss = 0.0;
    // Rows compete, then columns.
    for (const bool rows : {true, false}) {
        const auto at = [&](std::size_t i, std::size_t j) { return rows ? i * n + j : j * n + i; };
        for (std::size_t i = 0; i < n; ++i) {
            double top = alike[at(i, 0)], sum = 0.0;
            for (std::size_t j = 1; j < n; ++j) top = std::max(top, alike[at(i, j)]);
            for (std::size_t j = 0; j < n; ++j) sum += std::exp(alike[at(i, j)] - top);
            loss += (std::log(sum) + top - alike[at(i, i)]) / double(2 * n);
            for (std::size_t j = 0; j < n; ++j)
                slope[at(i, j)] += (std::exp(alike[at(i, j)] - top) / sum - (i == j ? 1.0 : 0.0)) / double(2 * n);
        }
    }
    slopes.assign(looks.size(), 0.0f);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const auto factor = float(slope[i * n + j] * sharpness / tokens);
            add_scaled(&looks[(n + j) * each], factor, each, &slopes[i * each]);
            add_scaled(&looks[i * each], factor, each, &slopes[(n + j) * each]);
        }
    }
    return loss;
}

}  // namespace pathloom
