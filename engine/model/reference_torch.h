// SPDX-License-Identifier: GPL-3.0-or-later
// The path model once more in plain libtorch with autograd, in double: the measure that the hand-written passes are tested
// against, and the door to devices that they do not serve. No torch in this header.
#pragma once

#include "engine/model/kernels/optimizer.h"
#include "engine/model/path_model.h"

#include <span>
#include <vector>

namespace pathloom {

struct ReferenceResult {
    double loss = 0.0;  ///< mean over the batch's targets
    std::vector<double> gradients;  ///< in the layout's order
    std::vector<double> hidden;  ///< last block's output, [rows * sequence, d_model]
};

/// Forward and backward of the whole model on float64 tensors.
ReferenceResult reference_loss(
    const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters, const TokenBatch& batch);

/// The same for distillation (PathModel::distill): gradients of the mean over the batch's targets of (1 - mix) nll + mix T^2
/// KL(teacher || student) at temperature T; `loss` is that mean. `teacher`: its logits, [rows * sequence, vocabulary].
ReferenceResult reference_distillation(const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters,
    const TokenBatch& batch, std::span<const float> teacher, double temperature, double mix);

/// The same for PathModel::output_gradients: gradients of the sum of outputs times `weights` [rows * sequence, d_model].
ReferenceResult reference_outputs(const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters,
    const TokenBatch& batch, std::span<const float> weights);

/// Parameters after torch::optim::AdamW has taken gradients.size() steps, one gradient each.
std::vector<float> reference_adamw(
    std::vector<float> parameters, const std::vector<std::vector<float>>& gradients, const AdamWStep& settings);

}  // namespace pathloom
