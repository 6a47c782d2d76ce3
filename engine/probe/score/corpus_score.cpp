// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of a corpus and of its sentences.
#include "engine/probe/score/corpus_score.h"

#include "engine/probe/score/numpy_random.h"
#include "engine/probe/score/unicode.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

namespace pathloom {

namespace {

constexpr std::size_t batch = 64;  // segments a thread takes at once

}  // namespace

std::vector<std::vector<double>> segment_statistics(const Metric& metric, const ScoredText& text)
{
    std::vector<std::vector<double>> statistics(text.hypotheses.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        std::vector<std::u32string_view> references(text.references.size());
        for (std::size_t start = next.fetch_add(batch); start < statistics.size(); start = next.fetch_add(batch))
            for (std::size_t i = start; i < std::min(start + batch, statistics.size()); ++i) {
                for (std::size_t r = 0; r < references.size(); ++r) references[r] = text.references[r][i];
                statistics[i] = metric.statistics(text.hypotheses[i], references);
            }
    };
    const std::size_t useful = (statistics.size() + batch - 1) / batch;
    std::vector<std::jthread> helpers;
    for (std::size_t t = 1; t < std::min<std::size_t>(useful, std::thread::hardware_concurrency()); ++t)
        helpers.emplace_back(work);
    work();
    helpers.clear();
    return statistics;
}

std::vector<double> summed(const std::vector<std::vector<double>>& statistics)
{
    std::vector<double> totals(statistics.empty() ? 0 : statistics[0].size());
    for (const auto& one : statistics)
        for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += one[i];
    return totals;
}

Confidence bootstrap(const Metric& metric, const std::vector<std::vector<double>>& statistics, const BootstrapOptions& options)
{
    const std::size_t width = statistics[0].size();
    std::vector<float> single;
    single.reserve(statistics.size() * width);
    for (const auto& one : statistics)
        for (const double value : one) single.push_back(float(value));
    NumpyRandom random(options.seed);
    std::vector<double> scores;
    scores.reserve(std::size_t(options.samples));
    for (int sample = 0; sample < options.samples; ++sample) {
        std::vector<float> sum(width);
        for (std::size_t drawn = 0; drawn < statistics.size(); ++drawn) {
            const float* one = single.data() + random.below(std::uint32_t(statistics.size())) * width;
            for (std::size_t i = 0; i < width; ++i) sum[i] += one[i];
        }
        scores.push_back(metric.score(std::vector<double>(sum.begin(), sum.end())));
    }
    std::sort(scores.begin(), scores.end());
    const std::size_t cut = scores.size() / 40;
    return {
        std::accumulate(scores.begin(), scores.end(), 0.0) / double(scores.size()), scores[cut], scores[scores.size() - cut - 1]};
}

std::string signature(const Metric& metric, std::size_t references, const std::optional<BootstrapOptions>& bootstrap)
{
    std::string text = fmt::format("nrefs:{}|", references);
    if (bootstrap) text += fmt::format("bs:{}|seed:{}|", bootstrap->samples, bootstrap->seed);
    return text + metric.settings();
}

Result<double> corpus_score(
    const Metric& metric, const std::vector<std::string>& hypotheses, const std::vector<std::string>& references)
{
    ScoredText text;
    text.references.resize(1);
    for (const auto& line : hypotheses) {
        PATHLOOM_TRY(text.hypotheses.emplace_back(), decode_utf8(line));
    }
    for (const auto& line : references) {
        PATHLOOM_TRY(text.references[0].emplace_back(), decode_utf8(line));
    }
    return metric.score(summed(segment_statistics(metric, text)));
}

}  // namespace pathloom
