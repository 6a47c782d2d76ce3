// SPDX-License-Identifier: GPL-3.0-or-later
// Prefix features as points on a plane: their two main axes.
#pragma once

#include "engine/routing/router.h"

#include <array>

namespace pathloom {

struct Projection {
    std::vector<std::array<float, 2>> points;  ///< one a row
    std::array<double, 2> explained{};  ///< part of the variance along each axis
};

/// Principal components of `z`, centred and normalised as the routers do it. Axes by power iteration, signs fixed so that the
/// largest entry is positive; equal features give equal points.
Projection project(const FeatureMatrix& z);

}  // namespace pathloom
