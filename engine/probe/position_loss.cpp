// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/position_loss.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

struct StraightLine {
    double alpha = 0.0, gamma = 0.0, error = 0.0;
};

/// y = alpha z + gamma.
StraightLine line_through(std::span<const double> z, std::span<const double> y)
{
    const auto n = double(z.size());
    double mz = 0.0, my = 0.0, zz = 0.0, zy = 0.0;
    for (std::size_t i = 0; i < z.size(); ++i) mz += z[i] / n, my += y[i] / n;
    for (std::size_t i = 0; i < z.size(); ++i) zz += (z[i] - mz) * (z[i] - mz), zy += (z[i] - mz) * (y[i] - my);
    StraightLine out;
    out.alpha = zz > 0.0 ? zy / zz : 0.0;
    out.gamma = my - out.alpha * mz;
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

Result<std::vector<LossPoint>> position_loss(ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request,
    const std::function<bool(const LossPoint&)>& done)
{
    const auto reach = std::size_t(reader.model.spec().reach()), window = std::size_t(request.window);
    const std::size_t first = std::max<std::size_t>(reach + 2, 256),
                      length = std::min(request.length, haystack.memory.tokens().size());
    if (length < first + window * std::size_t(request.windows))
        return fail(ErrorCode::Usage, "{} windows of {} tokens need a length of at least {}", request.windows, window,
            first + window * std::size_t(request.windows));
    const auto document = haystack.memory.tokens();
    const std::vector<std::int32_t> tokens(document.begin(), document.begin() + std::ptrdiff_t(length));
    ScanOptions scan = request.answer.scan;
    scan.top = std::size_t(reader.model.spec().top_k);
    std::vector<LossPoint> out;
    double sum = 0.0;
    std::size_t stratum = 0;  // where the present one begins
    for (int w = 0; w < request.windows; ++w) {
        // Log-spaced from `first` to the last place a window fits; never overlapping.
        const double share = request.windows > 1 ? double(w) / (request.windows - 1) : 1.0;
        auto begin = std::size_t(std::llround(double(first) * std::pow(double(length - window) / double(first), share)));
        if (!out.empty()) begin = std::max(begin, out.back().position + window);
        begin = std::min(begin, length - window);
        LossPoint point{begin, request.window, 0.0, 0.0, 0.0};
        for (std::size_t p = begin; p < begin + window; ++p) {
            const std::size_t from = p - std::min(p, reach);
            const ReaderQuery query = reader.model.query(std::span(tokens).subspan(from, p - from));
            MemoryView view;  // rows whose value is known before token p
            view.add(haystack.memory, 0, p - 1);
            std::vector<MemoryHit> hits;
            for (const ScanHit& hit : scan_keys(view.runs(), query.query, std::size_t(reader.model.spec().key_dim), scan))
                hits.push_back({hit.row, hit.score, view.value(hit.row)});
            const auto loss = [&](std::span<const MemoryHit> read) {
                return -std::log(std::max(1e-9, double(reader.model.predict(query, read).probability[std::size_t(tokens[p])])));
            };
            point.nll += loss(hits) / double(window);
            point.nll_window += loss({}) / double(window);
        }
        // The window stands for everything from the last stratum to its own end.
        const std::size_t end = begin + window;
        sum += point.nll * double(end - stratum);
        stratum = end;
        point.cumulative = sum / double(end);
        out.push_back(point);
        if (!done(point)) return fail(ErrorCode::Cancelled, "stopped after {} windows", out.size());
    }
    return out;
}

}  // namespace pathloom
