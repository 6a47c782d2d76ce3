// SPDX-License-Identifier: GPL-3.0-or-later
// First weights of a module.
#pragma once

#include "engine/model/topology.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pathloom {

/// Safetensors bytes (F32) of a fresh module of this column. Each tensor's values depend only on (seed, its name, its shape):
/// cutting a model into other columns does not change them, and every machine makes the same bytes.
std::vector<std::byte> init_column(const ModelSpec& model, const Column& column, std::uint64_t seed);

}  // namespace pathloom
