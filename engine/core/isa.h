// SPDX-License-Identifier: GPL-3.0-or-later
// The instruction set class of this machine: equal tasks give equal bits only within one class.
#pragma once

#include <string>

namespace pathloom {

/// "amx-bf16", "avx512-bf16", "avx512", "avx2" or "portable".
std::string cpu_isa();

}  // namespace pathloom
