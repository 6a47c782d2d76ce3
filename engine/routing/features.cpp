// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/features.h"

#include <cmath>

namespace pathloom {

std::vector<float> column_means(const FeatureMatrix& z)
{
    std::vector<double> sum(std::size_t(z.columns), 0.0);
    for (std::int64_t i = 0; i < z.rows; ++i) {
        const auto row = z.row(i);
        for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += double(row[j]);
    }
    std::vector<float> mean(sum.size());
    for (std::size_t j = 0; j < sum.size(); ++j) mean[j] = float(sum[j] / double(z.rows));
    return mean;
}

void normalise(std::span<const float> z, std::span<const float> mean, std::span<float> out)
{
    double squares = 0.0;
    for (std::size_t j = 0; j < z.size(); ++j) {
        out[j] = z[j] - mean[j];
        squares += double(out[j]) * double(out[j]);
    }
    const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
    for (float& x : out) x = float(double(x) * scale);
}

FeatureMatrix normalised(const FeatureMatrix& z, std::span<const float> mean)
{
    FeatureMatrix out{std::vector<float>(z.values.size()), z.rows, z.columns};
    const auto d = std::size_t(z.columns);
    for (std::int64_t i = 0; i < z.rows; ++i) normalise(z.row(i), mean, std::span(out.values).subspan(std::size_t(i) * d, d));
    return out;
}

FeatureMatrix columns_of(const FeatureMatrix& z, int first, int count)
{
    FeatureMatrix out{{}, z.rows, count};
    out.values.reserve(std::size_t(z.rows) * std::size_t(count));
    for (std::int64_t i = 0; i < z.rows; ++i) {
        const auto part = z.row(i).subspan(std::size_t(first), std::size_t(count));
        out.values.insert(out.values.end(), part.begin(), part.end());
    }
    return out;
}

Result<void> check_finite(const FeatureMatrix& z)
{
    for (const float x : z.values)
        if (!std::isfinite(x))
            return fail(ErrorCode::Failed, "a prefix feature is not finite: the warm start diverged; lower training.lr");
    return {};
}

}  // namespace pathloom
