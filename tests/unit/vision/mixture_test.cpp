// SPDX-License-Identifier: GPL-3.0-or-later
// What the frame encoder is shown and told.
#include "support.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace pathloom {
namespace {

OverlayMixture usual_mixture(std::uint64_t seed)
{
    return OverlayMixture(test::noise(3, 480, 270), VisionSpec(), OverlaySpec(), test::short_line, seed);
}

TEST(OverlayMixture, IsAPureFunctionOfItsSeedAndTheBatchsNumber)
{
    const VisionBatch a = usual_mixture(1).batch(5), same = usual_mixture(1).batch(5), next = usual_mixture(1).batch(6),
                      other = usual_mixture(2).batch(5);
    EXPECT_EQ(a.pictures, same.pictures);
    EXPECT_EQ(a.labels, same.labels);
    EXPECT_EQ(a.wanted, same.wanted);
    EXPECT_EQ(a.prompts, same.prompts);
    EXPECT_NE(a.pictures, next.pictures);
    EXPECT_NE(a.pictures, other.pictures);
}

TEST(OverlayMixture, StripsAndNowAndThenWholePictures)
{
    const VisionSpec spec;
    const VisionBatch strips = usual_mixture(1).batch(0), wholes = usual_mixture(1).batch(3);
    EXPECT_EQ(strips.batch, 16);
    EXPECT_EQ(strips.height, 72);
    EXPECT_EQ(wholes.batch, 5);
    EXPECT_EQ(wholes.height, spec.height);
    for (const VisionBatch* batch : {&strips, &wholes}) {
        const auto n = std::size_t(batch->batch), rows = std::size_t(batch->height / VisionRowPixels);
        EXPECT_EQ(batch->pictures.size(), n * std::size_t(batch->height * spec.width));
        EXPECT_EQ(batch->line.size(), n * rows * std::size_t(spec.columns()));
        EXPECT_EQ(batch->wanted.size(), n * std::size_t(spec.tokens()));
        EXPECT_EQ(batch->centres.size(), n * std::size_t(spec.columns()));
        EXPECT_EQ(batch->labels.size(), n);
        EXPECT_EQ(batch->prompts.size(), n);  // pictures without a line are asked, too
        EXPECT_EQ(batch->topics.size(), n);
    }
}

TEST(OverlayMixture, TellsWhereTheAnswerIsAndHowItIsSpelt)
{
    const VisionSpec spec;
    int answered = 0, others = 0;
    for (std::uint64_t n = 0; n < 4; ++n) {
        const VisionBatch batch = usual_mixture(1).usual_batch(n, 5);
        for (std::size_t b = 0; b < std::size_t(batch.batch); ++b) {
            const auto wanted = std::span(batch.wanted).subspan(b * std::size_t(spec.tokens()), std::size_t(spec.tokens()));
            const auto centres = std::span(batch.centres).subspan(b * std::size_t(spec.columns()), std::size_t(spec.columns()));
            std::string text, inside;
            for (const int symbol : batch.labels[b]) text += FrameAlphabet[std::size_t(symbol)];
            for (int c = 0; c < spec.columns(); ++c)
                if (wanted[std::size_t(c / SymbolsAToken)] == 1.0f && centres[std::size_t(c)] != 0)
                    inside += FrameAlphabet[std::size_t(centres[std::size_t(c)])];
            if (batch.answers[b].empty()) {
                ++others;
                EXPECT_EQ(std::ranges::count(wanted, 1.0f), 0);
                continue;
            }
            ++answered;
            EXPECT_EQ(text, "thesecretwordis\"" + batch.answers[b] + "\"");
            EXPECT_NE(batch.answers[b].find(inside.substr(1, inside.size() - 2)), std::string::npos) << inside;
            EXPECT_GE(std::ranges::count(wanted, 1.0f), 2);
        }
    }
    EXPECT_GT(answered, 4);
    EXPECT_GT(others, 4);
}

TEST(OverlayMixture, NarrowPicturesHaveWiderLetters)
{
    const auto wanted = [](double narrow) {
        OverlaySpec spec;
        spec.narrow = narrow;
        const OverlayMixture mixture(test::noise(3, 480, 270), VisionSpec(), spec, test::short_line, 1);
        std::ptrdiff_t tokens = 0, letters = 0;
        for (std::uint64_t n = 0; n < 6; ++n) {
            const VisionBatch batch = mixture.usual_batch(n, 5);
            tokens += std::ranges::count(batch.wanted, 1.0f);
            for (const std::string& answer : batch.answers) letters += std::ssize(answer);
        }
        return double(tokens) / double(letters);
    };
    EXPECT_NEAR(wanted(1.0) / wanted(0.0), 4.0 / 3.0, 0.15);
}

TEST(OverlayMixture, RefusesWhatMakesNoSense)
{
    const VisionSpec vision;
    OverlaySpec spec;
    EXPECT_TRUE(validate(spec, vision));
    spec.strip = 80;
    EXPECT_THAT(validate(spec, vision).error().message, testing::HasSubstr("strip"));
    spec = {};
    spec.answered = 0.9;
    spec.other = 0.2;
    EXPECT_THAT(validate(spec, vision).error().message, testing::HasSubstr("answered"));
}

}  // namespace
}  // namespace pathloom
