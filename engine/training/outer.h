// SPDX-License-Identifier: GPL-3.0-or-later
// The outer step of one module: combine the paths' pseudo-gradients, then Nesterov (DiPaCo Alg. 1, DiLoCo section 2). No torch.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace pathloom {

/// alpha_i for the paths through one module. mean: 1/n. shard-weighted: |D_i| / sum over this module's own paths.
/// raw-alpha: |D_i| / total (paper Eq. 3 read literally). With sqrt_paths all are multiplied by sqrt(n) (paper 2.7).
std::vector<double> combine_weights(const OuterSpec& outer, std::span<const std::int64_t> shard_sizes, std::int64_t total);

struct Contribution {
    int path = 0;
    std::filesystem::path delta;  ///< theta_old - theta_path as encode_delta() writes it
    double weight = 0.0;  ///< from combine_weights
};

struct OuterResult {
    std::vector<std::byte> module;  ///< safetensors of the next version
    std::vector<std::byte> momentum;  ///< safetensors of the momentum buffer; empty when the optimiser keeps none
    double gradient_norm = 0.0;  ///< L2 norm of the combined pseudo-gradient
    double mean_cosine = 1.0;  ///< mean pairwise cosine of the contributions
    std::vector<double> path_norms;  ///< in the order of `contributions`
    /// Cosine of each pair of contributions, (0, 1), (0, 2) ... (1, 2) ...; empty for one contribution and for more than
    /// MostCosinePaths. Estimated from a signed sketch of SketchSize numbers a contribution: exact for a module that small, else
    /// with a standard error of about 1 / sqrt(SketchSize).
    std::vector<float> path_cosines;
};

inline constexpr std::size_t SketchSize = 4096;
inline constexpr std::size_t MostCosinePaths = 64;

/// The sum of one module's pseudo-gradients while they come in. They are added in the order of `expected` (callers pass ascending
/// paths) whatever arrives first: an early one is only looked at (its norm) and waits as a file for its turn, so the order of
/// arrival never reaches the bits. Holds 12 bytes a parameter, and a sketch of each contribution. One thread at a time.
class OuterSum {
public:
    struct Expected {
        int path = 0;
        double weight = 0.0;  ///< from combine_weights
    };
    /// `module` is the version the contributions were computed against, `codec` how they are written (OuterSpec::codec). Corrupt
    /// when the module is not all F32.
    static Result<OuterSum> open(
        const std::filesystem::path& module, std::vector<Expected> expected, const std::string& codec = "fp32");
    OuterSum(OuterSum&&) noexcept;
    OuterSum& operator=(OuterSum&&) noexcept;
    ~OuterSum();

    /// The pseudo-gradient of `path`; one that is in already changes nothing. Corrupt when a tensor is missing or has another
    /// shape, when it is written with another codec, or when a value is not finite; Usage for a path that is not expected. After
    /// an error the sum is as before.
    Result<void> add(int path, const std::filesystem::path& delta);
    [[nodiscard]] bool has(int path) const;
    [[nodiscard]] bool complete() const;
    /// The outer step in fp32, once complete.
    Result<OuterResult> step(const OuterSpec& outer, const std::optional<std::filesystem::path>& momentum) const;

private:
    struct Impl;
    explicit OuterSum(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// One outer step with everything at hand. Contributions are summed in the order given (callers pass ascending paths, so the sum
/// does not depend on arrival order), in fp32 with the optimiser of `outer`. Errors: Corrupt when a tensor is missing or has
/// another shape.
Result<OuterResult> outer_step(const OuterSpec& outer, const std::filesystem::path& module,
    const std::optional<std::filesystem::path>& momentum, std::span<const Contribution> contributions);

}  // namespace pathloom
