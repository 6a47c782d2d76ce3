// SPDX-License-Identifier: GPL-3.0-or-later
// What every training that is one process shares: the learning rate's course, the log's and the state's way through a stop.
#pragma once

#include "engine/core/result.h"
#include "engine/store/safetensors.h"

#include <filesystem>
#include <string>

namespace pathloom {

/// Up in a straight line over `warmup` steps, then a half cosine down to `lr` * `least` at `steps`.
double warm_cosine(double lr, double least, int warmup, int steps, int step);

/// The lines of a JSON log up to `step`, so that a resumed log has no step twice; "" when there is no log.
std::string log_until_step(const std::filesystem::path& file, int step);

/// The step a state was saved at; Exists when it belongs to another identity.
Result<int> state_step(const Safetensors& state, const std::string& identity, const std::filesystem::path& file);

}  // namespace pathloom
