// SPDX-License-Identifier: GPL-3.0-or-later
// Loss against position (Gemini 1.5 report 5.2.1.1): the mean loss of a token that has so many tokens of its document before it,
// the cumulative mean up to a position, and its power law alpha x^beta + gamma.
//
// A single document gives one token a position, and passages differ in how hard they are by more than any context changes them.
// So the same targets, in windows spread over the last quarter, are scored with the last 128, 181, 256 ... tokens before them.
#pragma once

#include "engine/probe/needle_grid.h"

#include <functional>
#include <span>
#include <vector>

namespace pathloom {

struct LossPoint {
    std::size_t position = 0;  ///< tokens of the document before the token foretold
    int tokens = 0;  ///< targets measured
    double nll = 0.0;  ///< their mean loss, nats a token, with that many tokens before them in memory
    double nll_window = 0.0;  ///< the same without a memory: the sliding window alone
    double cumulative = 0.0;  ///< estimated mean over the positions up to this one; each point stands for the stretch before it
};

struct PowerLaw {
    double alpha = 0.0, beta = 0.0, gamma = 0.0;  ///< L(x) = alpha x^beta + gamma
    double r2 = 0.0;
};

struct PositionLossRequest {
    std::size_t length = 0;  ///< tokens of the document used; positions reach to three quarters of it
    int windows = 24, window = 64;  ///< stretches of targets, and targets in each
    AnswerOptions answer;
};

/// The points so far, from `done` of the windows.
using LossProgress = std::function<bool(const std::vector<LossPoint>& points, int done)>;

/// `progress` sees the points after each window; false stops with Cancelled. A reader with a CopyMixture in its gate is measured
/// with it, another with its own copying. Usage when the document is too short for the windows.
Result<std::vector<LossPoint>> position_loss(
    ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request, const LossProgress& progress);

/// Least squares over (x, y), x > 0: beta by search in [-3, -0.001], alpha and gamma >= 0 in closed form. Needs 4 points or more.
PowerLaw fit_power_law(std::span<const double> x, std::span<const double> y);

}  // namespace pathloom
