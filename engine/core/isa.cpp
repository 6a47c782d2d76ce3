// SPDX-License-Identifier: GPL-3.0-or-later
// cpuid through the compiler's runtime, which also checks that the operating system saves the wide registers.
#include "engine/core/isa.h"

namespace pathloom {

std::string cpu_isa()
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512bf16")) return "avx512-bf16";
    if (avx512) return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
    return "portable";
}

}  // namespace pathloom
