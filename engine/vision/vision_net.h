// SPDX-License-Identifier: GPL-3.0-or-later
// The frame encoder and its reader as one network with its backward pass. The encoder sees one picture at a time and knows no
// question; the reader sees rows only, which is why they can lie in a memory between the two. Keys lie in the space of a text
// reader's keys: what scores them is the query that reader makes from a question (docs/vision.md).
#pragma once

#include "engine/model/kernels/convolution.h"
#include "engine/model/kernels/products.h"
#include "engine/vision/vision_spec.h"

#include <span>
#include <vector>

namespace pathloom {

/// What one forward pass gives; B pictures of R rows of 8 pixels, C columns, T tokens, Q questions, K = key_dim, L = look_dim.
struct VisionOutputs {
    std::vector<float> line;  ///< [B, R, C]: logits that a line of letters is here
    std::vector<float> rows;  ///< [B, T, 2 K + L]: unit key, unit value, half a unit look
    std::vector<float> wanted;  ///< [Q, B, T]: logits that the token is what each question asks for
    std::vector<float> spelled;  ///< [B, C, FrameSymbols]: what the values say, from the left
};

/// The looks of memory rows [n, row_dim] as unit vectors [n, look_dim].
std::vector<float> unit_looks(const VisionSpec& spec, std::span<const float> rows);

class VisionNet {
public:
    VisionNet(const VisionSpec& spec, std::vector<float> values);
    [[nodiscard]] const VisionSpec& spec() const { return m_spec; }
    [[nodiscard]] const VisionLayout& layout() const { return m_layout; }
    [[nodiscard]] std::span<float> parameters() { return m_values; }
    [[nodiscard]] std::span<const float> parameters() const { return m_values; }
    [[nodiscard]] std::span<float> gradients() { return m_gradients; }

    /// `pictures` [batch, height, width] of light around 0; the height is a multiple of 8 and need not be the spec's. `queries`
    /// [Q, key_dim] of unit length; without any `wanted` stays empty.
    const VisionOutputs& forward(std::span<const float> pictures, int batch, int height, std::span<const float> queries = {});
    /// The outputs' gradients (of the last forward; `rows` is not used) become the parameters'.
    void backward(const VisionOutputs& slopes);
    /// `slopes` [B, T, L] of the unit looks (of the last forward) become the gradients of what makes looks, and of nothing else:
    /// looks read what the encoder sees for its letters and do not change it.
    void backward_looks(std::span<const float> slopes);

    /// The logit of a cosine between query and key.
    [[nodiscard]] float logit(float cosine) const;
    /// What a value [K] says: [SymbolsAToken, FrameSymbols].
    [[nodiscard]] std::vector<float> spell(std::span<const float> value) const;

private:
    struct Stage {
        ConvolutionShape shape;
        std::size_t filter = 0, gain = 0, bias = 0;
        std::vector<float> convolved, normed, active, rstd;
    };
    struct Block {
        ConvolutionShape shape;
        std::size_t filter = 0, gain = 0;
        std::vector<float> in, normed, active, rstd;
    };
    [[nodiscard]] const float* at(std::size_t offset) const { return m_values.data() + offset; }
    [[nodiscard]] float* slope(std::size_t offset) { return m_gradients.data() + offset; }
    void set_shapes(int batch, int height);
    void run_stage(Stage& stage, const float* x);
    void unwind_stage(Stage& stage, const float* x, std::vector<float>& dy, std::vector<float>* dx);
    void run_block(Block& block, std::vector<float>& x);
    void unwind_block(Block& block, std::vector<float>& dy);
    void pool_lines();
    void unwind_pool(std::span<const float> dpooled, std::span<const float> dline, std::vector<float>& dfeatures);
    void read_rows();
    void look();
    void unwind_reader(const VisionOutputs& slopes, std::vector<float>& dlast);

    VisionSpec m_spec;
    VisionLayout m_layout;
    std::vector<float> m_values, m_gradients;
    Convolutions m_convolutions;
    Products<float> m_products;
    std::vector<Stage> m_stages;
    std::vector<Block> m_fine, m_blocks;
    int m_batch = 0, m_height = 0;
    std::vector<float> m_pictures, m_queries, m_share, m_pooled, m_merged_in, m_joined, m_last_in, m_last, m_last_rstd, m_keys,
        m_values_raw;
    std::vector<float> m_look_inputs, m_looks_raw;
    VisionOutputs m_out;
};

}  // namespace pathloom
