// SPDX-License-Identifier: GPL-3.0-or-later
// Logistic regressions over a handful of measurements, and how they are fitted.
#pragma once

#include "engine/core/result.h"

#include <array>
#include <span>
#include <vector>

namespace pathloom {

using Measurements = std::array<double, 8>;  ///< in the order of their names; beyond them zero

/// Logit = bias + sum of weight * measurement.
struct Logistic {
    double bias = 0.0;
    Measurements weights{};
    [[nodiscard]] double logit(const Measurements& measured) const;
    bool operator==(const Logistic&) const = default;
};

struct GateExample {
    Measurements measured{};
    bool right = false;
};
/// Penalised maximum likelihood by Newton's method, both classes weighing the same. Usage when a class has no example.
Result<Logistic> fit_logistic(std::span<const GateExample> examples, double penalty);
/// `one` with the bias that decides every example rightly in most of the questions (a list of examples each): "the second" is
/// wrong with one wrong row among forty before it.
Logistic most_questions(Logistic one, std::span<const std::vector<GateExample>> questions);
/// `one` with its bias raised until it accepts all right examples but a share of `lost`.
Logistic accepting(Logistic one, std::span<const GateExample> examples, double lost);

}  // namespace pathloom
