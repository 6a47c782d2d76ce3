// SPDX-License-Identifier: GPL-3.0-or-later
// BLEU (Papineni et al. 2002), number for number as sacrebleu 2.x computes it.
#pragma once

#include "engine/probe/score/metric.h"
#include "engine/probe/score/tokenizers.h"

#include <optional>

namespace pathloom {

/// What becomes of an order without a match (Chen and Cherry 2014): nothing, a small count, k added to orders above 1, halves.
enum class BleuSmoothing { none, floor, add_k, exp };

struct BleuOptions {
    Tokenizer tokenizer = Tokenizer::v13a;
    bool lowercase = false;
    BleuSmoothing smoothing = BleuSmoothing::exp;
    std::optional<double> smooth_value = {};  ///< of floor (0.1) and add-k (1)
    int max_order = 4;
    bool effective_order = false;  ///< leave out orders longer than the hypothesis; what a sentence needs
};

/// "none", "floor", "add-k", "exp"; nothing for another name.
std::optional<BleuSmoothing> smoothing_named(std::string_view name);

/// Statistics: hypothesis length, closest reference length (ties: the shorter), then matches and totals of orders 1 to max_order.
class Bleu final : public Metric {
public:
    /// max_order >= 1.
    explicit Bleu(BleuOptions options)
        : m_options(options)
    {
    }
    [[nodiscard]] std::string name() const override { return "BLEU"; }
    [[nodiscard]] std::string settings() const override;
    [[nodiscard]] std::vector<double> statistics(
        std::u32string_view hypothesis, std::span<const std::u32string_view> references) const override;
    [[nodiscard]] double score(std::span<const double> totals) const override;
    [[nodiscard]] nlohmann::json details(std::span<const double> totals) const override;

private:
    struct Parts;
    [[nodiscard]] Parts parts(std::span<const double> totals) const;
    BleuOptions m_options;
};

}  // namespace pathloom
