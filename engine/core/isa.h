// SPDX-License-Identifier: GPL-3.0-or-later
// The instruction set class of this machine: equal tasks give equal bits only within one class.
#pragma once

#include <string>
#include <string_view>

namespace pathloom {

/// "amx-bf16", "avx512-bf16", "avx512", "avx2" or "portable".
std::string cpu_isa();

/// What a worker registers as: "avx512-bf16", "avx512-bf16+cuda" (offers both kinds of device) or "cuda" (that alone).
std::string worker_isa(bool cpu, bool cuda);
/// Whether a worker registered as `isa` takes tasks of this kind of device, "cpu" or "cuda". Bits differ between the two, so a
/// run belongs to one.
bool offers_device(std::string_view isa, std::string_view device);

}  // namespace pathloom
