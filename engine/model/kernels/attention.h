// SPDX-License-Identifier: GPL-3.0-or-later
// Causal attention, full or within a sliding window, by tiles: memory and (for a window) cost linear in length.
#pragma once

#include "engine/model/kernels/products.h"
#include "engine/model/kernels/shapes.h"

#include <memory>

namespace pathloom {

/// Attention over activations of E (float or Bf16); scores, sums and lse are fp32. Queries, keys and values are packed by head
/// ([batch, heads, padded, head_dim]), outputs are rows of tokens [batch * sequence, heads * head_dim].
template <class E>
class Attention {
public:
    Attention();
    ~Attention();
    Attention(Attention&&) noexcept;
    Attention& operator=(Attention&&) noexcept;

    /// out = softmax(q k^T / sqrt(head_dim)) v; lse keeps the log-sum-exp of each row for the backward pass.
    void forward(const AttentionShape& shape, const E* q, const E* k, const E* v, E* out, float* lse);
    /// Probabilities are recomputed tile by tile from lse. dq, dk and dv are packed by head and overwritten.
    void backward(const AttentionShape& shape, const E* q, const E* k, const E* v, const E* out, const float* lse, const E* dout,
        E* dq, E* dk, E* dv);

private:
    struct Lane;
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Columns [column, column + heads * head_dim) of token rows with `ld` elements, packed by head, and back.
template <class E>
void pack_heads(const AttentionShape& shape, const E* rows, int ld, E* packed);
template <class E>
void unpack_heads(const AttentionShape& shape, const E* packed, E* rows, int ld);

}  // namespace pathloom
