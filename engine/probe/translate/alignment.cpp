// SPDX-License-Identifier: GPL-3.0-or-later
// IBM model 1 and symmetrised alignments.
#include "engine/probe/translate/alignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pathloom {

namespace {

constexpr double null_prior = 0.2;
constexpr double diagonal_pull = 1.5;
constexpr double smallest = 1e-5;  // less likely pairs are forgotten

double pull(std::size_t i, std::size_t source, std::size_t j, std::size_t target)
{
    return std::exp(-diagonal_pull * std::abs((double(i) + 0.5) / double(source) - (double(j) + 0.5) / double(target)));
}

}  // namespace

LexicalTable LexicalTable::train(const std::vector<WordPair>& pairs, int iterations)
{
    LexicalTable table;
    WordId last = 0;
    for (const auto& pair : pairs)
        for (const auto word : pair.source) last = std::max(last, word);
    table.m_rows.resize(last + 1);
    for (const auto& pair : pairs)
        for (const auto target : pair.target) {
            table.m_rows[null_word][target] = 1.0;
            for (const auto source : pair.source) table.m_rows[source][target] = 1.0;
        }
    for (auto& row : table.m_rows)
        for (auto& [target, p] : row) p = 1.0 / double(row.size());
    std::vector<double> shares;
    for (int round = 0; round < iterations; ++round) {
        std::vector<std::unordered_map<WordId, double>> counts(table.m_rows.size());
        for (const auto& pair : pairs)
            for (std::size_t j = 0; j < pair.target.size(); ++j) {
                const auto target = pair.target[j];
                shares.assign(1, null_prior * std::max(table.probability(null_word, target), 1e-12));
                for (std::size_t i = 0; i < pair.source.size(); ++i)
                    shares.push_back(std::max(table.probability(pair.source[i], target), 1e-12)
                        * pull(i, pair.source.size(), j, pair.target.size()));
                double total = 0.0;
                for (const double share : shares) total += share;
                counts[null_word][target] += pair.weight * shares[0] / total;
                for (std::size_t i = 0; i < pair.source.size(); ++i)
                    counts[pair.source[i]][target] += pair.weight * shares[i + 1] / total;
            }
        for (auto& row : counts) {
            double total = 0.0;
            for (const auto& [target, count] : row) total += count;
            for (auto& [target, count] : row) count /= total;
            std::erase_if(row, [](const auto& entry) { return entry.second <= smallest; });
        }
        table.m_rows = std::move(counts);
    }
    return table;
}

double LexicalTable::probability(WordId source, WordId target) const
{
    if (source >= m_rows.size()) return 0.0;
    const auto found = m_rows[source].find(target);
    return found == m_rows[source].end() ? 0.0 : found->second;
}

std::vector<int> LexicalTable::best_positions(const Words& source, const Words& target) const
{
    std::vector<int> positions;
    for (std::size_t j = 0; j < target.size(); ++j) {
        int best = -1;
        double most = null_prior * std::max(probability(null_word, target[j]), 1e-9);
        for (std::size_t i = 0; i < source.size(); ++i) {
            const double p = std::max(probability(source[i], target[j]), 1e-9) * pull(i, source.size(), j, target.size());
            if (p > most) {
                most = p;
                best = int(i);
            }
        }
        positions.push_back(best);
    }
    return positions;
}

Links symmetrised(const std::vector<int>& forward, const std::vector<int>& backward)
{
    Links sure, open;
    for (std::size_t j = 0; j < forward.size(); ++j)
        if (forward[j] >= 0) open.insert({forward[j], int(j)});
    for (std::size_t i = 0; i < backward.size(); ++i)
        if (backward[i] >= 0 && !open.insert({int(i), backward[i]}).second) sure.insert({int(i), backward[i]});
    std::vector<bool> source_linked(backward.size()), target_linked(forward.size());
    const auto accept = [&](const std::pair<int, int>& link) {
        sure.insert(link);
        source_linked[std::size_t(link.first)] = target_linked[std::size_t(link.second)] = true;
    };
    for (const auto& link : Links(sure)) accept(link);
    const auto beside_sure = [&](const std::pair<int, int>& link) {
        for (int i = -1; i <= 1; ++i)
            for (int j = -1; j <= 1; ++j)
                if (sure.count({link.first + i, link.second + j})) return true;
        return false;
    };
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& link : open)
            if (!sure.count(link) && (!source_linked[std::size_t(link.first)] || !target_linked[std::size_t(link.second)])
                && beside_sure(link)) {
                accept(link);
                grown = true;
            }
    }
    for (const auto& link : open)
        if (!source_linked[std::size_t(link.first)] && !target_linked[std::size_t(link.second)]) accept(link);
    return sure;
}

}  // namespace pathloom
