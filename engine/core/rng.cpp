// SPDX-License-Identifier: GPL-3.0-or-later
// Distributions written out in IEEE basic operations (compiled without contraction).
#include "engine/core/rng.h"

#include <cmath>

namespace pathloom {

namespace {

/// Natural logarithm of x in (0, 1] from +, -, *, / only: libm's differs in the last bit between CPUs with and without FMA.
double portable_log(double x)
{
    int exponent = 0;
    double m = std::frexp(x, &exponent);  // exact; m in [0.5, 1)
    if (m < 0.70710678118654752) {
        m *= 2.0;
        --exponent;
    }
    const double s = (m - 1.0) / (m + 1.0);  // |s| < 0.1716: the series of 2 atanh(s) needs 11 terms
    const double s2 = s * s;
    double sum = 0.0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * s2 + 1.0 / double(k);
    return 2.0 * s * sum + double(exponent) * 0.69314718055994531;
}

}  // namespace

std::uint64_t Rng::below(std::uint64_t n)
{
    __extension__ using Wide = unsigned __int128;
    Wide product = Wide(next()) * n;
    if (std::uint64_t(product) < n) {
        const std::uint64_t threshold = (0 - n) % n;
        while (std::uint64_t(product) < threshold) product = Wide(next()) * n;
    }
    return std::uint64_t(product >> 64);
}

double Rng::normal()
{
    if (m_has_spare) {
        m_has_spare = false;
        return m_spare;
    }
    while (true) {
        const double u = 2.0 * uniform() - 1.0;
        const double v = 2.0 * uniform() - 1.0;
        const double s = u * u + v * v;
        if (s >= 1.0 || s == 0.0) continue;
        const double scale = std::sqrt(-2.0 * portable_log(s) / s);  // sqrt is correctly rounded by IEEE
        m_spare = v * scale;
        m_has_spare = true;
        return u * scale;
    }
}

double Rng::truncated_normal(double cut)
{
    while (true) {
        const double x = normal();
        if (x >= -cut && x <= cut) return x;
    }
}

}  // namespace pathloom
