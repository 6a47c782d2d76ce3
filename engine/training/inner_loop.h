// SPDX-License-Identifier: GPL-3.0-or-later
// The inner optimiser of one path: AdamW with warm-up, cosine decay and global-norm clipping.
#pragma once

#include "engine/core/result.h"
#include "engine/model/path_model.h"
#include "pathloom/v1/tasks.pb.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pathloom {

/// Learning rate of global step `step` (0-based): linear from lr / warmup to lr, then cosine to lr * lr_min_ratio at total_steps.
double learning_rate(const v1::InnerOptimizer& inner, std::int64_t step);

/// A path's AdamW state, kept across phases: first and second moments in the layout of the parameters.
struct InnerState {
    std::vector<float> m, v;
    std::int64_t updates = 0;  ///< AdamW updates behind these moments
    std::vector<float> residual;  ///< error feedback: what the codec has taken from pseudo-gradients so far; empty without
};

InnerState zero_state(const ParameterLayout& layout);
/// Safetensors: "m.<tensor>" and "v.<tensor>" for each tensor, with a residual also "r.<tensor>", metadata "step".
std::vector<std::byte> write_state(const ParameterLayout& layout, const InnerState& state);
/// The moments alone.
Result<InnerState> read_state(const ParameterLayout& layout, const Safetensors& blob);
Result<std::vector<float>> read_residual(const ParameterLayout& layout, const Safetensors& blob);

/// Gradients of `batch`, clipped, then one AdamW update of the model's parameters. Returns the mean loss before the update.
/// Failed when the loss or the gradient is not finite; the parameters are then untouched. With `soft` the gradient is that of
/// distillation and the loss still that of the tokens. A model on a device keeps the moments there (PathModel::set_moments); of
/// `state` only the count of updates is then used.
Result<double> train_step(PathModel& model, InnerState& state, const v1::InnerOptimizer& inner, std::int64_t step,
    const TokenBatch& batch, const SoftTargets* soft = nullptr);

/// The second half of a step: clips the model's gradients and takes the AdamW update. `loss` is only looked at.
Result<void> apply_gradients(
    PathModel& model, InnerState& state, const v1::InnerOptimizer& inner, std::int64_t step, double loss);

}  // namespace pathloom
