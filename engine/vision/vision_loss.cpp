// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_loss.h"

#include "engine/vision/ctc.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr float blank_weight = 0.2f;  // most columns hold no letter's middle

/// Mean logistic loss where the target is 0 or 1; the slopes there become those of weight * mean.
double logistic(std::span<const float> logits, std::span<const float> targets, double weight, std::span<float> slopes)
{
    const auto counted = double(std::ranges::count_if(targets, [](float t) { return t >= 0.0f; }));
    if (counted == 0.0) return 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (targets[i] < 0.0f) continue;
        const double x = logits[i];
        sum += std::max(x, 0.0) - x * double(targets[i]) + std::log1p(std::exp(-std::abs(x)));
        slopes[i] = float(weight / counted * (1.0 / (1.0 + std::exp(-x)) - double(targets[i])));
    }
    return sum / counted;
}

/// What each prompt finds in each picture, [B, B, T] as VisionOutputs::wanted; -1 where it does not count.
struct WantedTargets {
    std::vector<float> own;  ///< of its own picture
    std::vector<float> others;
};

WantedTargets wanted_targets(const VisionBatch& batch, std::size_t tokens)
{
    const auto n = std::size_t(batch.batch);
    WantedTargets out{std::vector<float>(n * n * tokens, -1.0f), std::vector<float>(n * n * tokens, -1.0f)};
    for (std::size_t q = 0; q < n; ++q) {
        for (std::size_t b = 0; b < n; ++b) {
            float* const to = (q == b ? out.own : out.others).data() + (q * n + b) * tokens;
            if (batch.topics[q] == batch.topics[b])
                std::copy_n(&batch.wanted[b * tokens], tokens, to);
            else
                std::fill_n(to, tokens, 0.0f);
        }
    }
    return out;
}

/// -log p(target) of one column, its gradient added.
double cross_entropy(std::span<const float> logits, int target, float weight, std::span<float> slopes)
{
    const float top = *std::ranges::max_element(logits);
    double sum = 0.0;
    for (const float x : logits) sum += std::exp(double(x - top));
    for (std::size_t c = 0; c < logits.size(); ++c) {
        const double p = std::exp(double(logits[c] - top)) / sum;
        slopes[c] += weight * float(p - (int(c) == target ? 1.0 : 0.0));
    }
    return std::log(sum) - double(logits[std::size_t(target)] - top);
}

}  // namespace

VisionLoss vision_loss(
    const VisionBatch& batch, const VisionSpec& spec, const VisionOutputs& outputs, double place_weight, VisionOutputs& slopes)
{
    VisionLoss out;
    slopes.line.assign(outputs.line.size(), 0.0f);
    slopes.wanted.assign(outputs.wanted.size(), 0.0f);
    out.line = logistic(outputs.line, batch.line, 1.0, slopes.line);
    const WantedTargets targets = wanted_targets(batch, std::size_t(spec.tokens()));
    out.wanted = logistic(outputs.wanted, targets.own, 2.0, slopes.wanted);
    out.crossed = logistic(outputs.wanted, targets.others, 1.0, slopes.wanted);
    slopes.spelled.assign(outputs.spelled.size(), 0.0f);
    std::size_t letters = 0;
    for (const auto& labels : batch.labels) letters += labels.size();
    const double each = 1.0 / double(std::max<std::size_t>(1, letters));
    const auto columns = std::size_t(spec.columns()), classes = std::size_t(FrameSymbols);
    for (std::size_t b = 0; b < std::size_t(batch.batch); ++b) {
        const auto logits = std::span(outputs.spelled).subspan(b * columns * classes, columns * classes);
        const auto down = std::span(slopes.spelled).subspan(b * columns * classes, columns * classes);
        const double loss = ctc_loss(logits, FrameSymbols, batch.labels[b], float(each), down);
        if (std::isfinite(loss)) out.letters += each * loss;
        for (std::size_t c = 0; place_weight > 0.0 && c < columns; ++c) {
            const int symbol = batch.centres[b * columns + c];
            const float weight = float(place_weight * each) * (symbol == 0 ? blank_weight : 1.0f);
            out.centres += double(weight) / place_weight
                * cross_entropy(logits.subspan(c * classes, classes), symbol, weight, down.subspan(c * classes, classes));
        }
    }
    return out;
}

double likeness(std::span<const float> a, std::span<const float> b, int tokens)
{
    return double(dot(a.data(), b.data(), a.size())) / tokens;
}

double scene_loss(std::span<const float> looks, int pairs, int tokens, double sharpness, std::vector<float>& slopes)
{
    const auto n = std::size_t(pairs), each = looks.size() / (2 * n);
    const auto picture = [&](std::size_t i) { return looks.subspan(i * each, each); };
    std::vector<double> alike(n * n), slope(n * n, 0.0);  // [pictures, copies]
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) alike[i * n + j] = sharpness * likeness(picture(i), picture(n + j), tokens);
    double loss = 0.0;
    // Rows compete, then columns.
    for (const bool rows : {true, false}) {
        const auto at = [&](std::size_t i, std::size_t j) { return rows ? i * n + j : j * n + i; };
        for (std::size_t i = 0; i < n; ++i) {
            double top = alike[at(i, 0)], sum = 0.0;
            for (std::size_t j = 1; j < n; ++j) top = std::max(top, alike[at(i, j)]);
            for (std::size_t j = 0; j < n; ++j) sum += std::exp(alike[at(i, j)] - top);
            loss += (std::log(sum) + top - alike[at(i, i)]) / double(2 * n);
            for (std::size_t j = 0; j < n; ++j)
                slope[at(i, j)] += (std::exp(alike[at(i, j)] - top) / sum - (i == j ? 1.0 : 0.0)) / double(2 * n);
        }
    }
    slopes.assign(looks.size(), 0.0f);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const auto factor = float(slope[i * n + j] * sharpness / tokens);
            add_scaled(&looks[(n + j) * each], factor, each, &slopes[i * each]);
            add_scaled(&looks[i * each], factor, each, &slopes[(n + j) * each]);
        }
    }
    return loss;
}

}  // namespace pathloom
