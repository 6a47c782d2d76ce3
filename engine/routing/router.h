// SPDX-License-Identifier: GPL-3.0-or-later
// Routers decide which cell (path without its replica) a sequence belongs to. Coarse routing, DiPaCo section 2.4. No torch.
#pragma once

#include "engine/core/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// n prefix features of d floats, row major: z = mean last-block state of the warm-start model over the prefix.
struct FeatureMatrix {
    std::vector<float> values;
    std::int64_t rows = 0;
    int columns = 0;
    [[nodiscard]] std::span<const float> row(std::int64_t i) const
    {
        return std::span<const float>(values).subspan(std::size_t(i) * std::size_t(columns), std::size_t(columns));
    }
};

/// A fitted router. Later routers (product k-means, discriminative, token router) implement the same interface.
class Router {
public:
    virtual ~Router() = default;
    [[nodiscard]] virtual std::string kind() const = 0;  ///< "kmeans", "random", "none"
    [[nodiscard]] virtual int cells() const = 0;
    /// Cell of each row. `sequence_ids` are the rows of the sequence table (what a random router hashes).
    [[nodiscard]] virtual std::vector<int> assign(const FeatureMatrix& z, std::span<const std::int32_t> sequence_ids) const = 0;
    [[nodiscard]] virtual std::vector<std::byte> serialise() const = 0;  ///< safetensors
};

/// Fit on training features. kind "kmeans": L2-normalised rows, k-means++ seeding, Lloyd until no row moves or 100 rounds,
/// empty clusters re-seeded with the farthest row; deterministic in `seed`. "random": hash of (seed, sequence id). "none": cell
/// 0.
Result<std::unique_ptr<Router>> fit_router(const std::string& kind, const FeatureMatrix& train, int cells, std::uint64_t seed);
Result<std::unique_ptr<Router>> load_router(std::span<const std::byte> safetensors);
/// Whether a router of this kind needs prefix features at all.
bool router_needs_features(const std::string& kind);

}  // namespace pathloom
