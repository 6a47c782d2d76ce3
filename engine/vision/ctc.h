// SPDX-License-Identifier: GPL-3.0-or-later
// Connectionist temporal classification (Graves et al. 2006): a text's likelihood when nobody says where its letters stand.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pathloom {

/// logits [steps, classes]; class 0 is the blank. Returns -log p(labels), and adds weight * its gradient to `gradient`
/// [steps, classes]. Infinite, without a gradient, when the labels do not fit into the steps.
double ctc_loss(std::span<const float> logits, int classes, std::span<const int> labels, float weight, std::span<float> gradient);

struct CtcSymbol {
    int symbol = 0;  ///< index into the alphabet
    std::size_t step = 0;  ///< where it begins
    bool operator==(const CtcSymbol&) const = default;
};
/// The best class of each step, repeats as one, blanks left out.
std::vector<CtcSymbol> ctc_best(std::span<const float> logits, int classes);

}  // namespace pathloom
