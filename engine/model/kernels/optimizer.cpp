// SPDX-License-Identifier: GPL-3.0-or-later
// Loss rows and the parameter update, each one pass over memory.
#include "engine/model/kernels/optimizer.h"

#include "engine/model/kernels/simd.h"

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

PATHLOOM_CLONES float row_max(const float* __restrict x, int n)
{
    float top = x[0];
#pragma omp simd reduction(max : top)
    for (int i = 0; i < n; ++i) top = x[i] > top ? x[i] : top;
    return top;
}

PATHLOOM_CLONES float exp_sum(const float* __restrict x, int n, float top)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; ++i) sum += fast_exp(x[i] - top);
    return sum;
}

PATHLOOM_CLONES float exp_in_place(float* __restrict x, int n, float top)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; ++i) {
        x[i] = fast_exp(x[i] - top);
        sum += x[i];
    }
    return sum;
}

PATHLOOM_CLONES void scale_row(float* __restrict x, int n, float factor)
{
    for (int i = 0; i < n; ++i) x[i] *= factor;
}

struct AdamWFloats {
    float decay, beta1, one_minus_beta1, beta2, one_minus_beta2, step_size, inverse_root_correction, eps, gradient_scale;
};

PATHLOOM_CLONES void adamw_loop(const AdamWFloats c, std::size_t n, float* __restrict theta, const float* __restrict gradient,
    float* __restrict m, float* __restrict v)
{
    for (std::size_t i = 0; i < n; ++i) {
        const float g = gradient[i] * c.gradient_scale;
        m[i] = c.beta1 * m[i] + c.one_minus_beta1 * g;
        v[i] = c.beta2 * v[i] + c.one_minus_beta2 * g * g;
        theta[i] = theta[i] * c.decay - c.step_size * m[i] / (std::sqrt(v[i]) * c.inverse_root_correction + c.eps);
    }
}

PATHLOOM_CLONES double square_loop(const float* __restrict x, std::size_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < n; ++i) sum += double(x[i]) * double(x[i]);
    return sum;
}

}  // namespace

void cross_entropy_forward(const float* logits, std::span<const std::int32_t> targets, int vocabulary, float* nll)
{
    for (std::size_t r = 0; r < targets.size(); ++r) {
        const float* row = logits + r * std::size_t(vocabulary);
        nll[r] = 0.0f;
        if (targets[r] < 0) continue;
        const float top = row_max(row, vocabulary);
        nll[r] = std::log(exp_sum(row, vocabulary, top)) + top - row[targets[r]];
    }
}

void cross_entropy_backward(float* logits, std::span<const std::int32_t> targets, int vocabulary, float scale, float* nll)
{
    for (std::size_t r = 0; r < targets.size(); ++r) {
        float* row = logits + r * std::size_t(vocabulary);
        nll[r] = 0.0f;
        if (targets[r] < 0) {
            std::fill_n(row, vocabulary, 0.0f);
            continue;
        }
        const float top = row_max(row, vocabulary);
        const float wanted = row[targets[r]];
        const float sum = exp_in_place(row, vocabulary, top);
        nll[r] = std::log(sum) + top - wanted;
        scale_row(row, vocabulary, scale / sum);
        row[targets[r]] -= scale;
    }
}

void adamw_update(
    const AdamWStep& step, std::span<float> theta, std::span<const float> gradient, std::span<float> m, std::span<float> v)
{
    const double correction1 = 1.0 - std::pow(step.beta1, double(step.step));
    const double correction2 = 1.0 - std::pow(step.beta2, double(step.step));
    const AdamWFloats c{float(1.0 - step.lr * step.weight_decay), float(step.beta1), float(1.0 - step.beta1), float(step.beta2),
        float(1.0 - step.beta2), float(step.lr / correction1), float(1.0 / std::sqrt(correction2)), float(step.eps),
        float(step.gradient_scale)};
    adamw_loop(c, theta.size(), theta.data(), gradient.data(), m.data(), v.data());
}

double sum_of_squares(std::span<const float> x)
{
    return square_loop(x.data(), x.size());
}

}  // namespace pathloom
