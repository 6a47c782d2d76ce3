// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/translate/consensus.h"

#include "engine/probe/score/unicode.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace pathloom {

namespace {

constexpr std::size_t orders = 6;
constexpr double beta2 = 4.0;

/// Hashes of the character n-grams of each order, sorted, repeats kept.
using GramHashes = std::array<std::vector<std::uint64_t>, orders>;

GramHashes grams_of(const std::u32string& text)
{
    std::u32string letters;
    for (const char32_t c : text)
        if (!is_python_space(c)) letters += c;
    GramHashes grams;
    for (std::size_t at = 0; at < letters.size(); ++at) {
        std::uint64_t hash = 0xcbf29ce484222325ULL;
        for (std::size_t n = 0; n < orders && at + n < letters.size(); ++n) {
            hash = (hash ^ letters[at + n]) * 0x100000001b3ULL;
            hash ^= hash >> 29;
            grams[n].push_back(hash);
        }
    }
    for (auto& order : grams) std::ranges::sort(order);
    return grams;
}

double agreement(const GramHashes& one, const GramHashes& other)
{
    double precision = 0.0, recall = 0.0;
    int counted = 0;
    for (std::size_t n = 0; n < orders; ++n) {
        if (one[n].empty() || other[n].empty()) continue;
        std::size_t shared = 0;
        for (auto a = one[n].begin(), b = other[n].begin(); a != one[n].end() && b != other[n].end();) {
            if (*a < *b) {
                ++a;
            } else if (*b < *a) {
                ++b;
            } else {
                ++shared;
                ++a;
                ++b;
            }
        }
        precision += double(shared) / double(one[n].size());
        recall += double(shared) / double(other[n].size());
        ++counted;
    }
    if (counted == 0 || precision + recall <= 0.0) return 0.0;
    precision /= counted;
    recall /= counted;
    return (1.0 + beta2) * precision * recall / (beta2 * precision + recall);
}

}  // namespace

std::size_t consensus_of(const std::vector<Vote>& votes)
{
    std::vector<GramHashes> grams;
    for (const auto& vote : votes) grams.push_back(grams_of(vote.text));
    std::size_t best = 0;
    double most = -1.0;
    for (std::size_t i = 0; i < votes.size(); ++i) {
        double gain = 0.0;
        for (std::size_t j = 0; j < votes.size(); ++j) gain += votes[j].weight * agreement(grams[i], grams[j]);
        if (gain > most) {
            most = gain;
            best = i;
        }
    }
    return best;
}

}  // namespace pathloom
