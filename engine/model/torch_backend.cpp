// SPDX-License-Identifier: GPL-3.0-or-later
// The shared object pathloom-torch: libtorch's devices behind engine/model/device.h.
#include "engine/core/one_line.h"
#include "engine/core/version.h"
#include "engine/model/torch_path.h"

#include <torch/torch.h>
#include <torch/version.h>

#include <cstdlib>

namespace pathloom {
namespace {

class TorchBackend final : public DeviceBackend {
public:
    TorchBackend()
    {
        // Equal tasks must give equal bits on one kind of device; an operation that cannot is warned about, not refused.
        ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
        at::globalContext().setDeterministicAlgorithms(true, true);
    }
    [[nodiscard]] std::string version() const override { return "libtorch " TORCH_VERSION; }
    [[nodiscard]] std::vector<CudaDevice> cuda_devices() const override
    {
        std::vector<CudaDevice> devices;
        const auto count = torch::cuda::is_available() ? torch::cuda::device_count() : 0;
        for (std::size_t i = 0; i < std::size_t(count); ++i) devices.push_back({torch_computes_bf16(fmt::format("cuda:{}", i))});
        return devices;
    }
    Result<std::unique_ptr<DevicePath>> make_path(
        const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string& device) override
    {
        try {
            return make_torch_path(model, layout, precision, device);
        } catch (const std::exception& error) {
            return fail(ErrorCode::Unsupported, "cannot compute on {}: {}", device, one_line(error.what()).substr(0, 200));
        }
    }
};

}  // namespace
}  // namespace pathloom

extern "C" __attribute__((visibility("default"))) pathloom::DeviceBackend* pathloom_device_backend(const char* version)
{
    static pathloom::TorchBackend backend;
    return pathloom::program_version == version ? &backend : nullptr;
}
