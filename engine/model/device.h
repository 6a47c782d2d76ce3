// SPDX-License-Identifier: GPL-3.0-or-later
// A path on a device other than the CPU, as an interface: what computes there is a shared object that a worker loads only when it
// is wanted (ADR 16), so that no program needs libtorch to start. No torch in this header.
#pragma once

#include "engine/core/result.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/products.h"
#include "engine/model/parameters.h"
#include "engine/model/soft_targets.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct TokenBatch;

/// Parameters, gradients and moments live on the device, in the layout's order; inputs and outputs are those of PathModel. Throws
/// std::runtime_error when the device fails (out of memory, lost).
class DevicePath {
public:
    virtual ~DevicePath() = default;
    virtual void set_parameters(std::span<const float> values) = 0;
    virtual void get_parameters(std::span<float> values) const = 0;
    virtual void set_moments(std::span<const float> m, std::span<const float> v) = 0;
    virtual void get_moments(std::span<float> m, std::span<float> v) const = 0;

    struct Slope {
        double loss = 0.0;  ///< mean negative log-likelihood of the batch's targets
        double gradient_norm = 0.0;
    };
    /// PathModel::loss_and_gradients, or distill() with `soft`; the gradients stay where they are.
    virtual Slope find_gradients(const TokenBatch& batch, const SoftTargets* soft) = 0;
    virtual void get_gradients(std::span<float> gradients) const = 0;
    /// One AdamW step along the gradients found last; `step.weight_decay` counts for the tensors that decay.
    virtual void update(const AdamWStep& step) = 0;

    virtual void score(const TokenBatch& batch, std::span<float> nll) = 0;
    virtual void hidden(const TokenBatch& batch, std::span<float> out) = 0;
    virtual void logits(std::span<const float> hidden, std::span<float> out) = 0;
};

/// One CUDA device as the backend sees it.
struct CudaDevice {
    bool bf16 = false;  ///< computes matrix products in bfloat16
};

class DeviceBackend {
public:
    virtual ~DeviceBackend() = default;
    [[nodiscard]] virtual std::string version() const = 0;  ///< "libtorch 1.13.1"
    [[nodiscard]] virtual std::vector<CudaDevice> cuda_devices() const = 0;
    /// `device` is "cuda:0", or "cpu" for tests. Unsupported when it is not there.
    virtual Result<std::unique_ptr<DevicePath>> make_path(
        const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string& device)
        = 0;
};

/// The one symbol of the shared object; a backend of another version of Pathloom gives nothing.
inline constexpr const char* device_backend_symbol = "pathloom_device_backend";
using DeviceBackendFactory = DeviceBackend* (*)(const char* program_version);

}  // namespace pathloom
