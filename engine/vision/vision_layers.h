// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over short rows that the frame encoder is made of.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pathloom {

/// In a fixed order, sixteen sums side by side, so that it is vectorised and gives the same bits everywhere it is.
inline float dot(const float* a, const float* b, std::size_t n)
{
    float parts[16] = {};
    std::size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (std::size_t j = 0; j < 16; ++j) parts[j] += a[i + j] * b[i + j];
    float sum = 0.0f;
    for (; i < n; ++i) sum += a[i] * b[i];
    for (const float part : parts) sum += part;
    return sum;
}

inline void add_scaled(const float* x, float factor, std::size_t n, float* y)
{
    for (std::size_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

/// Every row of x [rows, width] gains `bias`.
inline void add_bias(const float* bias, int rows, int width, float* x)
{
    for (int r = 0; r < rows; ++r) add_scaled(bias, 1.0f, std::size_t(width), x + std::ptrdiff_t(r) * width);
}

/// sum += the sum of the rows of x [rows, width].
inline void sum_rows(const float* x, int rows, int width, float* sum)
{
    for (int r = 0; r < rows; ++r) add_scaled(x + std::ptrdiff_t(r) * width, 1.0f, std::size_t(width), sum);
}

inline float inverse_length(const float* x, std::size_t n)
{
    return 1.0f / std::max(1e-12f, std::sqrt(dot(x, x, n)));
}

/// Of length 1.
inline void to_unit(const float* x, std::size_t n, float* unit)
{
    const float inverse = inverse_length(x, n);
    for (std::size_t i = 0; i < n; ++i) unit[i] = x[i] * inverse;
}

/// dx = d loss / d x for unit = x / |x| and dunit = d loss / d unit.
inline void unwind_unit(const float* x, const float* unit, const float* dunit, std::size_t n, float* dx)
{
    const float inverse = inverse_length(x, n), along = dot(unit, dunit, n);
    for (std::size_t i = 0; i < n; ++i) dx[i] = (dunit[i] - along * unit[i]) * inverse;
}

}  // namespace pathloom
