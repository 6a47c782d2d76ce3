// SPDX-License-Identifier: GPL-3.0-or-later
// Forward-only work: held-out likelihood per domain, and prefix features for the router.
#pragma once

#include "engine/model/path_model.h"
#include "engine/training/data_order.h"
#include "pathloom/v1/tasks.pb.h"

#include <cstdint>
#include <vector>

namespace pathloom {

/// Sums of negative log-likelihood over tokens with an index of at least `prefix`, one entry per domain, ascending.
/// Rows are batched by length; sums are taken in subset order, so batching does not show in the result's last bits.
/// `tokens` is increased by the tokens read.
std::vector<v1::DomainScore> score_subset(
    PathModel& model, const TaskData& data, int sequence, int prefix, int batch, std::int64_t& tokens);

/// z = mean over the first `prefix` tokens of the last block's output, before the final norm (DiPaCo 2.4); [rows, d_model].
/// A row shorter than the prefix is averaged over what it has.
std::vector<float> prefix_features(PathModel& model, const TaskData& data, int prefix, std::int64_t& tokens);

}  // namespace pathloom
