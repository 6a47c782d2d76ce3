// SPDX-License-Identifier: GPL-3.0-or-later
// What the last tokens were about: a decaying sum of embeddings, each weighted by how telling its token is. Keys and queries hold
// it beside the state of the window blocks, so that a question meets the sentence that answers it before attention has learnt to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pathloom {

struct BagShape {
    int rows = 0, sequence = 0, d = 0;
    float decay = 0.9f;  ///< from one token to the next
    int width = 0;  ///< tokens summed; 0 = all before
};

/// out_i = sum_{k < width} decay^k exp(salience[t_{i-k}]) embedding[t_{i-k}] within each row of `tokens` [rows, sequence].
void bag_forward(
    const BagShape& shape, std::span<const std::int32_t> tokens, const float* embedding, const float* salience, float* out);
/// Adds to dembedding [vocabulary, d] and dsalience [vocabulary]; dout [rows * sequence, d].
void bag_backward(const BagShape& shape, std::span<const std::int32_t> tokens, const float* embedding, const float* salience,
    const float* dout, float* dembedding, float* dsalience);

/// Salience of each token from how often it occurs: twice the logarithm of a tenth of its inverse document frequency.
void salience_from_counts(std::span<const std::int64_t> counts, std::span<float> salience);

}  // namespace pathloom
