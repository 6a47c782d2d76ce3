// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/copy_mixture.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr double least_likelihood = 1e-9;
constexpr std::size_t numbers = 3 + copying_names.size();
using Numbers = std::array<double, numbers>;  // a mixture as a point of its space

CopyMixture mixture_at(const Numbers& x)
{
    CopyMixture out{x[0], x[1], {x[2], {}}};
    std::copy(x.begin() + 3, x.end(), out.copying.weights.begin());
    return out;
}

Numbers numbers_of(const CopyMixture& mixture)
{
    Numbers out{mixture.cosine_scale, mixture.match_scale, mixture.copying.bias};
    std::copy_n(mixture.copying.weights.begin(), copying_names.size(), out.begin() + 3);
    return out;
}

/// log(1 + n) for every length a match can have.
double log_length(int matched)
{
    static const auto logs = [] {
        std::array<double, LongestMatch + 1> out{};
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::log1p(double(i));
        return out;
    }();
    return logs[std::size_t(std::clamp(matched, 0, LongestMatch))];
}

}  // namespace

double CopyMixture::likelihood(const TextStep& step) const
{
    if (step.hits.empty()) return step.spoken;
    std::array<double, CopiesKept> mass{};
    const std::size_t count = std::min(step.hits.size(), mass.size());
    double highest = -INFINITY, cosine = -1.0;
    std::size_t best = 0;
    int longest = 0, as_long = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const CopyHit& hit = step.hits[i];
        mass[i] = cosine_scale * hit.cosine + match_scale * log_length(hit.matched);
        if (mass[i] > highest) highest = mass[i], best = i;
        cosine = std::max(cosine, hit.cosine);
        if (hit.matched > longest) longest = hit.matched, as_long = 0;
        if (hit.matched == longest) ++as_long;
    }
    double sum = 0.0, copied = 0.0, agreement = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        mass[i] = std::exp(mass[i] - highest);
        sum += mass[i];
        if (step.hits[i].token == step.token) copied += mass[i];
        if (step.hits[i].token == step.hits[best].token) agreement += mass[i];
    }
    const double logit = copying.logit({log_length(longest), cosine, agreement / sum, step.surest, step.entropy / 10.0,
        std::log(double(std::max<std::int64_t>(step.rows, 1))) / 10.0, std::log1p(double(as_long))});
    const double share = 1.0 / (1.0 + std::exp(-logit));
    return share * copied / sum + (1.0 - share) * step.spoken;
}

double loss_of(double probability)
{
    return -std::log(std::max(probability, least_likelihood));
}

double mean_loss(const CopyMixture& mixture, std::span<const TextStep> steps)
{
    double sum = 0.0;
    for (const TextStep& step : steps) sum += loss_of(mixture.likelihood(step));
    return steps.empty() ? 0.0 : sum / double(steps.size());
}

CopyMixture fit_copying(std::span<const TextStep> steps, int rounds)
{
    // Adam with slopes by differences: ten numbers, and a loss without a corner.
    constexpr double apart = 1e-3, rate = 0.15;
    Numbers x = numbers_of(CopyMixture{}), first{}, second{};
    double first_left = 1.0, second_left = 1.0;
    for (int round = 0; round < rounds; ++round) {
        const double here = mean_loss(mixture_at(x), steps);
        Numbers moved = x;
        first_left *= 0.9, second_left *= 0.99;
        for (std::size_t i = 0; i < numbers; ++i) {
            Numbers beside = x;
            beside[i] += apart;
            const double slope = (mean_loss(mixture_at(beside), steps) - here) / apart;
            first[i] = 0.9 * first[i] + 0.1 * slope;
            second[i] = 0.99 * second[i] + 0.01 * slope * slope;
            moved[i] -= rate * (1.0 - double(round) / rounds) * first[i] / (1.0 - first_left)
                / (std::sqrt(second[i] / (1.0 - second_left)) + 1e-8);
        }
        x = moved;
    }
    return mixture_at(x);
}

}  // namespace pathloom
