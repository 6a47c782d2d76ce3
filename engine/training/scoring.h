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

/// Every row's negative log-likelihood in windows: window w sums the targets with an index in [prefix + w * window, prefix + (w +
/// 1)
/// * window); window 0 = one window for all. The number of windows is what a row of `sequence` tokens has.
struct WindowScores {
    int windows = 0;
    std::vector<float> nll;  ///< [rows, windows]
    std::vector<std::int32_t> tokens;  ///< [rows, windows] targets scored
};
WindowScores score_windows(
    PathModel& model, const TaskData& data, int sequence, int prefix, int batch, int window, std::int64_t& tokens);

/// z = mean over the first `prefix` tokens of the last block's output, before the final norm (DiPaCo 2.4); [rows, d_model].
/// A row shorter than the prefix is averaged over what it has.
std::vector<float> prefix_features(PathModel& model, const TaskData& data, int prefix, std::int64_t& tokens);

/// Mean of the last block's output over each window of `window` tokens after the prefix, read in the context of the whole
/// sequence: [rows, windows, d_model], windows as in score_windows; zeros where a row has no token.
std::vector<float> window_features(
    PathModel& model, const TaskData& data, int sequence, int prefix, int window, std::int64_t& tokens);

}  // namespace pathloom
