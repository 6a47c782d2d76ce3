// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pathloom {

namespace {

constexpr double Never = -std::numeric_limits<double>::infinity();

double log_sum(double a, double b)
{
    if (a < b) std::swap(a, b);
    return b == Never ? a : a + std::log1p(std::exp(b - a));
}

/// log softmax of each step.
std::vector<double> log_probabilities(std::span<const float> logits, std::size_t classes)
{
    std::vector<double> out(logits.begin(), logits.end());
    for (std::size_t row = 0; row < out.size(); row += classes) {
        const auto begin = out.begin() + std::ptrdiff_t(row), end = begin + std::ptrdiff_t(classes);
        const double top = *std::max_element(begin, end);
        double sum = 0.0;
        for (auto i = begin; i != end; ++i) sum += std::exp(*i - top);
        for (auto i = begin; i != end; ++i) *i -= top + std::log(sum);
    }
    return out;
}

}  // namespace

double ctc_loss(std::span<const float> logits, int classes, std::span<const int> labels, float weight, std::span<float> gradient)
{
    const auto k = std::size_t(classes), steps = logits.size() / k, states = 2 * labels.size() + 1;
    const std::vector<double> log_p = log_probabilities(logits, k);
    // States: blank, label, blank, label, ..., blank.
    const auto symbol = [&](std::size_t s) { return s % 2 == 0 ? std::size_t(0) : std::size_t(labels[s / 2]); };
    const auto skips = [&](std::size_t s) { return s % 2 == 1 && s >= 2 && symbol(s) != symbol(s - 2); };  // over a blank
    std::vector<double> alpha(steps * states, Never), beta(steps * states, Never);
    for (std::size_t s = 0; s < std::min<std::size_t>(2, states); ++s) alpha[s] = log_p[symbol(s)];
    for (std::size_t t = 1; t < steps; ++t) {
        for (std::size_t s = 0; s < states; ++s) {
            const double* const before = &alpha[(t - 1) * states];
            double sum = before[s];
            if (s >= 1) sum = log_sum(sum, before[s - 1]);
            if (skips(s)) sum = log_sum(sum, before[s - 2]);
            alpha[t * states + s] = sum == Never ? Never : sum + log_p[t * k + symbol(s)];
        }
    }
    const double* const end = &alpha[(steps - 1) * states];
    const double total = states >= 2 ? log_sum(end[states - 1], end[states - 2]) : end[0];
    if (total == Never) return std::numeric_limits<double>::infinity();
    // beta: what follows a state, without the state itself.
    for (std::size_t s = states - std::min<std::size_t>(2, states); s < states; ++s) beta[(steps - 1) * states + s] = 0.0;
    for (std::size_t t = steps - 1; t-- > 0;) {
        const double* const after = &beta[(t + 1) * states];
        const double* const p = &log_p[(t + 1) * k];
        for (std::size_t s = 0; s < states; ++s) {
            double sum = after[s] == Never ? Never : after[s] + p[symbol(s)];
            if (s + 1 < states && after[s + 1] != Never) sum = log_sum(sum, after[s + 1] + p[symbol(s + 1)]);
            if (s + 2 < states && skips(s + 2) && after[s + 2] != Never) sum = log_sum(sum, after[s + 2] + p[symbol(s + 2)]);
            beta[t * states + s] = sum;
        }
    }
    std::vector<double> share(k);
    for (std::size_t t = 0; t < steps; ++t) {
        std::fill(share.begin(), share.end(), 0.0);
        for (std::size_t s = 0; s < states; ++s) {
            const double here = alpha[t * states + s] + beta[t * states + s];
            if (here > Never) share[symbol(s)] += std::exp(here - total);
        }
        for (std::size_t c = 0; c < k; ++c) gradient[t * k + c] += weight * float(std::exp(log_p[t * k + c]) - share[c]);
    }
    return -total;
}

std::vector<CtcSymbol> ctc_best(std::span<const float> logits, int classes)
{
    std::vector<CtcSymbol> out;
    int last = 0;
    const auto width = std::size_t(classes);
    for (std::size_t step = 0; (step + 1) * width <= logits.size(); ++step) {
        const auto row = logits.subspan(step * width, width);
        const int best = int(std::ranges::max_element(row) - row.begin());
        if (best != last && best != 0) out.push_back({best, step});
        last = best;
    }
    return out;
}

}  // namespace pathloom
