// SPDX-License-Identifier: GPL-3.0-or-later
// What looks are trained on: a picture, and a copy of it or of the one a second later as somebody might have kept it. Batch n is
// a pure function of (pictures, spec, seed, n). Copies are cropped, scaled and lit as the probe's copies are, with noise instead
// of the JPEG: only pathloom-read codes pictures.
#pragma once

#include "engine/core/result.h"
#include "engine/media/picture.h"
#include "engine/vision/vision_spec.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

struct SceneSpec {
    int every = 4;  ///< steps to one that trains looks, too
    int pairs = 12;  ///< of such a step
    double neighbours = 0.5;  ///< share of copies that are of the next picture, where that shows the same shot
    double sharpness = 20.0;  ///< what likenesses are multiplied by before they compete
};
/// Usage naming the field that makes no sense.
Result<void> validate(const SceneSpec& spec);

class ScenePairs {
public:
    /// `pictures`, grey, must outlive this.
    ScenePairs(std::span<const Picture> pictures, const VisionSpec& vision, const SceneSpec& spec, std::uint64_t seed);
    /// Of a batch: as many as asked for, or as there are pictures.
    [[nodiscard]] int pairs() const { return m_pairs; }
    /// [2 pairs, height, width] of light around 0: different pictures, then the copies in the same order.
    [[nodiscard]] std::vector<float> batch(std::uint64_t n) const;
    /// A picture, and its copy as `seed` says, as the encoder takes them.
    [[nodiscard]] std::vector<float> plain(std::size_t picture) const;
    [[nodiscard]] std::vector<float> copy(std::size_t picture, std::uint64_t seed) const;

private:
    std::span<const Picture> m_pictures;
    VisionSpec m_vision;
    SceneSpec m_spec;
    std::uint64_t m_seed;
    int m_pairs;
    std::vector<bool> m_goes_on;  // whether the next picture is of the same shot
};

}  // namespace pathloom
