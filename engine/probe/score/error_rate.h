// SPDX-License-Identifier: GPL-3.0-or-later
// Word and character error rates, as jiwer 4 computes them with its default transforms.
#pragma once

#include "engine/probe/score/metric.h"

#include <cstddef>
#include <cstdint>

namespace pathloom {

/// Levenshtein distance with unit costs (Myers 1999, in blocks of 64 as Hyyro 2003): O(a b / 64).
std::size_t edit_distance(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

enum class ErrorUnit { word, character };

/// Statistics: edits, reference length. The score is their quotient (not a percentage), over a corpus as over one segment;
/// without a single reference word it is the number of edits. Words are parted by blanks only, after runs of two or more
/// white-space characters have become one blank: a lone tab stays inside its word. Characters include the white space between
/// words. With several references a segment keeps the one with the lowest rate (jiwer knows only one).
class ErrorRate final : public Metric {
public:
    ErrorRate(ErrorUnit unit, bool lowercase)
        : m_unit(unit)
        , m_lowercase(lowercase)
    {
    }
    [[nodiscard]] std::string name() const override { return m_unit == ErrorUnit::word ? "WER" : "CER"; }
    [[nodiscard]] std::string settings() const override;
    [[nodiscard]] std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const override;
    [[nodiscard]] double score(std::span<const double> totals) const override;
    [[nodiscard]] nlohmann::json details(std::span<const double> totals) const override;

private:
    ErrorUnit m_unit;
    bool m_lowercase;
};

}  // namespace pathloom
