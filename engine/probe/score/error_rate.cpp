// SPDX-License-Identifier: GPL-3.0-or-later
// Word and character error rates.
#include "engine/probe/score/error_rate.h"

#include "engine/probe/score/ngrams.h"
#include "engine/probe/score/unicode.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

namespace {

constexpr std::size_t bits = 64;

/// One block of rows of the bit-parallel distance: which rows rise and which fall from the column before.
struct Rows {
    std::uint64_t rises = ~std::uint64_t(0), falls = 0;
};
/// What crosses from one block into the next.
struct Carry {
    std::uint64_t rises, falls;
};

/// One column of one block. `matches`: rows whose symbol is the column's; `top`: bit of the last row that counts.
Carry advance(Rows& rows, std::uint64_t matches, Carry in, std::uint64_t top)
{
    const std::uint64_t x = matches | in.falls;
    const std::uint64_t diagonal = (((x & rows.rises) + rows.rises) ^ rows.rises) | x | rows.falls;
    std::uint64_t right_rises = rows.falls | ~(diagonal | rows.rises);
    std::uint64_t right_falls = diagonal & rows.rises;
    const Carry out{(right_rises & top) != 0, (right_falls & top) != 0};
    right_rises = right_rises << 1 | in.rises;
    right_falls = right_falls << 1 | in.falls;
    rows.rises = right_falls | ~(diagonal | right_rises);
    rows.falls = right_rises & diagonal;
    return out;
}

/// jiwer's words: str.split(" ") of the stripped text, empty ones dropped.
std::vector<std::u32string_view> blank_parted(std::u32string_view text)
{
    std::vector<std::u32string_view> words;
    text = stripped(text);
    for (std::size_t start = 0, at = 0; at <= text.size(); ++at) {
        // Two or more white-space characters in a row part words, and so does a single one if it is a blank.
        std::size_t run = at;
        while (run < text.size() && is_python_space(text[run])) ++run;
        const bool parts = at == text.size() || run - at >= 2 || (run > at && text[at] == U' ');
        if (!parts) continue;
        if (at > start) words.push_back(text.substr(start, at - start));
        start = run;
        if (run > at) at = run - 1;
    }
    return words;
}

std::vector<std::uint32_t> characters(std::u32string_view text)
{
    text = stripped(text);
    return {text.begin(), text.end()};
}

double rate(double edits, double length)
{
    return length == 0 ? edits : edits / length;
}

}  // namespace

std::size_t edit_distance(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b)
{
    if (a.size() > b.size()) std::swap(a, b);
    if (a.empty()) return b.size();
    const std::size_t blocks = (a.size() + bits - 1) / bits;
    Interner symbols(a.size() + b.size());
    for (const auto symbol : a) symbols.number(symbol);
    // Symbols that only b has share the last line, which matches nowhere.
    const std::size_t known = symbols.size();
    std::vector<std::uint64_t> where((known + 1) * blocks);
    for (std::size_t i = 0; i < a.size(); ++i) where[symbols.number(a[i]) * blocks + i / bits] |= std::uint64_t(1) << (i % bits);

    std::vector<Rows> rows(blocks);
    const std::uint64_t last_row = std::uint64_t(1) << ((a.size() - 1) % bits);
    std::size_t distance = a.size();
    for (const auto symbol : b) {
        const auto* matches = where.data() + std::min<std::size_t>(symbols.number(symbol), known) * blocks;
        Carry carry{1, 0};  // the top row counts insertions
        for (std::size_t block = 0; block < blocks; ++block)
            carry = advance(rows[block], matches[block], carry, block + 1 == blocks ? last_row : std::uint64_t(1) << (bits - 1));
        distance += std::size_t(carry.rises);
        distance -= std::size_t(carry.falls);
    }
    return distance;
}

std::string ErrorRate::settings() const
{
    return fmt::format(
        "case:{}|unit:{}|like:jiwer-4", m_lowercase ? "lc" : "mixed", m_unit == ErrorUnit::word ? "word" : "character");
}

std::vector<double> ErrorRate::statistics(std::u32string_view hypothesis, std::span<const std::u32string_view> references) const
{
    std::vector<std::u32string> lower;
    std::vector<std::u32string_view> texts{hypothesis};
    texts.insert(texts.end(), references.begin(), references.end());
    if (m_lowercase) {
        for (const auto& text : texts) lower.push_back(lowered(text));
        std::copy(lower.begin(), lower.end(), texts.begin());
    }
    std::vector<std::vector<std::uint32_t>> symbols;
    if (m_unit == ErrorUnit::word) {
        std::vector<std::vector<std::u32string_view>> words;
        for (const auto& text : texts) words.push_back(blank_parted(text));
        symbols = numbered_words(words);
    } else {
        for (const auto& text : texts) symbols.push_back(characters(text));
    }
    std::vector<double> best;
    for (std::size_t r = 1; r < symbols.size(); ++r) {
        const auto edits = double(edit_distance(symbols[0], symbols[r])), length = double(symbols[r].size());
        if (best.empty() || rate(edits, length) < rate(best[0], best[1])) best = {edits, length};
    }
    return best;
}

double ErrorRate::score(std::span<const double> totals) const
{
    return rate(totals[0], totals[1]);
}

nlohmann::json ErrorRate::details(std::span<const double> totals) const
{
    return {{"edits", std::uint64_t(totals[0])}, {"ref_length", std::uint64_t(totals[1])}};
}

}  // namespace pathloom
