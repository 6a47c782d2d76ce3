// SPDX-License-Identifier: GPL-3.0-or-later
// Highway picks a target for the whole process; we only rule one out and name them.
#include "engine/model/kernels/targets.h"

#include "engine/model/kernels/dispatch.h"

#include <algorithm>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/model/kernels/targets.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h: compiled once for each target.
#include "engine/model/kernels/simd-inl.h"

PATHLOOM_BEFORE_NAMESPACE();
namespace pathloom::HWY_NAMESPACE {

void ExpEach(const float* x, std::size_t n, float* y)
{
    for_lanes(n, [&](std::size_t i, auto part) PATHLOOM_INLINE { store(exponential(load(x + i, part)), y + i, part); });
}

}  // namespace pathloom::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pathloom {
namespace {

HWY_EXPORT(ExpEach);

struct Named {
    std::int64_t target;
    const char* name;
};
constexpr Named Names[] = {{HWY_AVX3_DL, "avx512-bf16"}, {HWY_AVX3, "avx512"}, {HWY_AVX2, "avx2"}, {HWY_SCALAR, "portable"}};

bool exclude_what_lacks_bf16()
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx512bf16")) hwy::DisableTargets(HWY_AVX3_DL);
#endif
    return true;
}

}  // namespace

bool simd::ready()
{
    static const bool done = exclude_what_lacks_bf16();
    return done;
}

std::vector<std::string> simd_targets()
{
    simd::ready();
    const std::int64_t chosen = hwy::SupportedTargets();
    hwy::SetSupportedTargetsForTest(0);
    const std::int64_t supported = hwy::SupportedTargets() | HWY_SCALAR;
    hwy::SetSupportedTargetsForTest(chosen);
    std::vector<std::string> names;
    for (const Named& named : Names) {
        if ((supported & HWY_TARGETS & named.target) != 0) names.emplace_back(named.name);
    }
    return names;
}

std::string simd_target()
{
    simd::ready();
    for (const Named& named : Names) {
        if ((hwy::SupportedTargets() & HWY_TARGETS & named.target) != 0) return named.name;
    }
    return "portable";
}

bool use_simd_target(const std::string& name)
{
    const std::vector<std::string> known = simd_targets();
    for (const Named& named : Names) {
        if (named.name != name || std::find(known.begin(), known.end(), name) == known.end()) continue;
        hwy::SetSupportedTargetsForTest(named.target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        return true;
    }
    return false;
}

void exp_each(const float* x, std::size_t n, float* y)
{
    PATHLOOM_DISPATCH(ExpEach)(x, n, y);
}

}  // namespace pathloom
#endif
