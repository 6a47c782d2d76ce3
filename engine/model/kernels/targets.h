// SPDX-License-Identifier: GPL-3.0-or-later
// Which instruction set the element-wise kernels run on: chosen when the first of them is called.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pathloom {

/// Instruction sets compiled in that this CPU has, best first: "avx512-bf16", "avx512", "avx2", "portable".
std::vector<std::string> simd_targets();
/// The one in use.
std::string simd_target();
/// Use another one from here on (tests compare them all). False when this CPU or build has no such set. Not while kernels run.
bool use_simd_target(const std::string& name);

/// y = exp(x): relative error below 2e-7 for |x| <= 87, clamped beyond. The exponential of every kernel.
void exp_each(const float* x, std::size_t n, float* y);

}  // namespace pathloom
