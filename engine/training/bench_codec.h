// SPDX-License-Identifier: GPL-3.0-or-later
// What encoding and decoding of pseudo-gradients costs, on every instruction set of this CPU.
#pragma once

#include "engine/core/bench.h"

#include <cstdint>

namespace pathloom {

/// A pseudo-gradient of so many parameters to a blob and back, `repeats` times; medians, gigabytes of fp32 a second.
Result<BenchReport> bench_codec(std::int64_t parameters, int repeats);

}  // namespace pathloom
