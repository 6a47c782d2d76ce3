// SPDX-License-Identifier: GPL-3.0-or-later
// What the frame encoder is trained on: real pictures with words drawn over them at random, or none. Batch n is a pure function
// of (pictures, spec, seed, n). The words are drawn by the function that draws the probe's.
#pragma once

#include "engine/core/rng.h"
#include "engine/media/overlay.h"
#include "engine/vision/vision_spec.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct OverlaySpec {
    double secret = 0.55;  ///< share of pictures that say The secret word is "..."
    double other = 0.27;  ///< share that say something else
    double usual = 0.5;  ///< of what is drawn: exactly as the probe draws it; the rest differs in size, font, box and light
    int strip = 72;  ///< rows of the encoder's picture most batches are cut to
    int strips = 16;  ///< pictures of such a batch
    int whole_every = 4;  ///< each so-manieth batch is of whole pictures instead
    int wholes = 5;
};
/// Usage naming the field that makes no sense.
Result<void> validate(const OverlaySpec& spec, const VisionSpec& vision);

/// B pictures of R rows of 8 pixels, C columns of 2, T tokens.
struct VisionBatch {
    int batch = 0, height = 0;
    std::vector<float> pictures;  ///< [B, height, width]
    std::vector<float> line;  ///< [B, R, C]: 1 where a line of letters is, 0 where none is, -1 at its edge
    std::vector<float> wanted;  ///< [B, T]: 1 where the secret word is, 0, -1 at its edge
    std::vector<int> centres;  ///< [B, C]: the symbol whose middle is here, 0 for none
    std::vector<std::vector<int>> labels;  ///< of each picture: its symbols from left to right
    std::vector<std::string> secrets;  ///< of each picture: the secret word, "" when there is none
};

/// A picture as the encoder takes it: light around 0.
void append_light(const Picture& grey, std::vector<float>& out);

class OverlayMixture {
public:
    /// At least one grey picture, each of a height that strips of the encoder's picture divide evenly.
    OverlayMixture(std::vector<Picture> pictures, const VisionSpec& vision, const OverlaySpec& spec, std::uint64_t seed);
    [[nodiscard]] std::span<const Picture> pictures() const { return m_pictures; }
    /// As training takes them: strips, and now and then whole pictures.
    [[nodiscard]] VisionBatch batch(std::uint64_t n) const;
    /// Whole pictures, drawn exactly as the probe draws them.
    [[nodiscard]] VisionBatch usual_batch(std::uint64_t n, int pictures) const;

private:
    void draw(Rng& rng, int height, bool usual, VisionBatch& batch) const;
    std::vector<Picture> m_pictures;
    VisionSpec m_vision;
    OverlaySpec m_spec;
    std::uint64_t m_seed;
};

}  // namespace pathloom
