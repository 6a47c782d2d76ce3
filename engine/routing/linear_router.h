// SPDX-License-Identifier: GPL-3.0-or-later
// Discriminative routing, DiPaCo 2.4 and 7.2: a K-class linear logistic classifier on z, fitted to the path that scores a
// sequence best.
#pragma once

#include "engine/routing/router.h"

#include <span>

namespace pathloom {

/// How well a fit went; `accuracy` is on every fifth row, which the choice of the penalty left out.
struct LinearFit {
    double penalty = 0;
    double held_out_nll = 0;  ///< mean, nats
    double held_out_accuracy = 0;
};

/// Multinomial logistic regression of `labels` on standardised rows, by L-BFGS. The L2 penalty is the one of 0.001, 0.01, 0.1, 1
/// that predicts every fifth row best after a fit on the others; the last fit is on all rows. Usage when there is no row, a label
/// is out of range, or rows and labels differ in number; Failed when a feature is not finite.
Result<std::unique_ptr<Router>> fit_linear_router(
    const FeatureMatrix& z, std::span<const int> labels, int cells, LinearFit* report = nullptr);

Result<std::unique_ptr<Router>> load_linear_router(const Safetensors& blob);

/// exp(score) of each cell over their sum: of a discriminative router the probability of each path.
std::vector<double> softmax(std::span<const float> scores);

}  // namespace pathloom
