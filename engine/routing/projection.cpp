// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/projection.h"

#include "engine/core/rng.h"
#include "engine/routing/features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pathloom {
namespace {

double length(const std::vector<double>& v)
{
    return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

std::vector<double> covariance(const FeatureMatrix& x, const std::vector<float>& mean)
{
    const auto d = std::size_t(x.columns);
    std::vector<double> out(d * d, 0.0), row(d);
    for (std::int64_t i = 0; i < x.rows; ++i) {
        for (std::size_t j = 0; j < d; ++j) row[j] = double(x.row(i)[j]) - double(mean[j]);
        for (std::size_t j = 0; j < d; ++j)
            for (std::size_t k = j; k < d; ++k) out[j * d + k] += row[j] * row[k] / double(x.rows);
    }
    for (std::size_t j = 0; j < d; ++j)
        for (std::size_t k = 0; k < j; ++k) out[j * d + k] = out[k * d + j];
    return out;
}

/// The direction that `matrix` stretches most, and by how much.
std::pair<std::vector<double>, double> main_axis(const std::vector<double>& matrix, std::size_t d)
{
    Rng rng(1);
    std::vector<double> axis(d), next(d);
    for (double& a : axis) a = rng.normal();
    double stretch = 0;
    for (int round = 0; round < 1000; ++round) {
        for (std::size_t j = 0; j < d; ++j)
            next[j] = std::inner_product(axis.begin(), axis.end(), matrix.begin() + std::ptrdiff_t(j * d), 0.0);
        const double norm = length(next);
        if (norm <= 0) return {std::vector<double>(d, 0.0), 0.0};
        double moved = 0;
        for (std::size_t j = 0; j < d; ++j) {
            next[j] /= norm;
            moved = std::max(moved, std::abs(next[j] - axis[j]));
        }
        axis = next;
        stretch = norm;
        if (moved < 1e-9) break;
    }
    const auto largest = std::ranges::max_element(axis, {}, [](double a) { return std::abs(a); });
    if (*largest < 0)
        for (double& a : axis) a = -a;
    return {axis, stretch};
}

}  // namespace

Projection project(const FeatureMatrix& z)
{
    Projection out;
    out.points.resize(std::size_t(z.rows));
    if (z.rows < 2 || z.columns < 1) return out;
    const FeatureMatrix x = normalised(z, column_means(z));
    const std::vector<float> mean = column_means(x);
    const auto d = std::size_t(z.columns);
    std::vector<double> matrix = covariance(x, mean);
    double variance = 0;
    for (std::size_t j = 0; j < d; ++j) variance += matrix[j * d + j];
    for (std::size_t axis = 0; axis < 2 && variance > 0; ++axis) {
        const auto [direction, stretch] = main_axis(matrix, d);
        out.explained[axis] = stretch / variance;
        for (std::size_t i = 0; i < out.points.size(); ++i) {
            double at = 0;
            for (std::size_t j = 0; j < d; ++j) at += (double(x.row(std::int64_t(i))[j]) - double(mean[j])) * direction[j];
            out.points[i][axis] = float(at);
        }
        for (std::size_t j = 0; j < d; ++j)
            for (std::size_t k = 0; k < d; ++k) matrix[j * d + k] -= stretch * direction[j] * direction[k];
    }
    return out;
}

}  // namespace pathloom
