// SPDX-License-Identifier: GPL-3.0-or-later
// Made-up prefix features for the tests of this floor.
#pragma once

#include "engine/core/rng.h"
#include "engine/routing/router.h"

#include <numeric>
#include <vector>

namespace pathloom::test {

/// `per_blob` rows around each of `blobs` random centres of length `spread`, all shifted by `offset` in every column;
/// interleaved: row i belongs to blob i % blobs.
inline FeatureMatrix blobs_of(int blobs, int per_blob, int d, double spread, double offset, std::uint64_t seed = 1)
{
    Rng rng(seed);
    std::vector<std::vector<double>> centres;
    for (int b = 0; b < blobs; ++b) {
        std::vector<double> centre(static_cast<std::size_t>(d));
        for (double& x : centre) x = spread * rng.normal();
        centres.push_back(centre);
    }
    FeatureMatrix z{{}, std::int64_t(blobs) * per_blob, d};
    for (int i = 0; i < blobs * per_blob; ++i) {
        for (const double x : centres[std::size_t(i % blobs)]) z.values.push_back(float(offset + x + 0.1 * rng.normal()));
    }
    return z;
}

inline std::vector<std::int32_t> ids(std::int64_t n)
{
    std::vector<std::int32_t> out(static_cast<std::size_t>(n));
    std::iota(out.begin(), out.end(), 0);
    return out;
}

}  // namespace pathloom::test
