// SPDX-License-Identifier: GPL-3.0-or-later
// The outer step of one module: combine the paths' pseudo-gradients, then Nesterov (DiPaCo Alg. 1, DiLoCo section 2). No torch.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace pathloom {

/// alpha_i for the paths through one module. mean: 1/n. shard-weighted: |D_i| / sum over this module's own paths.
/// raw-alpha: |D_i| / total (paper Eq. 3 read literally). With sqrt_paths all are multiplied by sqrt(n) (paper 2.7).
std::vector<double> combine_weights(const OuterSpec& outer, std::span<const std::int64_t> shard_sizes, std::int64_t total);

struct Contribution {
    int path = 0;
    std::filesystem::path delta;  ///< safetensors, same tensors as the module; theta_old - theta_path
    double weight = 0.0;  ///< from combine_weights
};

struct OuterResult {
    std::vector<std::byte> module;  ///< safetensors of the next version
    std::vector<std::byte> momentum;  ///< safetensors of the momentum buffer; empty when the optimiser keeps none
    double gradient_norm = 0.0;  ///< L2 norm of the combined pseudo-gradient
    double mean_cosine = 1.0;  ///< mean pairwise cosine of the contributions
    std::vector<double> path_norms;  ///< in the order of `contributions`
};

/// One outer step. Contributions are summed in the order given (callers pass ascending paths, so the sum does not depend on
/// arrival order), in fp32 with the optimiser of `outer`. Errors: Corrupt when a tensor is missing or has another shape.
Result<OuterResult> outer_step(const OuterSpec& outer, const std::filesystem::path& module,
    const std::optional<std::filesystem::path>& momentum, std::span<const Contribution> contributions);

}  // namespace pathloom
