// SPDX-License-Identifier: GPL-3.0-or-later
// What a Highway source file needs before <hwy/foreach_target.h>: the targets we compile, and a call through the chosen one.
#pragma once

// Four of Highway's targets: AVX3_DL, AVX3, AVX2 and plain loops. Debian's Highway 1.0 has no AVX-512 BF16 target, so simd-inl.h
// adds those instructions to AVX3_DL, and ready() rules that target out on CPUs without them.
#define HWY_WANT_AVX3_DL 1
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)

namespace pathloom::simd {

/// Restricts Highway to targets this CPU can run as compiled here; the first call does the work.
bool ready();

}  // namespace pathloom::simd

#define PATHLOOM_DISPATCH(function) (pathloom::simd::ready(), HWY_DYNAMIC_DISPATCH(function))
