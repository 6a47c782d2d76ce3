// SPDX-License-Identifier: GPL-3.0-or-later
// numpy's default generator.
#include "engine/probe/score/numpy_random.h"

#include <array>
#include <bit>
#include <cstddef>

namespace pathloom {

namespace {

/// numpy's SeedSequence: a pool of four words stirred by multiplicative hashes, read out by another one.
class SeedSequence {
public:
    explicit SeedSequence(std::uint64_t entropy)
    {
        std::uint32_t constant = 0x43b0d7e5;
        const auto hash = [&](std::uint32_t value) {
            value ^= constant;
            constant *= 0x931e8875;
            value *= constant;
            return value ^ value >> 16;
        };
        m_pool = {hash(std::uint32_t(entropy)), hash(std::uint32_t(entropy >> 32)), hash(0), hash(0)};
        for (std::size_t from = 0; from < m_pool.size(); ++from)
            for (std::size_t to = 0; to < m_pool.size(); ++to)
                if (from != to) {
                    const std::uint32_t mixed = 0xca01f9ddU * m_pool[to] - 0x4973f715U * hash(m_pool[from]);
                    m_pool[to] = mixed ^ mixed >> 16;
                }
    }
    std::uint64_t next()
    {
        const std::uint64_t low = word();
        return low | std::uint64_t(word()) << 32;
    }

private:
    std::uint32_t word()
    {
        std::uint32_t value = m_pool[m_read++ % m_pool.size()] ^ m_constant;
        m_constant *= 0x58f38dedU;
        value *= m_constant;
        return value ^ value >> 16;
    }
    std::array<std::uint32_t, 4> m_pool{};
    std::uint32_t m_constant = 0x8b51f9dd;
    std::size_t m_read = 0;
};

}  // namespace

NumpyRandom::NumpyRandom(std::uint64_t seed)
{
    SeedSequence sequence(seed);
    const auto pair = [&] {
        const State high = sequence.next();
        return high << 64 | sequence.next();
    };
    const State start = pair();
    m_increment = pair() << 1 | 1;
    next64();
    m_state += start;
    next64();
}

std::uint64_t NumpyRandom::next64()
{
    constexpr State multiplier = State(0x2360ed051fc65da4ULL) << 64 | 0x4385df649fccf645ULL;
    m_state = m_state * multiplier + m_increment;
    return std::rotr(std::uint64_t(m_state >> 64) ^ std::uint64_t(m_state), int(m_state >> 122));
}

std::uint32_t NumpyRandom::next32()
{
    if (m_has_spare) {
        m_has_spare = false;
        return m_spare;
    }
    const std::uint64_t both = next64();
    m_spare = std::uint32_t(both >> 32);
    m_has_spare = true;
    return std::uint32_t(both);
}

std::uint32_t NumpyRandom::below(std::uint32_t n)
{
    if (n == 1) return 0;  // draws nothing, as numpy
    std::uint64_t product = std::uint64_t(next32()) * n;
    if (std::uint32_t(product) < n) {
        const std::uint32_t threshold = (0U - n) % n;
        while (std::uint32_t(product) < threshold) product = std::uint64_t(next32()) * n;
    }
    return std::uint32_t(product >> 32);
}

}  // namespace pathloom
