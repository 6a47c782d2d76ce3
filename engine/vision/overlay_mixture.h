// SPDX-License-Identifier: GPL-3.0-or-later
// What the frame encoder is trained on: real pictures with words drawn over them at random, or none, and a question asked of
// each. Batch n is a pure function of (pictures, spec, writer, seed, n). The words are drawn by the function that draws the
// probe's.
#pragma once

#include "engine/core/rng.h"
#include "engine/media/overlay.h"
#include "engine/vision/vision_spec.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct OverlaySpec {
    double answered = 0.55;  ///< share of pictures that answer what they are asked
    double other = 0.27;  ///< share that say something else
    double usual = 0.5;  ///< of what is drawn: exactly as the probe draws it; the rest differs in size, font, box and light
    double narrow = 0.0;  ///< share of pictures that are cut to 4:3 first: the encoder sees their letters wider
    int strip = 72;  ///< rows of the encoder's picture most batches are cut to
    int strips = 16;  ///< pictures of such a batch
    int whole_every = 4;  ///< each so-manieth batch is of whole pictures instead
    int wholes = 5;
};
/// A line to draw over a picture, and what is asked of the picture.
struct OverlayLine {
    std::string text;  ///< ASCII
    std::string answer;  ///< letters, digits and signs of `text` that answer, "" for none
    std::size_t answer_at = 0;  ///< of `text`
    std::string prompt;
    std::string topic;  ///< what the prompt asks for
};
/// A line that answers what is asked, or one that does not.
using LineWriter = std::function<OverlayLine(Rng& rng, bool answered)>;

/// Usage naming the field that makes no sense.
Result<void> validate(const OverlaySpec& spec, const VisionSpec& vision);

/// B pictures of R rows of 8 pixels, C columns of 2, T tokens.
struct VisionBatch {
    int batch = 0, height = 0;
    std::vector<float> pictures;  ///< [B, height, width]
    std::vector<float> line;  ///< [B, R, C]: 1 where a line of letters is, 0 where none is, -1 at its edge
    std::vector<float> wanted;  ///< [B, T]: 1 where the answer to the picture's own prompt is, 0, -1 at its edge
    std::vector<int> centres;  ///< [B, C]: the symbol whose middle is here, 0 for none
    std::vector<std::vector<int>> labels;  ///< of each picture: its symbols from left to right
    std::vector<std::string> answers;  ///< of each picture: what it answers its prompt, "" when it does not
    std::vector<std::string> prompts;  ///< what is asked of each picture
    std::vector<std::string> topics;  ///< what each prompt asks for: of two with the same topic one picture answers both
};

/// A picture as the encoder takes it: light around 0.
void append_light(const Picture& grey, std::vector<float>& out);

class OverlayMixture {
public:
    /// At least one grey picture, each of a height that strips of the encoder's picture divide evenly.
    OverlayMixture(
        std::vector<Picture> pictures, const VisionSpec& vision, const OverlaySpec& spec, LineWriter writer, std::uint64_t seed);
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
    LineWriter m_writer;
    std::uint64_t m_seed;
};

}  // namespace pathloom
