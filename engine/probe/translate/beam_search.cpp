// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/beam_search.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>

namespace pathloom {

namespace {

constexpr double impossible = -1e9;

struct State {
    std::uint64_t covered = 0;
    WordId before_last = NgramModel::begin, last = NgramModel::begin;
    int end = 0;  // of the span translated last
    auto operator<=>(const State&) const = default;
};
struct Reached {
    double score = -std::numeric_limits<double>::max();
    const std::pair<const State, Reached>* from = nullptr;
    std::size_t by = 0;
};
using Stack = std::map<State, Reached>;

/// Best score of every span by itself, word order inside options only: what is still to come, at best.
std::vector<std::vector<double>> outlook(
    std::size_t n, const std::vector<SpanOption>& options, const NgramModel& order, double order_weight)
{
    std::vector<std::vector<double>> best(n + 1, std::vector<double>(n + 1, impossible));
    for (const auto& option : options) {
        double score = option.score;
        WordId last = NgramModel::unknown;
        for (const auto word : option.target) {
            score += order_weight * order.log_probability(NgramModel::unknown, last, word);
            last = word;
        }
        double& there = best[std::size_t(option.begin)][std::size_t(option.end)];
        there = std::max(there, score);
    }
    for (std::size_t length = 2; length <= n; ++length)
        for (std::size_t i = 0; i + length <= n; ++i)
            for (std::size_t k = i + 1; k < i + length; ++k)
                best[i][i + length] = std::max(best[i][i + length], best[i][k] + best[k][i + length]);
    return best;
}

}  // namespace

std::vector<BeamResult> beam_search(std::size_t words, const std::vector<SpanOption>& options, const NgramModel& order,
    const BeamSettings& settings, std::size_t most)
{
    const int n = int(words);
    std::vector<std::vector<std::size_t>> from(words);
    for (std::size_t o = 0; o < options.size(); ++o) from[std::size_t(options[o].begin)].push_back(o);
    const auto best = outlook(words, options, order, settings.order_weight);
    const auto still = [&](std::uint64_t covered) {
        double score = 0.0;
        for (int i = 0; i < n; ++i) {
            if (covered >> i & 1) continue;
            int j = i;
            while (j < n && !(covered >> j & 1)) ++j;
            score += best[std::size_t(i)][std::size_t(j)];
            i = j;
        }
        return score;
    };
    const std::uint64_t all = (std::uint64_t(1) << n) - 1;
    std::vector<Stack> stacks(words + 1);
    stacks[0].emplace(State(), Reached{0.0});
    for (int k = 0; k < n; ++k) {
        std::vector<std::pair<double, const Stack::value_type*>> ranked;
        for (const auto& entry : stacks[std::size_t(k)])
            ranked.emplace_back(entry.second.score + still(entry.first.covered), &entry);
        std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
        if (ranked.size() > settings.beam) ranked.resize(settings.beam);
        for (const auto& [rank, entry] : ranked) {
            const State& state = entry->first;
            int open = 0;
            while (state.covered >> open & 1) ++open;
            for (int i = open; i < std::min(n, open + settings.farthest_jump + 1); ++i)
                for (const std::size_t o : from[std::size_t(i)]) {
                    const SpanOption& option = options[o];
                    const std::uint64_t span = (std::uint64_t(1) << option.end) - (std::uint64_t(1) << i);
                    if (state.covered & span) continue;
                    State next{state.covered | span, state.before_last, state.last, option.end};
                    double score = entry->second.score + option.score + settings.jump_score * std::abs(i - state.end);
                    for (const auto word : option.target) {
                        score += settings.order_weight * order.log_probability(next.before_last, next.last, word);
                        next.before_last = next.last;
                        next.last = word;
                    }
                    if (next.covered == all)
                        score += settings.order_weight * order.log_probability(next.before_last, next.last, NgramModel::end);
                    Reached& reached = stacks[std::size_t(k + option.end - i)][next];
                    if (score > reached.score) reached = {score, entry, o};
                }
        }
    }
    std::vector<const Stack::value_type*> ends;
    for (const auto& entry : stacks[words]) ends.push_back(&entry);
    std::stable_sort(ends.begin(), ends.end(), [](const auto* a, const auto* b) { return a->second.score > b->second.score; });
    if (ends.size() > most) ends.resize(most);
    std::vector<BeamResult> results;
    for (const auto* at : ends) {
        BeamResult result{at->second.score, {}};
        for (; at->second.from; at = at->second.from) result.used.push_back(at->second.by);
        std::reverse(result.used.begin(), result.used.end());
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace pathloom
