// SPDX-License-Identifier: GPL-3.0-or-later
// Prefix features made comparable: centred, and of length one.
#pragma once

#include "engine/routing/router.h"

#include <span>
#include <vector>

namespace pathloom {

/// Mean of each column, summed in double.
std::vector<float> column_means(const FeatureMatrix& z);

/// `out` = (z - mean) / |z - mean|, a row of zeros when nothing is left. Hidden states share one large component that says
/// nothing about the text; without it the directions spread.
void normalise(std::span<const float> z, std::span<const float> mean, std::span<float> out);

/// Every row of `z` normalised.
FeatureMatrix normalised(const FeatureMatrix& z, std::span<const float> mean);

/// Columns [first, first + count) of `z`.
FeatureMatrix columns_of(const FeatureMatrix& z, int first, int count);

/// Failed when a value is not finite.
Result<void> check_finite(const FeatureMatrix& z);

}  // namespace pathloom
