// SPDX-License-Identifier: GPL-3.0-or-later
// Where the time of an inner step goes, by kernel. Off unless a Profile is alive on the thread: then one clock reading a scope.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pathloom {

/// What a step spends its time on. Products are oneDNN's; everything else is ours.
enum class Kernel {
    PackWeights,
    Embedding,
    Norm,
    Convolution,
    QkRope,
    Activation,
    ExpertRouting,
    ForwardProducts,
    InputGradientProducts,
    WeightGradientProducts,
    AttentionProducts,
    AttentionSoftmax,
    HeadProducts,
    CrossEntropy,
    ClearGradients,
    ClipNorm,
    AdamW,
    Count
};
inline constexpr std::size_t KernelCount = std::size_t(Kernel::Count);

/// "norms", "qk-norm and rope", ...
const char* kernel_name(Kernel kernel);

class ProfileScope;

/// Collects CPU seconds of this thread by kernel while it lives; the innermost one counts.
class Profile {
public:
    Profile();
    ~Profile();
    Profile(const Profile&) = delete;
    Profile& operator=(const Profile&) = delete;
    void clear() { m_nanoseconds = {}; }
    [[nodiscard]] double seconds(Kernel kernel) const { return 1e-9 * double(m_nanoseconds[std::size_t(kernel)]); }

private:
    friend class ProfileScope;
    std::array<std::int64_t, KernelCount> m_nanoseconds{};
    Profile* m_outer;
    ProfileScope* m_open = nullptr;
};

/// Counts from here to the end of the block for `kernel`; a scope inside it counts for its own.
class ProfileScope {
public:
    explicit ProfileScope(Kernel kernel);
    ~ProfileScope();
    ProfileScope(const ProfileScope&) = delete;
    ProfileScope& operator=(const ProfileScope&) = delete;

private:
    void count_until(std::int64_t now);

    Profile* m_profile;
    ProfileScope* m_around = nullptr;
    Kernel m_kernel;
    std::int64_t m_begin = 0;
};

}  // namespace pathloom
