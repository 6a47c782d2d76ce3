// SPDX-License-Identifier: GPL-3.0-or-later
// What computes behind a PathModel: our kernels in one of two precisions, or a device.
#pragma once

#include "engine/model/path_model.h"

namespace pathloom {

class Passes {
public:
    virtual ~Passes() = default;
    virtual double loss_and_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const SoftTargets* soft)
        = 0;
    virtual double output_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const PathModel::OutputLoss& loss)
        = 0;
    virtual void logits(std::span<const float> hidden, const float* values, float* out) = 0;
    virtual void score(const TokenBatch& batch, const float* values, float* nll) = 0;
    virtual std::span<const float> hidden(const TokenBatch& batch, const float* values) = 0;
};

}  // namespace pathloom
