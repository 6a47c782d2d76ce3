// SPDX-License-Identifier: GPL-3.0-or-later
// A trigram model of word order.
#include "engine/probe/translate/ngram_model.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr int bits = 21;

/// The last n of three words as one key; the n-1 words of a context are the key of an n-gram without its last word.
std::uint64_t key(const std::array<WordId, 3>& words, int n)
{
    std::uint64_t packed = 0;
    for (int i = 3 - n; i < 3; ++i) packed = packed << bits | words[std::size_t(i)];
    return packed;
}

}  // namespace

void NgramModel::learn(const Words& sentence, double weight)
{
    std::array<WordId, 3> window{begin, begin, begin};
    const auto count = [&](WordId word) {
        window = {window[1], window[2], word};
        for (int n = 1; n <= order; ++n) {
            const auto packed = key(window, n);
            auto& context = m_contexts[std::size_t(n - 1)][packed >> bits];
            double& counted = m_counts[std::size_t(n - 1)][packed];
            context.tokens += weight;
            context.types += std::min(1.0, counted + weight) - std::min(1.0, counted);  // a type is there once it counts one
            counted += weight;
        }
    };
    for (const auto word : sentence) count(word);
    count(end);
}

double NgramModel::log_probability(WordId before_last, WordId last, WordId word) const
{
    const std::array<WordId, 3> window{before_last, last, word};
    double p = 1.0 / double(m_counts[0].size() + 1);
    for (int n = 1; n <= order; ++n) {
        const auto packed = key(window, n);
        const auto context = m_contexts[std::size_t(n - 1)].find(packed >> bits);
        if (context == m_contexts[std::size_t(n - 1)].end()) break;
        const auto found = m_counts[std::size_t(n - 1)].find(packed);
        const double count = found == m_counts[std::size_t(n - 1)].end() ? 0.0 : found->second;
        const double tokens = context->second.tokens, types = context->second.types;
        p = (count + types * p) / (tokens + types);
    }
    return std::log(p);
}

}  // namespace pathloom
