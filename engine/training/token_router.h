// SPDX-License-Identifier: GPL-3.0-or-later
// The token router of DiPaCo 2.4 and 7: the warm-start transformer, fine-tuned to say after every window of tokens which path
// will lose least over the rest of the sequence.
#pragma once

#include "engine/training/data_order.h"
#include "engine/training/task_runner.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

struct TokenRouterResult {
    std::vector<float> scores;  ///< [apply rows, windows, cells]; zeros where a window is not full
    int windows = 0;
    int steps = 0;  ///< behind the parameters that were kept
    double held_out_nll = 0.0;  ///< theirs on every fifth row, mean, nats
    std::int64_t tokens = 0;  ///< trained and routed
};

/// The model's last states at the ends of windows, brought to length sqrt(d), go through a linear layer of `cells` outputs that
/// starts at zero; both are trained (AdamW, the layer at ten times the rate) on the cross-entropy to `labels` [fit rows,
/// windows], -1 where there is none. Every fifth row is held out; after each pass over the others it is scored, the best
/// parameters are kept and training ends when three passes in a row were no better, or after `spec.steps`. Usage when no row has
/// a label.
Result<TokenRouterResult> train_token_router(
    PathModel& model, const TaskData& fit, std::span<const std::int32_t> labels, const TaskData& apply, const v1::TaskSpec& spec);

}  // namespace pathloom
