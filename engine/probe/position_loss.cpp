// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/position_loss.h"

#include "engine/probe/text_steps.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

struct StraightLine {
    double alpha = 0.0, gamma = 0.0, error = 0.0;
};

constexpr std::size_t least_length = 512;  // a curve needs a few points

/// y = alpha z + gamma, gamma at least 0: no loss is below nothing.
StraightLine line_through(std::span<const double> z, std::span<const double> y)
{
    const auto n = double(z.size());
    double mz = 0.0, my = 0.0, zz = 0.0, zy = 0.0;
    for (std::size_t i = 0; i < z.size(); ++i) mz += z[i] / n, my += y[i] / n;
    for (std::size_t i = 0; i < z.size(); ++i) zz += (z[i] - mz) * (z[i] - mz), zy += (z[i] - mz) * (y[i] - my);
    StraightLine out;
    out.alpha = zz > 0.0 ? zy / zz : 0.0;
    out.gamma = my - out.alpha * mz;
    if (out.gamma < 0.0) {
        double squares = 0.0, products = 0.0;
        for (std::size_t i = 0; i < z.size(); ++i) squares += z[i] * z[i], products += z[i] * y[i];
        out = {squares > 0.0 ? products / squares : 0.0, 0.0, 0.0};
    }
    for (std::size_t i = 0; i < z.size(); ++i) {
        const double e = y[i] - out.alpha * z[i] - out.gamma;
        out.error += e * e;
    }
    return out;
}

}  // namespace

PowerLaw fit_power_law(std::span<const double> x, std::span<const double> y)
{
    std::vector<double> z(x.size());
    const auto at = [&](double beta) {
        for (std::size_t i = 0; i < x.size(); ++i) z[i] = std::pow(x[i], beta);
        return line_through(z, y);
    };
    PowerLaw out{0.0, -0.001, 0.0, 0.0};
    double best = INFINITY, low = -3.0, high = -0.001;
    for (int round = 0; round < 6; ++round) {  // each round narrows the interval around its best
        const double step = (high - low) / 60.0;
        for (int i = 0; i <= 60; ++i) {
            const double beta = low + step * i;
            const StraightLine line = at(beta);
            if (line.error < best) {
                best = line.error;
                out = {line.alpha, beta, line.gamma, 0.0};
            }
        }
        low = std::max(-3.0, out.beta - step);
        high = std::min(-0.001, out.beta + step);
    }
    double mean = 0.0, total = 0.0;
    for (const double v : y) mean += v / double(y.size());
    for (const double v : y) total += (v - mean) * (v - mean);
    out.r2 = total > 0.0 ? 1.0 - best / total : 0.0;
    return out;
}

Result<std::vector<LossPoint>> position_loss(
    ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request, const LossProgress& progress)
{
    const auto window = std::size_t(request.window), windows = std::size_t(request.windows);
    const std::size_t length = std::min(request.length, haystack.memory.tokens().size()), farthest = length / 4 * 3;
    if (length < least_length || length - farthest < window * windows + 2)
        return fail(ErrorCode::Usage,
            "{} windows of {} tokens in the last quarter need a length of at least {} tokens, got {}; take "
            "fewer or shorter ones, or a longer text",
            windows, window, std::max(least_length, 4 * (window * windows + 2)), length);
    const CopyMixture* const mixture = reader.gate && reader.gate->text ? &*reader.gate->text : nullptr;
    const std::vector<std::size_t> contexts = context_lengths(farthest);
    const std::size_t first = farthest + 2, room = length - first - window;
    std::vector<LossPoint> points;
    for (const std::size_t context : contexts) points.push_back({context, 0, 0.0, 0.0, 0.0});
    double sum_window = 0.0;
    std::vector<double> sums(contexts.size(), 0.0);
    for (std::size_t w = 0; w < windows; ++w) {
        const std::size_t begin = first + (windows > 1 ? room * w / (windows - 1) : 0);
        for (std::size_t place = begin; place < begin + window; ++place) {
            const std::vector<TextStep> steps
                = text_steps(reader, haystack.memory, place, contexts, !mixture, request.answer.scan);
            sum_window += loss_of(steps[0].spoken);
            for (std::size_t i = 0; i < steps.size(); ++i)
                sums[i] += loss_of(mixture ? mixture->likelihood(steps[i]) : steps[i].own);
        }
        const double targets = double((w + 1) * window);
        double stretch = 0.0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            LossPoint& point = points[i];
            point.tokens = int(targets);
            point.nll = sums[i] / targets;
            point.nll_window = sum_window / targets;
            stretch += point.nll * double(point.position - (i > 0 ? points[i - 1].position : 0));
            point.cumulative = stretch / double(point.position);
        }
        if (!progress(points, int(w + 1))) return fail(ErrorCode::Cancelled, "stopped after {} windows", w + 1);
    }
    return points;
}

}  // namespace pathloom
