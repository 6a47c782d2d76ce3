// SPDX-License-Identifier: GPL-3.0-or-later
// Scores and features of a subset.
#include "engine/training/scoring.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace pathloom {
namespace {

constexpr int FeatureRows = 32;

}  // namespace

std::vector<v1::DomainScore> score_subset(
    PathModel& model, const TaskData& data, int sequence, int prefix, int batch, std::int64_t& tokens)
{
    const auto& subset = data.subset();
    std::vector<std::size_t> order(subset.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return data.row(subset[a]).length > data.row(subset[b]).length; });

    struct RowScore {
        double nll = 0.0;
        std::int64_t tokens = 0;
    };
    std::vector<RowScore> scores(subset.size());
    std::vector<float> nll;
    for (std::size_t first = 0; first < order.size(); first += std::size_t(batch)) {
        const std::size_t count = std::min(std::size_t(batch), order.size() - first);
        std::vector<std::int32_t> rows(count);
        for (std::size_t r = 0; r < count; ++r) rows[r] = subset[order[first + r]];
        const TokenBatch input = make_batch(data, rows, sequence, std::max(prefix, 1));
        nll.resize(input.inputs.size());
        model.score(input, nll);
        for (std::size_t r = 0; r < count; ++r) {
            RowScore& score = scores[order[first + r]];
            for (int t = 0; t < input.sequence; ++t) {
                const std::size_t i = r * std::size_t(input.sequence) + std::size_t(t);
                if (input.targets[i] < 0) continue;
                score.nll += double(nll[i]);
                ++score.tokens;
            }
            tokens += std::min<std::int64_t>(data.row(rows[r]).length, sequence);
        }
    }

    std::map<std::int32_t, v1::DomainScore> domains;
    for (std::size_t i = 0; i < subset.size(); ++i) {
        const std::int32_t domain = data.row(subset[i]).domain;
        v1::DomainScore& sum = domains[domain];
        sum.set_domain(domain);
        sum.set_nll(sum.nll() + scores[i].nll);
        sum.set_tokens(sum.tokens() + scores[i].tokens);
        sum.set_sequences(sum.sequences() + 1);
    }
    std::vector<v1::DomainScore> out;
    for (auto& [domain, score] : domains) out.push_back(std::move(score));
    return out;
}

std::vector<float> prefix_features(PathModel& model, const TaskData& data, int prefix, std::int64_t& tokens)
{
    const auto& subset = data.subset();
    const auto d = std::size_t(model.spec().d_model), width = std::size_t(std::max(prefix, 1));
    std::vector<float> z(subset.size() * d, 0.0f);
    std::vector<double> sum(d);
    for (std::size_t first = 0; first < subset.size(); first += FeatureRows) {
        const std::size_t count = std::min(std::size_t(FeatureRows), subset.size() - first);
        TokenBatch batch{
            int(count), int(width), std::vector<std::int32_t>(count * width, 0), std::vector<std::int32_t>(count * width, -1)};
        std::vector<std::size_t> lengths(count);
        for (std::size_t r = 0; r < count; ++r) {
            const auto row = data.tokens_of(subset[first + r]);
            lengths[r] = std::min(row.size(), width);
            std::copy_n(row.begin(), lengths[r], batch.inputs.begin() + std::ptrdiff_t(r * width));
        }
        const auto hidden = model.hidden(batch);
        for (std::size_t r = 0; r < count; ++r) {
            std::ranges::fill(sum, 0.0);
            for (std::size_t t = 0; t < lengths[r]; ++t) {
                for (std::size_t i = 0; i < d; ++i) sum[i] += double(hidden[(r * width + t) * d + i]);
            }
            for (std::size_t i = 0; i < d && lengths[r] > 0; ++i) z[(first + r) * d + i] = float(sum[i] / double(lengths[r]));
            tokens += std::int64_t(lengths[r]);
        }
    }
    return z;
}

}  // namespace pathloom
