// SPDX-License-Identifier: GPL-3.0-or-later
// Which devices a worker offers: a pure function of what was asked for and what the backend reports.
#pragma once

#include "engine/core/result.h"

#include <optional>
#include <string>
#include <vector>

namespace pathloom {

/// --device: "auto", "cpu", "cuda" or "cuda:N".
struct DeviceWish {
    enum class Kind { Auto, Cpu, Cuda };
    Kind kind = Kind::Auto;
    std::optional<int> index;  ///< of a CUDA device; none = the first that will do
    bool operator==(const DeviceWish&) const = default;
};
Result<DeviceWish> parse_device(const std::string& text);

/// What became of loading the backend.
struct BackendReport {
    std::string problem;  ///< why there is none; empty = it is loaded
    std::string version;  ///< "libtorch 2.1.0"
    std::vector<bool> cuda;  ///< a CUDA device each: whether it computes in bf16
};

struct DeviceChoice {
    bool cpu = true;  ///< takes tasks of CPU runs
    std::optional<int> cuda;  ///< takes tasks of CUDA runs, on this device
    std::string reason;  ///< one line for the log
};
/// auto: the CPU, and the first CUDA device with bf16 if there is one. cpu: the CPU. cuda: that device alone; Unsupported when
/// the backend or the device is missing or computes no bf16, which a run may ask for.
Result<DeviceChoice> choose_device(const DeviceWish& wish, const BackendReport& backend);

}  // namespace pathloom
