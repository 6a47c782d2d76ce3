// SPDX-License-Identifier: GPL-3.0-or-later
// Shape, tensors and first weights of the frame encoder: a convolutional stem, blocks along a line of patches, a key, a value and
// a look for each frame token; and of its reader, which scores keys by a question and spells what values hold.
#pragma once

#include "engine/core/result.h"
#include "engine/model/logistic.h"
#include "engine/store/safetensors.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What a value can say of a third of its patch's width: nothing, a letter (without its case), a digit, a quotation mark.
inline constexpr std::string_view FrameAlphabet = " abcdefghijklmnopqrstuvwxyz0123456789\"";
inline constexpr int FrameSymbols = int(FrameAlphabet.size());
inline constexpr int SymbolsAToken = 3;

/// Sizes. A picture is grey, width x height; a frame token is one of `tokens()` upright strips.
struct VisionSpec {
    int width = 384, height = 216;
    std::array<int, 4> stem = {16, 32, 64, 64};  ///< channels; strides are (2, 2), (2, 1), (2, 1), (1, 1)
    int fine_blocks = 2;  ///< along columns of two pixels
    int d_model = 128;
    int blocks = 5;  ///< along tokens, each reaching twice as far as the one before
    int key_dim = 128;  ///< of keys and of values
    int look_dim = 32;  ///< of looks: what a strip shows, letters aside

    [[nodiscard]] int columns() const { return width / 2; }
    [[nodiscard]] int tokens() const { return columns() / SymbolsAToken; }
    /// Of a memory row: the key, then the value, both of length 1, then the look, of length 1/2: one scale fits all three.
    [[nodiscard]] int row_dim() const { return 2 * key_dim + look_dim; }
    bool operator==(const VisionSpec&) const = default;
};
inline constexpr int VisionRowPixels = 8;  ///< of a picture's height to one row of the stem's output

/// Usage naming the field that makes no sense.
Result<void> validate(const VisionSpec& spec);

struct VisionTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::size_t offset = 0, size = 0;
    bool decay = false;  ///< weight decay applies
    double deviation = 0.0, mean = 0.0;  ///< of the first weights
};

/// Tensors one after the other in a flat fp32 buffer.
class VisionLayout {
public:
    explicit VisionLayout(const VisionSpec& spec);
    [[nodiscard]] const std::vector<VisionTensor>& tensors() const { return m_tensors; }
    [[nodiscard]] std::size_t at(const std::string& name) const;  ///< offset; a bug when there is none
    [[nodiscard]] std::size_t size() const { return m_size; }

private:
    void add(const std::string& name, std::vector<std::int64_t> shape, double deviation, double mean = 0.0);
    std::vector<VisionTensor> m_tensors;
    std::map<std::string, std::size_t> m_index;
    std::size_t m_size = 0;
};

std::vector<float> first_vision_weights(const VisionSpec& spec, std::uint64_t seed);

struct VisionWeights {
    VisionSpec spec;
    std::vector<float> values;
    Logistic gate = {};  ///< above 0: a picture answers (measure_frame())
    std::string reader;  ///< sha256 of the text reader whose queries the keys answer to
};
/// Safetensors (fp32: it is small) whose metadata holds the spec, the gate and the reader.
std::vector<std::byte> write_vision(const VisionWeights& weights);
/// Corrupt when a tensor is missing, of another shape, or not finite.
Result<VisionWeights> read_vision(const Safetensors& file);

}  // namespace pathloom
