// SPDX-License-Identifier: GPL-3.0-or-later
// The element-wise half of tiled attention: one tile of scores at a time, never the whole matrix.
#pragma once

#include "engine/model/kernels/bf16.h"

namespace pathloom {

/// Tile of a causal score matrix: row r may see the columns [first_lo + r, first_hi + r), cut to [0, columns). Rows lie `ld`
/// apart, in scores and in results alike; ld is at least `columns` rounded up to 16, and what lies between is written too.
struct SoftmaxTile {
    int rows = 0;
    int columns = 0;
    int ld = 0;
    int first_lo = 0;
    int first_hi = 0;
};

/// Rows are queries: probs = exp(scale (score - row maximum)), 0 where a row may not see; inverse[row] = 1 / sum of its probs and
/// lse[row] = log of the sum of exp(scale score). fp32 may work in place.
void softmax_forward(const SoftmaxTile& tile, float scale, const float* scores, float* probs, float* lse, float* inverse);
void softmax_forward(const SoftmaxTile& tile, float scale, const float* scores, Bf16* probs, float* lse, float* inverse);
/// out[r, :] = x[r, :] * factor[r], rows of `width`.
void scale_rows(const float* x, int ld_x, const float* factor, int rows, int width, float* out, int ld_out);
void scale_rows(const float* x, int ld_x, const float* factor, int rows, int width, Bf16* out, int ld_out);

/// Rows are keys, columns are queries: probs = exp(scale score - lse[column]), dscores = probs (dprobs - dot[column]) scale; 0
/// where a query may not see. fp32 may work in place.
void softmax_backward(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, float* probs, float* dscores);
void softmax_backward(const SoftmaxTile& tile, float scale, const float* lse, const float* dot, const float* scores,
    const float* dprobs, Bf16* probs, Bf16* dscores);
/// out[r] = sum over `width` of a[r, :] b[r, :].
void row_dots(const float* a, int ld_a, const float* b, int ld_b, int rows, int width, float* out);
void row_dots(const Bf16* a, int ld_a, const Bf16* b, int ld_b, int rows, int width, float* out);

}  // namespace pathloom
