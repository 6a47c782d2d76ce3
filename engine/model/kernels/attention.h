// SPDX-License-Identifier: GPL-3.0-or-later
// Causal attention, full or within a sliding window, by tiles of query rows: memory and (for a window) cost linear in length.
#pragma once

namespace pathloom {

/// Shape of one call. `window` 0 = every earlier token; otherwise a query sees itself and the window - 1 tokens before it.
struct AttentionShape {
    int batch = 0;
    int sequence = 0;
    int heads = 0;
    int head_dim = 0;
    int window = 0;
};

/// Rows of tokens, [batch * sequence, ld]; head h begins at column h * head_dim.
struct HeadRows {
    float* data = nullptr;
    int ld = 0;
};

/// out = softmax(q k^T / sqrt(head_dim)) v. lse [batch * heads, sequence] keeps log-sum-exp of each row for the backward pass.
void attention_forward(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out, float* lse);
/// dq, dk, dv are overwritten. Probabilities are recomputed tile by tile from lse.
void attention_backward(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out, const float* lse,
    HeadRows dout, HeadRows dq, HeadRows dk, HeadRows dv);

}  // namespace pathloom
