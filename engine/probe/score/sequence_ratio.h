// SPDX-License-Identifier: GPL-3.0-or-later
// Python's difflib.SequenceMatcher(None, a, b).ratio() on text: the score of multi-round co-reference (MRCR).
#pragma once

#include "engine/probe/score/metric.h"

namespace pathloom {

/// 2 M / (|a| + |b|), M the characters in Ratcliff and Obershelp's matching blocks; 1 when both are empty. Not symmetric. As
/// there, when b has 200 characters or more, those that make up more than one per cent of it start no match ("autojunk").
double sequence_ratio(std::u32string_view a, std::u32string_view b);

/// Statistics: ratio, 1. The corpus score is the mean. a is the reference, b the hypothesis; of several references the best ratio
/// counts.
class SequenceRatio final : public Metric {
public:
    explicit SequenceRatio(bool lowercase)
        : m_lowercase(lowercase)
    {
    }
    [[nodiscard]] std::string name() const override { return "ratio"; }
    [[nodiscard]] std::string settings() const override;
    [[nodiscard]] std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const override;
    [[nodiscard]] double score(std::span<const double> totals) const override;
    [[nodiscard]] nlohmann::json details(std::span<const double> totals) const override;

private:
    bool m_lowercase;
};

}  // namespace pathloom
