// SPDX-License-Identifier: GPL-3.0-or-later
// What is drawn over pictures for a frame encoder, and what is asked of them.
#include "engine/probe/frame_lines.h"

#include <gmock/gmock.h>

#include <set>

namespace pathloom {
namespace {

TEST(FrameLines, OthersNeverGiveTheSecretWordAway)
{
    Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        const OverlayLine other = other_line(rng);
        EXPECT_TRUE(other.answer.empty());
        EXPECT_EQ(other.text.find("The secret word is \""), std::string::npos) << other.text;
        const OverlayLine secret = secret_line(rng);
        EXPECT_EQ(secret.text.find("The secret word is \""), 0U);
        EXPECT_EQ(secret.text.size(), secret.answer_at + secret.answer.size() + 1);
        EXPECT_EQ(secret.topic, other.topic);  // the same is asked of both
    }
}

TEST(FrameLines, FactsAreAskedForByTheirKeyAndStandWhereTheySay)
{
    const FactWriter facts({"boat", "cedar", "harbour", "lantern", "mill", "otter", "quarry", "stone", "tide", "willow"});
    Rng rng(2);
    std::set<std::string> topics;
    int told = 0;
    for (int i = 0; i < 500; ++i) {
        const OverlayLine line = fact_line(rng, facts, i % 2 == 0);
        EXPECT_LE(line.text.size(), 40U);
        EXPECT_FALSE(line.prompt.empty());
        if (i % 2 == 1) {
            EXPECT_TRUE(line.answer.empty());
            continue;
        }
        ASSERT_FALSE(line.answer.empty());
        EXPECT_EQ(line.text.substr(line.answer_at, line.answer.size()), line.answer);
        EXPECT_EQ(line.answer.find(' '), std::string::npos);  // a frame spells no blanks
        EXPECT_EQ(line.prompt.find(line.answer + "\n"), std::string::npos);
        const std::size_t bar = line.topic.find('|');
        told += bar != std::string::npos && line.text.find(line.topic.substr(bar + 1)) != std::string::npos ? 1 : 0;
        topics.insert(line.topic);
    }
    EXPECT_GE(told, 245);  // the few that are not are secret words: no fact was short enough
    EXPECT_GT(topics.size(), 200U);
}

TEST(FrameLines, AskForSecretWordsAndForFacts)
{
    const FactWriter facts({"boat", "cedar", "harbour", "lantern"});
    const LineWriter write = frame_lines(facts);
    Rng rng(3);
    int secrets = 0;
    for (int i = 0; i < 1000; ++i) secrets += write(rng, i % 3 == 0).topic == "secret word" ? 1 : 0;
    EXPECT_NEAR(secrets, 400, 80);
    Rng a(7), b(7);
    EXPECT_EQ(write(a, true).text, write(b, true).text);
}

}  // namespace
}  // namespace pathloom
