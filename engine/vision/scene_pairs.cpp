// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/scene_pairs.h"

#include "engine/core/rng.h"
#include "engine/media/copy_recipe.h"
#include "engine/media/picture_mark.h"
#include "engine/vision/overlay_mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pathloom {

namespace {

void append_resized(const Picture& grey, const VisionSpec& spec, std::vector<float>& out)
{
    append_light(resized(grey, spec.width, spec.height), out);
}

void append_copy(const Picture& grey, std::uint64_t seed, const VisionSpec& spec, std::vector<float>& out)
{
    const CopyRecipe recipe = copy_recipe(seed);
    const CopyShape shape = copy_shape(recipe, grey.width, grey.height);
    Picture copy = resized(cropped(grey, shape.part), shape.width, shape.height);
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

ScenePairs::ScenePairs(std::span<const Picture> pictures, const VisionSpec& vision, const SceneSpec& spec, std::uint64_t seed)
    : m_pictures(pictures)
    , m_vision(vision)
    , m_spec(spec)
    , m_seed(seed)
    , m_pairs(std::min(spec.pairs, int(pictures.size())))
{
    std::vector<PictureMark> marks;
    for (const Picture& picture : pictures) marks.push_back(mark_of(picture));
    for (std::size_t i = 0; i < marks.size(); ++i) m_goes_on.push_back(i + 1 < marks.size() && !is_cut(marks[i], marks[i + 1]));
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

}  // namespace pathloom
