// SPDX-License-Identifier: GPL-3.0-or-later
// Scores and features of a subset.
#include "engine/training/scoring.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace pathloom {
namespace {

constexpr int FeatureRows = 32;
constexpr int WindowRows = 8;

// Calls `each(index into the subset, index of the target, nll)` for every scored token, the tokens of a row in order. Rows are
// batched by length.
template <class Each>
void score_tokens(PathModel& model, const TaskData& data, int sequence, int prefix, int batch, std::int64_t& tokens, Each&& each)
{
    const auto& subset = data.subset();
    std::vector<std::size_t> order(subset.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return data.row(subset[a]).length > data.row(subset[b]).length; });
    std::vector<float> nll;
    for (std::size_t first = 0; first < order.size(); first += std::size_t(batch)) {
        const std::size_t count = std::min(std::size_t(batch), order.size() - first);
        std::vector<std::int32_t> rows(count);
        for (std::size_t r = 0; r < count; ++r) rows[r] = subset[order[first + r]];
        const TokenBatch input = make_batch(data, rows, sequence, std::max(prefix, 1));
        nll.resize(input.inputs.size());
        model.score(input, nll);
        for (std::size_t r = 0; r < count; ++r) {
            for (int t = 0; t < input.sequence; ++t) {
                const std::size_t i = r * std::size_t(input.sequence) + std::size_t(t);
                if (input.targets[i] >= 0) each(order[first + r], t + 1, nll[i]);
            }
            tokens += std::min<std::int64_t>(data.row(rows[r]).length, sequence);
        }
    }
}

}  // namespace

std::vector<v1::DomainScore> score_subset(
    PathModel& model, const TaskData& data, int sequence, int prefix, int batch, std::int64_t& tokens)
{
    struct RowScore {
        double nll = 0.0;
        std::int64_t tokens = 0;
    };
    const auto& subset = data.subset();
    std::vector<RowScore> scores(subset.size());
    score_tokens(model, data, sequence, prefix, batch, tokens, [&](std::size_t row, int, float nll) {
        scores[row].nll += double(nll);
        ++scores[row].tokens;
    });

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

WindowScores score_windows(
    PathModel& model, const TaskData& data, int sequence, int prefix, int batch, int window, std::int64_t& tokens)
{
    const int first = std::max(prefix, 1), scored = std::max(1, sequence - first), width = window > 0 ? window : scored;
    WindowScores out;
    out.windows = (scored + width - 1) / width;
    const std::size_t n = data.subset().size() * std::size_t(out.windows);
    std::vector<double> sums(n, 0.0);
    out.tokens.assign(n, 0);
    score_tokens(model, data, sequence, prefix, batch, tokens, [&](std::size_t row, int target, float nll) {
        const std::size_t i = row * std::size_t(out.windows) + std::size_t((target - first) / width);
        sums[i] += double(nll);
        ++out.tokens[i];
    });
    out.nll.assign(sums.begin(), sums.end());
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

std::vector<float> window_features(
    PathModel& model, const TaskData& data, int sequence, int prefix, int window, std::int64_t& tokens)
{
    const auto& subset = data.subset();
    const int first = std::max(prefix, 1), windows = (std::max(1, sequence - first) + window - 1) / window;
    const auto d = std::size_t(model.spec().d_model);
    std::vector<float> z(subset.size() * std::size_t(windows) * d, 0.0f);
    std::vector<double> sum(d);
    for (std::size_t begin = 0; begin < subset.size(); begin += WindowRows) {
        const std::size_t count = std::min(std::size_t(WindowRows), subset.size() - begin);
        const TokenBatch batch = make_batch(data, std::span(subset).subspan(begin, count), sequence + 1, 1);
        const auto hidden = model.hidden(batch);
        for (std::size_t r = 0; r < count; ++r) {
            const int length
                = int(std::min<std::int64_t>(data.row(subset[begin + r]).length, std::min(sequence, batch.sequence)));
            for (int w = 0; w < windows; ++w) {
                const int from = first + w * window, to = std::min(length, from + window);
                std::ranges::fill(sum, 0.0);
                for (int t = from; t < to; ++t)
                    for (std::size_t i = 0; i < d; ++i)
                        sum[i] += double(hidden[(r * std::size_t(batch.sequence) + std::size_t(t)) * d + i]);
                float* out = z.data() + ((begin + r) * std::size_t(windows) + std::size_t(w)) * d;
                for (std::size_t i = 0; i < d && to > from; ++i) out[i] = float(sum[i] / double(to - from));
            }
            tokens += length;
        }
    }
    return z;
}

}  // namespace pathloom
