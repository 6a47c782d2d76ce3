// SPDX-License-Identifier: GPL-3.0-or-later
// Exact n-gram counts of a few short sequences, order by order.
#include "engine/probe/score/ngrams.h"

#include "engine/core/rng.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace pathloom {

namespace {

std::size_t total_length(const std::vector<std::vector<std::uint32_t>>& sequences)
{
    std::size_t total = 0;
    for (const auto& sequence : sequences) total += sequence.size();
    return total;
}

}  // namespace

Interner::Interner(std::size_t expected)
    : m_slots(std::bit_ceil(2 * expected + 2))
{
}

void Interner::clear()
{
    ++m_filling;
    m_size = 0;
}

std::uint32_t Interner::number(std::uint64_t key)
{
    const std::size_t mask = m_slots.size() - 1;
    for (std::size_t at = std::size_t(splitmix64_finalise(key)) & mask;; at = (at + 1) & mask) {
        Slot& slot = m_slots[at];
        if (slot.filling != m_filling) {
            slot = {key, std::uint32_t(m_size++), m_filling};
            return slot.number;
        }
        if (slot.key == key) return slot.number;
    }
}

NgramLadder::NgramLadder(std::vector<std::vector<std::uint32_t>> symbols)
    : m_interner(total_length(symbols))
    , m_symbols(std::move(symbols))
{
    for (auto& sequence : m_symbols)
        for (auto& symbol : sequence) symbol = m_interner.number(symbol);
    m_ngrams = m_symbols;
}

void NgramLadder::climb()
{
    ++m_order;
    m_interner.clear();
    for (std::size_t s = 0; s < m_symbols.size(); ++s) {
        auto& ngrams = m_ngrams[s];
        if (!ngrams.empty()) ngrams.pop_back();
        const std::size_t last = std::size_t(m_order) - 1;
        for (std::size_t i = 0; i < ngrams.size(); ++i)
            ngrams[i] = m_interner.number(std::uint64_t(ngrams[i]) << 32 | m_symbols[s][i + last]);
    }
}

std::vector<std::uint32_t> NgramLadder::counts(std::size_t s) const
{
    std::vector<std::uint32_t> counts(distinct());
    for (const auto ngram : m_ngrams[s]) ++counts[ngram];
    return counts;
}

std::vector<std::vector<std::uint32_t>> numbered_words(std::span<const std::vector<std::u32string_view>> lists)
{
    std::unordered_map<std::u32string_view, std::uint32_t> numbers;
    std::vector<std::vector<std::uint32_t>> numbered(lists.size());
    for (std::size_t l = 0; l < lists.size(); ++l) {
        numbered[l].reserve(lists[l].size());
        for (const auto& word : lists[l])
            numbered[l].push_back(numbers.try_emplace(word, std::uint32_t(numbers.size())).first->second);
    }
    return numbered;
}

}  // namespace pathloom
