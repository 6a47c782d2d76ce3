// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/word_match.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

constexpr std::int64_t window = 40;  // tokens: a long sentence
constexpr double fading = 0.97;  // a token

/// Fills `before`, nearest first; how many there are.
std::int64_t tokens_before(const MemoryView& memory, std::int64_t row, std::int32_t* before)
{
    const std::int64_t n = std::min(window, row);
    for (std::int64_t i = 0; i < n; ++i) before[i] = memory.value(row - 1 - i);
    return n;
}

}  // namespace

WordMatch::WordMatch(const MemoryView& memory, std::span<const std::int32_t> question)
{
    const std::vector<std::int64_t> counts = memory.token_counts();
    const auto weight = [&](std::int32_t token) {
        const std::int64_t count = std::size_t(token) < counts.size() ? counts[std::size_t(token)] : 0;
        return std::max(0.0, std::log((double(memory.rows()) + 1.0) / (double(count) + 1.0)));
    };
    const auto add = [&](Feature feature) {
        const bool known = std::ranges::any_of(
            m_features, [&](const Feature& f) { return f.first == feature.first && f.second == feature.second; });
        if (known) return;
        m_all += feature.weight;
        if (feature.second < 0) m_squares += feature.weight * feature.weight;
        m_features.push_back(feature);
    };
    for (std::size_t i = 0; i < question.size(); ++i) {
        add({question[i], -1, weight(question[i])});
        if (i + 1 < question.size()) add({question[i], question[i + 1], weight(question[i]) + weight(question[i + 1])});
    }
}

double WordMatch::rare(const MemoryView& memory, std::int64_t row) const
{
    if (m_squares <= 0.0) return 0.0;
    std::int32_t before[window];
    const std::int64_t n = tokens_before(memory, row, before);
    double sum = 0.0;
    for (const Feature& feature : m_features) {
        if (feature.second >= 0 || std::find(before, before + n, feature.first) == before + n) continue;
        sum += feature.weight * feature.weight;
    }
    return sum / m_squares;
}

double WordMatch::at(const MemoryView& memory, std::int64_t row) const
{
    if (m_all <= 0.0) return 0.0;
    std::int32_t before[window];
    const std::int64_t n = tokens_before(memory, row, before);
    double sum = 0.0;
    for (const Feature& feature : m_features) {
        for (std::int64_t i = 0; i < n; ++i) {
            const bool here = feature.second < 0 ? before[i] == feature.first
                                                 : before[i] == feature.second && i + 1 < n && before[i + 1] == feature.first;
            if (!here) continue;
            sum += feature.weight * std::pow(fading, double(i));
            break;
        }
    }
    return sum / m_all;
}

}  // namespace pathloom
