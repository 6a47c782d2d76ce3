// SPDX-License-Identifier: GPL-3.0-or-later
// Loss against position (Gemini 1.5 report 5.2.1.1): the cumulative mean loss up to a position, estimated from windows at
// log-spaced places, with its power law alpha x^beta + gamma.
#pragma once

#include "engine/probe/memory_view.h"
#include "engine/probe/needle_grid.h"

#include <functional>
#include <span>
#include <vector>

namespace pathloom {

struct LossPoint {
    std::size_t position = 0;  ///< first token of the window
    int tokens = 0;
    double nll = 0.0;  ///< mean over the window, nats a token, with everything before each token in memory
    double nll_window = 0.0;  ///< the same without a memory: the sliding window alone
    double cumulative = 0.0;  ///< estimated mean from the beginning to the end of the stratum
};

struct PowerLaw {
    double alpha = 0.0, beta = 0.0, gamma = 0.0;  ///< L(x) = alpha x^beta + gamma
    double r2 = 0.0;
};

struct PositionLossRequest {
    std::size_t length = 0;  ///< tokens of the document used
    int windows = 24, window = 64;
    AnswerOptions answer;
};

/// `done` sees each point; false stops with Cancelled. Usage when the document is too short for the windows.
Result<std::vector<LossPoint>> position_loss(ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request,
    const std::function<bool(const LossPoint&)>& done);

/// Least squares over (x, y), x > 0: beta by search in [-3, -0.001], alpha and gamma in closed form. Needs 4 points or more.
PowerLaw fit_power_law(std::span<const double> x, std::span<const double> y);

}  // namespace pathloom
