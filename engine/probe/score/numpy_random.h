// SPDX-License-Identifier: GPL-3.0-or-later
// numpy.random.default_rng(seed).integers(n): the draws of sacrebleu's bootstrap, so that its intervals come out the same.
#pragma once

#include <cstdint>

namespace pathloom {

/// PCG64 (O'Neill 2014) seeded through numpy's SeedSequence. Only for results that have to equal numpy's; engine/core/rng.h is
/// ours.
class NumpyRandom {
public:
    explicit NumpyRandom(std::uint64_t seed);
    /// In [0, n), 1 <= n <= 2^32 - 1; Lemire's method on the generator's 32-bit halves.
    std::uint32_t below(std::uint32_t n);

private:
    __extension__ using State = unsigned __int128;
    std::uint64_t next64();
    std::uint32_t next32();
    State m_state = 0, m_increment = 0;
    std::uint32_t m_spare = 0;
    bool m_has_spare = false;
};

}  // namespace pathloom
