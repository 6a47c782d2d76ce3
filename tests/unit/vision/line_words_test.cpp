// SPDX-License-Identifier: GPL-3.0-or-later
// A question's words in lines that were spelt letter by letter.
#include "engine/vision/line_words.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

TEST(LineWords, AreFoundWithoutBlanksAndWithALetterWrong)
{
    const LineWords asked("What is the access code of Lisbon?\nAnswer:");
    const LineShares right = asked.in("the accesscode oflisbon is 4917720"), misread = asked.in("theaccesscodeofisboni s491"),
                     other = asked.in("the access code ofmadridis 4917720"), nothing = asked.in("qua x");
    EXPECT_GT(right.sentence, 0.85);  // only "what" is not there
    EXPECT_EQ(misread.sentence, right.sentence);
    EXPECT_EQ(right.names, 1.0);
    EXPECT_EQ(other.names, 0.0);
    EXPECT_LT(other.sentence, right.sentence - 0.2);
    EXPECT_EQ(nothing.sentence, 0.0);
}

TEST(LineWords, TakeTheSentenceThatIsThere)
{
    // Orders and prefixes stand in no picture and must not speak against one that answers.
    const LineShares shares
        = LineWords("What is the secret word? Do not guess. Answer briefly.\nHere it is:").in("the secret word is");
    EXPECT_GT(shares.sentence, 0.75);  // only "what" is not there
    EXPECT_EQ(shares.names, 1.0);  // without names nothing is missing
    EXPECT_EQ(LineWords("").in("anything").sentence, 0.0);
    EXPECT_EQ(LineWords("Who?").in("").names, 0.0);
}

TEST(LineWords, NamesAreCapitalisedWithinASentenceOrHaveADigit)
{
    EXPECT_EQ(LineWords("Tell me the key of Room 7.").in("key of the attic").names, 0.0);
    EXPECT_GT(LineWords("Tell me the key of Room 7.").in("the key of room 8").names, 0.9);  // the room, not its number
    EXPECT_EQ(LineWords("Lisbon opens with what?").in("what opens").names, 1.0);  // any sentence begins with a capital
}

TEST(LineWords, HoldWithErrorsWhatIsLeftOutPutInOrChanged)
{
    EXPECT_TRUE(holds("theharbourmaster", "harbour", 0));
    EXPECT_FALSE(holds("theharbormaster", "harbour", 0));
    EXPECT_TRUE(holds("theharbormaster", "harbour", 1));
    EXPECT_TRUE(holds("theharbxourmaster", "harbour", 1));
    EXPECT_TRUE(holds("thehaxbourmaster", "harbour", 1));
    EXPECT_FALSE(holds("thehaxboxrmaster", "harbour", 1));
    EXPECT_TRUE(holds("thehaxboxrmaster", "harbour", 2));
    EXPECT_FALSE(holds("", "abc", 2));
}

}  // namespace
}  // namespace pathloom
