// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/logistic.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace pathloom {

namespace {

constexpr std::size_t wide = std::tuple_size_v<Measurements> + 1;  // the bias comes last
using Row = std::array<double, wide>;

/// Solves a x = b for a positive definite `a`, which is destroyed.
Row solve(std::array<Row, wide>& a, Row b)
{
    for (std::size_t i = 0; i < wide; ++i) {
        for (std::size_t j = i + 1; j < wide; ++j) {
            const double factor = a[j][i] / a[i][i];
            for (std::size_t k = i; k < wide; ++k) a[j][k] -= factor * a[i][k];
            b[j] -= factor * b[i];
        }
    }
    for (std::size_t i = wide; i-- > 0;) {
        for (std::size_t k = i + 1; k < wide; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

}  // namespace

double Logistic::logit(const Measurements& measured) const
{
    double sum = bias;
    for (std::size_t i = 0; i < measured.size(); ++i) sum += weights[i] * measured[i];
    return sum;
}

Result<Logistic> fit_logistic(std::span<const GateExample> examples, double penalty)
{
    const auto right = double(std::ranges::count(examples, true, &GateExample::right)), all = double(examples.size());
    if (right < 1.0 || right > all - 1.0)
        return fail(ErrorCode::Usage, "a gate needs examples of both kinds, got {} right ones of {}", right, all);
    Row x{};
    for (int round = 0; round < 50; ++round) {
        Row slope{};
        std::array<Row, wide> curve{};
        for (std::size_t i = 0; i + 1 < wide; ++i) {  // the bias is free
            slope[i] = penalty * x[i];
            curve[i][i] = penalty;
        }
        curve[wide - 1][wide - 1] = 1e-9;
        for (const GateExample& example : examples) {
            Row in{};
            std::ranges::copy(example.measured, in.begin());
            in[wide - 1] = 1.0;
            double logit = 0.0;
            for (std::size_t i = 0; i < wide; ++i) logit += x[i] * in[i];
            const double p = 1.0 / (1.0 + std::exp(-logit)), weight = 0.5 / (example.right ? right : all - right);
            for (std::size_t i = 0; i < wide; ++i) {
                slope[i] += weight * (p - (example.right ? 1.0 : 0.0)) * in[i];
                for (std::size_t j = 0; j < wide; ++j) curve[i][j] += weight * (p * (1.0 - p) + 1e-6) * in[i] * in[j];
            }
        }
        const Row step = solve(curve, slope);
        double moved = 0.0;
        for (const double s : step) moved = std::max(moved, std::abs(s));
        const double shorter = moved > 5.0 ? 5.0 / moved : 1.0;  // far from the minimum a full step overshoots
        for (std::size_t i = 0; i < wide; ++i) x[i] -= shorter * step[i];
        if (moved < 1e-9) break;
    }
    Logistic out;
    std::copy_n(x.begin(), out.weights.size(), out.weights.begin());
    out.bias = x[wide - 1];
    return out;
}

Logistic most_questions(Logistic one, std::span<const std::vector<GateExample>> questions)
{
    // A question is answered by every threshold from its highest wrong logit up to its lowest right one.
    std::vector<std::pair<double, int>> edges;
    for (const auto& question : questions) {
        double wrong = -INFINITY, right = INFINITY;
        for (const GateExample& example : question) {
            const double logit = one.logit(example.measured);
            if (example.right)
                right = std::min(right, logit);
            else
                wrong = std::max(wrong, logit);
        }
        if (!(wrong < right)) continue;
        edges.emplace_back(wrong, 1);
        edges.emplace_back(right, -1);
    }
    std::ranges::sort(edges);
    int answered = 0, most = 0;
    double best = 0.0;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        answered += edges[i].second;
        if (answered <= most || edges[i].first == edges[i + 1].first) continue;
        most = answered;
        const double low = edges[i].first, high = edges[i + 1].first;
        best = std::isinf(low) ? (std::isinf(high) ? 0.0 : high - 1.0) : std::isinf(high) ? low + 1.0 : (low + high) / 2.0;
    }
    one.bias -= best;
    return one;
}

Logistic accepting(Logistic one, std::span<const GateExample> examples, double lost)
{
    std::vector<double> right;
    for (const GateExample& example : examples)
        if (example.right) right.push_back(one.logit(example.measured));
    if (right.empty()) return one;
    std::ranges::sort(right);
    const double lowest = right[std::size_t(lost * double(right.size()))];
    if (lowest <= 0.0) one.bias += 1e-3 - lowest;
    return one;
}

}  // namespace pathloom
