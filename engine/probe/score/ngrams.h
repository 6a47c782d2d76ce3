// SPDX-License-Identifier: GPL-3.0-or-later
// Exact n-gram counts of a few short sequences, order by order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pathloom {

/// Dense numbers for keys, in order of first appearance. Cleared in constant time.
class Interner {
public:
    /// `expected`: how many keys one filling may hold.
    explicit Interner(std::size_t expected);
    void clear();
    std::uint32_t number(std::uint64_t key);
    [[nodiscard]] std::size_t size() const { return m_size; }

private:
    struct Slot {
        std::uint64_t key = 0;
        std::uint32_t number = 0;
        std::uint32_t filling = 0;
    };
    std::vector<Slot> m_slots;
    std::uint32_t m_filling = 1;
    std::size_t m_size = 0;
};

/// All n-grams of several sequences over one alphabet, one order at a time: equal n-grams of one order have equal numbers. An
/// n-gram is known by the number of its first n-1 symbols and its last symbol, so any order is exact in 64 bits.
class NgramLadder {
public:
    /// `symbols[s]`: the symbols of sequence s. Stands on order 1.
    explicit NgramLadder(std::vector<std::vector<std::uint32_t>> symbols);
    /// One order up.
    void climb();
    [[nodiscard]] int order() const { return m_order; }
    /// Numbers of the n-grams of sequence s, by position; empty when the sequence is shorter than the order.
    [[nodiscard]] std::span<const std::uint32_t> ngrams(std::size_t s) const { return m_ngrams[s]; }
    /// Numbers are below this.
    [[nodiscard]] std::size_t distinct() const { return m_interner.size(); }
    /// How often every n-gram occurs in sequence s: [distinct()].
    [[nodiscard]] std::vector<std::uint32_t> counts(std::size_t s) const;

private:
    Interner m_interner;
    std::vector<std::vector<std::uint32_t>> m_symbols, m_ngrams;
    int m_order = 1;
};

/// Words as symbols: equal words have equal numbers across all lists.
std::vector<std::vector<std::uint32_t>> numbered_words(std::span<const std::vector<std::u32string_view>> lists);

}  // namespace pathloom
