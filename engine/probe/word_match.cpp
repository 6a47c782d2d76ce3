// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/word_match.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {

namespace {

constexpr auto window = std::size_t(WordingReach);

/// What a match `i` tokens before the nearest counts.
double fading(std::size_t i)
{
    static const auto powers = [] {
        std::array<double, window> out{};
        for (std::size_t k = 0; k < window; ++k) out[k] = std::pow(0.97, double(k));
        return out;
    }();
    return powers[i];
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
        m_features.push_back(feature);
    };
    for (std::size_t i = 0; i < question.size(); ++i) {
        if (std::size_t(question[i]) >= m_asked.size()) m_asked.resize(std::size_t(question[i]) + 1, false);
        m_asked[std::size_t(question[i])] = true;
        add({question[i], -1, weight(question[i])});
        if (i + 1 < question.size()) add({question[i], question[i + 1], weight(question[i]) + weight(question[i + 1])});
    }
}

double WordMatch::before(const MemoryView& memory, std::int64_t row) const
{
    struct Place {
        std::int32_t token = 0;
        std::size_t at = 0;  // tokens between it and the row
    };
    std::array<Place, window> places;  // of the question's tokens, nearest first: most rows have few
    std::size_t count = 0;
    for (std::size_t i = 0; i < std::min(window, std::size_t(row)); ++i) {
        const std::int32_t token = memory.value(row - 1 - std::int64_t(i));
        if (std::size_t(token) < m_asked.size() && m_asked[std::size_t(token)]) places[count++] = {token, i};
    }
    double sum = 0.0;
    for (const Feature& feature : m_features) {
        for (std::size_t k = 0; k < count; ++k) {
            const bool here = feature.second < 0 ? places[k].token == feature.first
                                                 : places[k].token == feature.second && k + 1 < count
                    && places[k + 1].at == places[k].at + 1 && places[k + 1].token == feature.first;
            if (!here) continue;
            sum += feature.weight * fading(places[k].at);
            break;
        }
    }
    return m_all > 0.0 ? sum / m_all : 0.0;
}

}  // namespace pathloom
