// SPDX-License-Identifier: GPL-3.0-or-later
// A frame encoder small enough to be trained in a test.
#pragma once

#include "engine/vision/overlay_mixture.h"
#include "engine/vision/vision_layers.h"
#include "engine/vision/vision_spec.h"

#include <string>
#include <vector>

namespace pathloom::test {

inline VisionSpec small_encoder()
{
    VisionSpec spec;
    spec.width = 96;
    spec.height = 32;
    spec.stem = {8, 8, 8, 8};
    spec.d_model = 16;
    spec.key_dim = 16;
    spec.look_dim = 8;
    spec.blocks = 2;
    spec.fine_blocks = 1;
    return spec;
}

/// Strips as high as the whole picture.
inline OverlaySpec small_overlays()
{
    OverlaySpec spec;
    spec.strip = 32;
    spec.strips = 2;
    return spec;
}

/// The secret word's line, or another's.
inline OverlayLine short_line(Rng& rng, bool answered)
{
    OverlayLine out{answered ? "The secret word is \"" : "The hidden code is \"", "", 0, "the secret word?", "secret word"};
    std::string word;
    for (std::size_t i = 0, n = 3 + std::size_t(rng.below(8)); i < n; ++i) word += char('a' + rng.below(26));
    if (answered) {
        out.answer = word;
        out.answer_at = out.text.size();
    }
    out.text += word + '"';
    return out;
}

/// A unit vector that is the prompt's own.
inline std::vector<float> query_of(const std::string& prompt, int key_dim)
{
    Rng rng(text_key(prompt));
    std::vector<float> out(static_cast<std::size_t>(key_dim));
    for (float& x : out) x = float(rng.normal());
    to_unit(std::vector<float>(out).data(), out.size(), out.data());
    return out;
}

/// Of all prompts of a batch.
inline std::vector<float> queries_of(const VisionBatch& batch, int key_dim)
{
    std::vector<float> out;
    for (const std::string& prompt : batch.prompts) {
        const std::vector<float> one = query_of(prompt, key_dim);
        out.insert(out.end(), one.begin(), one.end());
    }
    return out;
}

/// Pictures of noise, of `rows` rows.
inline std::vector<Picture> noise(int count, int width, int rows)
{
    Rng rng(3);
    std::vector<Picture> out;
    for (int i = 0; i < count; ++i) {
        Picture picture{width, rows, 1};
        for (int k = 0; k < width * rows; ++k) picture.bytes.push_back(std::uint8_t(rng.below(256)));
        out.push_back(std::move(picture));
    }
    return out;
}

}  // namespace pathloom::test
