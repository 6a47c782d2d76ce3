// SPDX-License-Identifier: GPL-3.0-or-later
// Softmax cross-entropy whose logits come one tile of the vocabulary at a time, so that they never exist as a whole.
#pragma once

#include "engine/model/kernels/bf16.h"

#include <cstdint>
#include <limits>

namespace pathloom {

/// A row's loss as its tiles pass by: sum of exp(logit - top), and the target's own logit.
struct RowLoss {
    float top = -std::numeric_limits<float>::infinity();
    float sum = 0.0f;
    float wanted = 0.0f;
    [[nodiscard]] float log_sum() const;
    /// Negative log-likelihood, nats, once every tile has passed.
    [[nodiscard]] float nll() const { return log_sum() - wanted; }
};

/// Where a tile stands: `rows` rows of `columns` logits, vocabulary entries from `first` on.
struct LogitTile {
    int rows = 0;
    int columns = 0;
    int first = 0;
};

/// Takes a tile into the losses of its rows. Unless null, probs [rows, columns] becomes exp(logit - tops[row]), tops[row] being
/// the row's largest logit in this tile.
void cross_entropy_tile(
    const LogitTile& tile, const float* logits, const std::int32_t* targets, RowLoss* losses, float* probs, float* tops);
void cross_entropy_tile(
    const LogitTile& tile, const float* logits, const std::int32_t* targets, RowLoss* losses, Bf16* probs, float* tops);
/// Once every tile has passed: probs becomes scale (softmax - onehot), or 0 in rows whose target is negative.
void cross_entropy_gradient(
    const LogitTile& tile, const std::int32_t* targets, const RowLoss* losses, const float* tops, float scale, float* probs);
void cross_entropy_gradient(
    const LogitTile& tile, const std::int32_t* targets, const RowLoss* losses, const float* tops, float scale, Bf16* probs);

/// One token of distillation. `student` and `teacher` are its logits [n] and are overwritten, `slopes` [n] becomes scale times
/// the gradient of (1 - mix) nll + mix T^2 KL(softmax(teacher / T) || softmax(student / T)) by the student's logits, that is (1 -
/// mix) (softmax(student) - onehot) + mix T (softmax(student / T) - softmax(teacher / T)). Returns the nll, nats.
float soft_target_row(
    float* student, float* teacher, int n, std::int32_t target, float temperature, float mix, float scale, float* slopes);

}  // namespace pathloom
