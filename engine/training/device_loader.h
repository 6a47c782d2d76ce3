// SPDX-License-Identifier: GPL-3.0-or-later
// Finds out what a worker can compute on. Loads libtorch only when a GPU may be there or is asked for: it costs 0.6 s and 160 MB.
#pragma once

#include "engine/model/device_choice.h"
#include "engine/training/task_runner.h"

#include <filesystem>
#include <string>

namespace pathloom {

struct WorkerDevices {
    DeviceChoice choice;
    DeviceBackend* backend = nullptr;
    [[nodiscard]] TaskDevice task_device() const
    {
        return choice.cuda ? TaskDevice{backend, fmt::format("cuda:{}", *choice.cuda)} : TaskDevice{};
    }
};
/// `wish` as in --device. Usage or Unsupported (choose_device).
Result<WorkerDevices> find_devices(const std::string& wish);

/// Where pathloom-torch lies beside the running program.
std::filesystem::path device_backend_file();
/// Opens it, for as long as the process lives. Unsupported when it is not there, lacks a library, or is of another version.
Result<DeviceBackend*> load_device_backend(const std::filesystem::path& file);

}  // namespace pathloom
