// SPDX-License-Identifier: GPL-3.0-or-later
// cpuid through the compiler's runtime, which also checks that the operating system saves the wide registers.
#include "engine/core/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace pathloom {

#if defined(__x86_64__)
namespace {

// Tiles of bfloat16, saved by the operating system (bits 17 and 18 of XCR0).
bool has_amx_bf16()
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned AmxBf16 = 1u << 22, AmxTile = 1u << 24;
    if ((d & AmxBf16) == 0 || (d & AmxTile) == 0) return false;
    unsigned low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    constexpr unsigned TileState = 3u << 17;
    return (low & TileState) == TileState;
}

}  // namespace
#endif

std::string cpu_isa()
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#if defined(__x86_64__)
    if (avx512 && __builtin_cpu_supports("avx512bf16") && has_amx_bf16()) return "amx-bf16";
#endif
    if (avx512 && __builtin_cpu_supports("avx512bf16")) return "avx512-bf16";
    if (avx512) return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
    return "portable";
}

std::string worker_isa(bool cpu, bool cuda)
{
    if (!cuda) return cpu_isa();
    return cpu ? cpu_isa() + "+cuda" : "cuda";
}

bool offers_device(std::string_view isa, std::string_view device)
{
    return device == "cuda" ? isa == "cuda" || isa.ends_with("+cuda") : isa != "cuda";
}

}  // namespace pathloom
