// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/rng.h"
#include "engine/vision/ctc.h"

#include <gmock/gmock.h>

#include <cmath>

namespace pathloom {
namespace {

using testing::ElementsAre;

std::vector<float> logits_of(std::size_t steps, std::size_t classes)
{
    Rng rng(5);
    std::vector<float> out(steps * classes);
    for (float& x : out) x = float(rng.normal());
    return out;
}

/// Sums over every path, as the definition says.
double by_enumeration(const std::vector<float>& logits, int classes, const std::vector<int>& labels)
{
    const auto k = std::size_t(classes), steps = logits.size() / k;
    std::size_t paths = 1;
    for (std::size_t t = 0; t < steps; ++t) paths *= k;
    double total = 0.0;
    for (std::size_t path = 0; path < paths; ++path) {
        std::vector<int> collapsed;
        double p = 1.0;
        int last = 0;
        for (std::size_t t = 0, rest = path; t < steps; ++t, rest /= k) {
            const int symbol = int(rest % k);
            double sum = 0.0;
            for (std::size_t c = 0; c < k; ++c) sum += std::exp(double(logits[t * k + c]));
            p *= std::exp(double(logits[t * k + std::size_t(symbol)])) / sum;
            if (symbol != 0 && symbol != last) collapsed.push_back(symbol);
            last = symbol;
        }
        if (collapsed == labels) total += p;
    }
    return -std::log(total);
}

TEST(Ctc, SumsOverAllPathsThatSpellTheLabels)
{
    const auto logits = logits_of(5, 3);
    for (const std::vector<int>& labels : {std::vector<int>{}, {1}, {1, 2}, {2, 2}, {1, 2, 1}}) {
        std::vector<float> gradient(logits.size(), 0.0f);
        EXPECT_NEAR(ctc_loss(logits, 3, labels, 1.0f, gradient), by_enumeration(logits, 3, labels), 1e-5);
    }
}

TEST(Ctc, GradientIsTheLossesSlope)
{
    auto logits = logits_of(7, 4);
    const std::vector<int> labels{3, 3, 1};
    std::vector<float> gradient(logits.size(), 0.0f), unused(logits.size());
    ctc_loss(logits, 4, labels, 2.0f, gradient);
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const float kept = logits[i];
        logits[i] = kept + 1e-2f;
        const double above = ctc_loss(logits, 4, labels, 1.0f, unused);
        logits[i] = kept - 1e-2f;
        const double below = ctc_loss(logits, 4, labels, 1.0f, unused);
        logits[i] = kept;
        EXPECT_NEAR(gradient[i], 2.0 * (above - below) / 2e-2, 2e-3) << i;
    }
}

TEST(Ctc, LabelsThatDoNotFitHaveNoGradient)
{
    const auto logits = logits_of(3, 3);
    std::vector<float> gradient(logits.size(), 0.0f);
    const std::vector<int> twice{1, 1, 2};  // needs a blank between: four steps
    EXPECT_TRUE(std::isinf(ctc_loss(logits, 3, twice, 1.0f, gradient)));
    EXPECT_THAT(gradient, testing::Each(0.0f));
}

TEST(Ctc, BestPathDropsRepeatsAndBlanks)
{
    std::vector<float> logits;
    for (const int best : {0, 2, 2, 0, 2, 1, 1, 0})
        for (int c = 0; c < 3; ++c) logits.push_back(c == best ? 1.0f : 0.0f);
    EXPECT_THAT(ctc_best(logits, 3), ElementsAre(CtcSymbol{2, 1}, CtcSymbol{2, 4}, CtcSymbol{1, 5}));
}

}  // namespace
}  // namespace pathloom
