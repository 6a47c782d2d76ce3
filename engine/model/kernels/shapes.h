// SPDX-License-Identifier: GPL-3.0-or-later
// How tokens and heads lie in memory.
#pragma once

#include <cstddef>

namespace pathloom {

/// Shape of one call. `window` 0 = every earlier token; otherwise a query sees itself and the window - 1 tokens before it.
struct AttentionShape {
    int batch = 0;
    int sequence = 0;
    int heads = 0;
    int head_dim = 0;
    int window = 0;

    /// Tokens a head takes in the packed buffers: rounded up so that tiles end on whole vectors. What is added must be zeros.
    [[nodiscard]] int padded() const { return (sequence + 15) / 16 * 16; }
    /// Elements of a packed buffer [batch, heads, padded, head_dim].
    [[nodiscard]] std::size_t packed_size() const
    {
        return std::size_t(batch) * std::size_t(heads) * std::size_t(padded()) * std::size_t(head_dim);
    }
    /// Floats of `lse`; the last 16 are room for whole vectors.
    [[nodiscard]] std::size_t lse_size() const { return std::size_t(batch) * std::size_t(heads) * std::size_t(sequence) + 16; }
};

}  // namespace pathloom
