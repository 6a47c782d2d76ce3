// SPDX-License-Identifier: GPL-3.0-or-later
// bfloat16 as a value type: the upper half of an fp32 pattern.
#pragma once

#include <bit>
#include <cstdint>

namespace pathloom {

/// Storage only: kernels widen it to fp32, oneDNN multiplies it.
struct Bf16 {
    std::uint16_t bits = 0;

    /// Rounds to nearest even.
    static Bf16 of(float x)
    {
        const auto pattern = std::bit_cast<std::uint32_t>(x);
        return {std::uint16_t((pattern + 0x7fffu + ((pattern >> 16) & 1u)) >> 16)};
    }
    [[nodiscard]] float value() const { return std::bit_cast<float>(std::uint32_t(bits) << 16); }
    bool operator==(const Bf16&) const = default;
};
static_assert(sizeof(Bf16) == 2);

}  // namespace pathloom
