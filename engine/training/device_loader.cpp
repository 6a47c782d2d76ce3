// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/device_loader.h"

#include "engine/core/one_line.h"
#include "engine/core/resources.h"
#include "engine/core/version.h"
#include "engine/model/device.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace pathloom {

namespace {

/// A driver of NVIDIA, of AMD (libtorch calls both "cuda") or of Windows beneath us has left its device file.
bool gpu_may_be_there()
{
    constexpr std::array<const char*, 3> files{"/dev/nvidiactl", "/dev/kfd", "/dev/dxg"};
    return std::ranges::any_of(files, [](const char* file) {
        std::error_code ignored;
        return std::filesystem::exists(file, ignored);
    });
}

}  // namespace

std::filesystem::path device_backend_file()
{
    return exe_dir().parent_path() / "lib" / "pathloom" / "pathloom-torch.so";
}

Result<DeviceBackend*> load_device_backend(const std::filesystem::path& file)
{
    void* object = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!object) return fail(ErrorCode::Unsupported, "the GPU backend cannot be loaded ({})", one_line(::dlerror()));
    const auto make = reinterpret_cast<DeviceBackendFactory>(::dlsym(object, device_backend_symbol));
    DeviceBackend* backend = make ? make(std::string(program_version).c_str()) : nullptr;
    if (!backend)
        return fail(
            ErrorCode::Unsupported, "{} is of another version than this program; install one version of both", file.string());
    return backend;
}

Result<WorkerDevices> find_devices(const std::string& text)
{
    PATHLOOM_TRY(const DeviceWish wish, parse_device(text));
    WorkerDevices found;
    BackendReport report;
    if (wish.kind == DeviceWish::Kind::Cuda || (wish.kind == DeviceWish::Kind::Auto && gpu_may_be_there())) {
        if (const auto backend = load_device_backend(device_backend_file())) {
            found.backend = *backend;
            report.version = found.backend->version();
            for (const CudaDevice& device : found.backend->cuda_devices()) report.cuda.push_back(device.bf16);
        } else {
            report.problem = backend.error().message;
        }
    } else {
        report.problem = "this machine has no GPU driver, so libtorch is not loaded";
    }
    PATHLOOM_TRY(found.choice, choose_device(wish, report));
    return found;
}

}  // namespace pathloom
