// SPDX-License-Identifier: GPL-3.0-or-later
// Counter-based random numbers: the same seed gives the same numbers on every machine and compiler.
// No libstdc++ distribution and no libm call (whose last bit depends on the CPU) is involved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace pathloom {

/// splitmix64's finaliser (Steele, Lea, Flood 2014): a bijection with full avalanche.
constexpr std::uint64_t splitmix64_finalise(std::uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/// One key out of several: order matters. For seeds such as mix(seed, path, phase).
constexpr std::uint64_t mix(std::uint64_t a)
{
    return splitmix64_finalise(a + 0x9e3779b97f4a7c15ULL);
}
template <class... More>
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b, More... more)
{
    return mix(mix(a) ^ (b + 0x632be59bd9b4e019ULL), std::uint64_t(more)...);
}
/// Key of a text (FNV-1a, then mixed): for seeds that depend on a name.
constexpr std::uint64_t text_key(std::string_view text)
{
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const char c : text) h = (h ^ std::uint64_t(static_cast<unsigned char>(c))) * 0x100000001b3ULL;
    return mix(h);
}

/// The splitmix64 sequence of `seed`: value i is a pure function of (seed, i).
class Rng {
public:
    explicit Rng(std::uint64_t seed)
        : m_seed(seed)
    {
    }
    std::uint64_t next() { return splitmix64_finalise(m_seed + ++m_counter * 0x9e3779b97f4a7c15ULL); }
    /// In [0, 1), 53 random bits.
    double uniform() { return double(next() >> 11) * 0x1.0p-53; }
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// In [0, n), n >= 1, without modulo bias (Lemire 2019).
    std::uint64_t below(std::uint64_t n);
    /// Standard normal (Marsaglia's polar method).
    double normal();
    /// Standard normal conditioned on |x| <= cut.
    double truncated_normal(double cut = 2.0);
    /// Fisher-Yates.
    template <class T>
    void shuffle(std::span<T> values)
    {
        for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[std::size_t(below(i))]);
    }

private:
    std::uint64_t m_seed;
    std::uint64_t m_counter = 0;
    double m_spare = 0.0;
    bool m_has_spare = false;
};

}  // namespace pathloom
