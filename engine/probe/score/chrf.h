// SPDX-License-Identifier: GPL-3.0-or-later
// chrF (Popovic 2015) and chrF++ (Popovic 2017), number for number as sacrebleu 2.x computes them.
#pragma once

#include "engine/probe/score/metric.h"

namespace pathloom {

struct ChrfOptions {
    int char_order = 6;
    int word_order = 0;  ///< 2 is chrF++
    double beta = 2.0;  ///< weight of recall
    bool lowercase = false;
    bool whitespace = false;  ///< character n-grams may hold white space
    bool eps_smoothing = false;  ///< as chrF++.py, NLTK and Moses; otherwise only orders that both sides have count
};

/// Statistics: [hypothesis n-grams, reference n-grams, matches] an order, characters first. With several references a segment
/// keeps the one that gives its own best F.
class Chrf final : public Metric {
public:
    /// Orders are not negative and not both 0.
    explicit Chrf(ChrfOptions options)
        : m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override;
    [[nodiscard]] std::string settings() const override;
    [[nodiscard]] std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const override;
    [[nodiscard]] double score(std::span<const double> totals) const override;
    [[nodiscard]] nlohmann::json details(std::span<const double> totals) const override;

private:
    ChrfOptions m_options;
};

}  // namespace pathloom
