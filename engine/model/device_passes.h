// SPDX-License-Identifier: GPL-3.0-or-later
// A device as the passes of a PathModel: keeps the host's parameters and the device's in step.
#pragma once

#include "engine/model/device.h"
#include "engine/model/passes.h"

#include <memory>
#include <vector>

namespace pathloom {

class DevicePasses final : public Passes {
public:
    /// `parameters` of them.
    DevicePasses(std::unique_ptr<DevicePath> path, std::size_t parameters, int d_model, int vocabulary);

    double loss_and_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const SoftTargets* soft) override;
    /// Not on a device: such losses are computed on the CPU.
    [[noreturn]] double output_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const PathModel::OutputLoss& loss) override;
    void logits(std::span<const float> hidden, const float* values, float* out) override;
    void score(const TokenBatch& batch, const float* values, float* nll) override;
    std::span<const float> hidden(const TokenBatch& batch, const float* values) override;

    /// Training where the parameters are: nothing but tokens and losses crosses over.
    DevicePath::Slope find_gradients(const TokenBatch& batch, const float* values, const SoftTargets* soft);
    void update(const AdamWStep& step);
    DevicePath& path() { return *m_path; }

    /// The host is about to read and change its parameters: bring them up to date, and take them from there next time.
    void hand_over(std::span<float> values);

private:
    enum class Newer { Neither, Host, Device };
    void take(const float* values);

    std::unique_ptr<DevicePath> m_path;
    std::size_t m_parameters;
    std::size_t m_d, m_vocabulary;
    Newer m_newer = Newer::Host;
    std::vector<float> m_hidden;
};

}  // namespace pathloom
