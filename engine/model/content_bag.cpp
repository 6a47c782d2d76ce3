// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/content_bag.h"

#include <cmath>
#include <numeric>
#include <vector>

namespace pathloom {

void bag_forward(
    const BagShape& shape, std::span<const std::int32_t> tokens, const float* embedding, const float* salience, float* out)
{
    const auto d = std::size_t(shape.d);
    const float last = std::pow(shape.decay, float(shape.width));
    for (int r = 0; r < shape.rows; ++r) {
        for (int s = 0; s < shape.sequence; ++s) {
            const auto at = std::size_t(r) * std::size_t(shape.sequence) + std::size_t(s);
            float* y = out + at * d;
            const float weight = std::exp(salience[tokens[at]]);
            const float* e = embedding + std::size_t(tokens[at]) * d;
            const float keep = s > 0 ? shape.decay : 0.0f;
            const float* before = s > 0 ? y - d : y;
            for (std::size_t i = 0; i < d; ++i) y[i] = (s > 0 ? keep * before[i] : 0.0f) + weight * e[i];
            if (shape.width == 0 || s < shape.width) continue;
            const std::size_t old = at - std::size_t(shape.width);
            const float gone = last * std::exp(salience[tokens[old]]);
            const float* o = embedding + std::size_t(tokens[old]) * d;
            for (std::size_t i = 0; i < d; ++i) y[i] -= gone * o[i];
        }
    }
}

void bag_backward(const BagShape& shape, std::span<const std::int32_t> tokens, const float* embedding, const float* salience,
    const float* dout, float* dembedding, float* dsalience)
{
    const auto d = std::size_t(shape.d);
    const float last = std::pow(shape.decay, float(shape.width));
    std::vector<float> sum(d);
    for (int r = 0; r < shape.rows; ++r) {
        sum.assign(d, 0.0f);
        for (int s = shape.sequence - 1; s >= 0; --s) {
            const auto at = std::size_t(r) * std::size_t(shape.sequence) + std::size_t(s);
            for (std::size_t i = 0; i < d; ++i) sum[i] = shape.decay * sum[i] + dout[at * d + i];
            if (shape.width > 0 && s + shape.width < shape.sequence) {
                const float* late = dout + (at + std::size_t(shape.width)) * d;
                for (std::size_t i = 0; i < d; ++i) sum[i] -= last * late[i];
            }
            const float weight = std::exp(salience[tokens[at]]);
            const auto token = std::size_t(tokens[at]);
            float along = 0.0f;
            for (std::size_t i = 0; i < d; ++i) {
                dembedding[token * d + i] += weight * sum[i];
                along += sum[i] * embedding[token * d + i];
            }
            dsalience[token] += weight * along;
        }
    }
}

void salience_from_counts(std::span<const std::int64_t> counts, std::span<float> salience)
{
    const double all = double(std::accumulate(counts.begin(), counts.end(), std::int64_t(0)));
    for (std::size_t i = 0; i < salience.size(); ++i)
        salience[i] = float(2.0 * std::log(std::log(1.0 + all / (1.0 + double(counts[i]))) / 10.0));
}

}  // namespace pathloom
