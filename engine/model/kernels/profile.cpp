// SPDX-License-Identifier: GPL-3.0-or-later
// CPU time of the thread rather than the clock on the wall: a busy machine must not look like a slow kernel.
#include "engine/model/kernels/profile.h"

#include <ctime>

namespace pathloom {
namespace {

thread_local Profile* current = nullptr;

std::int64_t cpu_nanoseconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

const char* kernel_name(Kernel kernel)
{
    switch (kernel) {
    case Kernel::PackWeights:
        return "pack weights";
    case Kernel::Embedding:
        return "embedding";
    case Kernel::Norm:
        return "norms and residuals";
    case Kernel::Convolution:
        return "convolution";
    case Kernel::QkRope:
        return "qk-norm and rope";
    case Kernel::Activation:
        return "swiglu or gelu";
    case Kernel::ExpertRouting:
        return "choice of experts";
    case Kernel::ForwardProducts:
        return "block products, forward";
    case Kernel::InputGradientProducts:
        return "block products, input gradients";
    case Kernel::WeightGradientProducts:
        return "block products, weight gradients";
    case Kernel::AttentionProducts:
        return "attention products";
    case Kernel::AttentionSoftmax:
        return "attention softmax";
    case Kernel::HeadProducts:
        return "head products";
    case Kernel::CrossEntropy:
        return "cross-entropy";
    case Kernel::ClearGradients:
        return "clear gradients";
    case Kernel::ClipNorm:
        return "gradient norm";
    case Kernel::AdamW:
        return "adamw";
    case Kernel::Count:
        break;
    }
    return "";
}

Profile::Profile()
    : m_outer(current)
{
    current = this;
}

Profile::~Profile()
{
    current = m_outer;
}

ProfileScope::ProfileScope(Kernel kernel)
    : m_profile(current)
    , m_kernel(kernel)
{
    if (!m_profile) return;
    m_begin = cpu_nanoseconds();
    m_around = m_profile->m_open;
    if (m_around) m_around->count_until(m_begin);
    m_profile->m_open = this;
}

ProfileScope::~ProfileScope()
{
    if (!m_profile) return;
    const std::int64_t now = cpu_nanoseconds();
    count_until(now);
    m_profile->m_open = m_around;
    if (m_around) m_around->m_begin = now;
}

void ProfileScope::count_until(std::int64_t now)
{
    m_profile->m_nanoseconds[std::size_t(m_kernel)] += now - m_begin;
    m_begin = now;
}

}  // namespace pathloom
