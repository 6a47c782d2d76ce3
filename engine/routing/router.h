// SPDX-License-Identifier: GPL-3.0-or-later
// Routers decide which cell (path without its replica) a sequence belongs to. Coarse routing, DiPaCo section 2.4. No torch.
#pragma once

#include "engine/core/result.h"
#include "engine/store/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <map>
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

/// A fitted router: a score for each cell, plus a bias a cell that balancing has set; the highest wins, the lowest cell of
/// equals.
class Router {
public:
    Router() = default;
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;
    virtual ~Router() = default;
    [[nodiscard]] virtual std::string kind() const = 0;  ///< as in routing.router
    [[nodiscard]] virtual int cells() const = 0;
    /// Floats a feature must have; 0 when features do not matter.
    [[nodiscard]] virtual int feature_columns() const { return 0; }

    /// Score of each cell for one row, bias included; `out` has cells() entries. `sequence_id` is the row of the sequence table:
    /// what a router without features hashes. Features of another width are a bug.
    void score(std::span<const float> z, std::int32_t sequence_id, std::span<float> out) const;
    /// Cell of each row.
    [[nodiscard]] std::vector<int> assign(const FeatureMatrix& z, std::span<const std::int32_t> sequence_ids) const;
    /// The n best cells of each row, best first, [rows, n]; n at most cells().
    [[nodiscard]] std::vector<int> best(const FeatureMatrix& z, std::span<const std::int32_t> sequence_ids, int n) const;

    /// One number a cell, empty = none. See balance.h.
    [[nodiscard]] const std::vector<float>& bias() const { return m_bias; }
    void set_bias(std::vector<float> bias);
    [[nodiscard]] std::vector<std::byte> serialise() const;  ///< safetensors; load_router reads it back

protected:
    virtual void raw_score(std::span<const float> z, std::int32_t sequence_id, std::span<float> out) const = 0;
    /// Tensors and metadata of this kind, without "kind" and "bias".
    virtual void describe(std::vector<TensorView>& tensors, std::map<std::string, std::string>& metadata) const = 0;

private:
    std::vector<float> m_bias;
};

/// Fit on training features; deterministic in `seed`.
///   "kmeans"         centred and L2-normalised rows, k-means++ seeding, Lloyd until no row moves or 100 rounds
///   "product-kmeans" the same on each half of z: cell = i * k2 + j; `split` decides k1 (see product_split)
///   "random"         hash of (seed, sequence id)
///   "round-robin"    sequence ids dealt to the cells in turn, in an order of the cells that `seed` decides for every round
///   "none"           cell 0
/// "discriminative" is fitted on scores instead: linear_router.h. Usage for an unknown kind or too few rows, Failed when a
/// feature is not finite.
Result<std::unique_ptr<Router>> fit_router(
    const std::string& kind, const FeatureMatrix& train, int cells, std::uint64_t seed, int split = 0);
Result<std::unique_ptr<Router>> load_router(std::span<const std::byte> safetensors);

/// Clusters of the first half in a product of two: cells = k1 * k2 with both at least 2. `modules` are those of each level; the
/// levels are cut in two groups whose products are as close as they get, so that each half of z chooses modules of its own
/// levels; one level is cut into two factors as close as they get. 0 when there is no such product.
int product_split(std::span<const int> modules);

/// Whether a router of this kind needs prefix features at all.
bool router_needs_features(const std::string& kind);

}  // namespace pathloom
