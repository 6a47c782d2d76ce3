// SPDX-License-Identifier: GPL-3.0-or-later
// A path in plain libtorch operations on any of its devices: what reference_torch computes, in fp32 or bf16 and with AdamW beside
// it. No torch in this header.
#pragma once

#include "engine/model/device.h"

namespace pathloom {

/// `device` as torch names it. Throws when libtorch does.
std::unique_ptr<DevicePath> make_torch_path(
    const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string& device);

/// Whether a product of two matrices on this device comes out right in bfloat16.
bool torch_computes_bf16(const std::string& device);

}  // namespace pathloom
