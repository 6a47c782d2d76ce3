// SPDX-License-Identifier: GPL-3.0-or-later
// What every score has in common: statistics of a segment that add up, and a score of their sum.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// A corpus score is score(sum of all segments' statistics), a sentence score is score(statistics of one), and a bootstrap sample
/// sums the statistics of the segments it drew.
class Metric {
public:
    virtual ~Metric() = default;
    /// As sacrebleu prints it: "chrF2++", "BLEU", "TER".
    [[nodiscard]] virtual std::string name() const = 0;
    /// The part of the signature that follows nrefs, bs and seed, up to and with the version.
    [[nodiscard]] virtual std::string settings() const = 0;
    /// Statistics of one segment; always equally many. At least one reference. Safe to call from several threads.
    [[nodiscard]] virtual std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const = 0;
    /// The score of summed statistics.
    [[nodiscard]] virtual double score(std::span<const double> totals) const = 0;
    /// What the score is made of, for the JSON document.
    [[nodiscard]] virtual nlohmann::json details(std::span<const double> totals) const = 0;
};

/// The release of sacrebleu whose numbers chrF, BLEU and TER equal; it closes their signatures.
inline constexpr std::string_view sacrebleu_version = "2.6.0";

}  // namespace pathloom
