// SPDX-License-Identifier: GPL-3.0-or-later
// TER (Snover et al. 2006), number for number as sacrebleu 2.x computes it, which is Tercom but for its beam.
#pragma once

#include "engine/probe/score/metric.h"
#include "engine/probe/score/tokenizers.h"

#include <cstdint>

namespace pathloom {

/// Insertions, deletions, substitutions and shifts of runs of words that turn `hypothesis` into `reference`. Shifts are chosen
/// greedily, each the one that saves most, among at most about 1,000 candidates of at most 10 words over at most 50 places;
/// distances look 25 cells to either side of the diagonal. An empty reference costs a deletion a word.
std::int64_t translation_edits(std::span<const std::uint32_t> hypothesis, std::span<const std::uint32_t> reference);

/// Statistics: fewest edits over the references, mean length of the references. The score is 100 times their quotient.
class Ter final : public Metric {
public:
    explicit Ter(TercomOptions options)
        : m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override { return "TER"; }
    [[nodiscard]] std::string settings() const override;
    [[nodiscard]] std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const override;
    [[nodiscard]] double score(std::span<const double> totals) const override;
    [[nodiscard]] nlohmann::json details(std::span<const double> totals) const override;

private:
    TercomOptions m_options;
};

}  // namespace pathloom
