// SPDX-License-Identifier: GPL-3.0-or-later
// Exact and near duplicates: found where they are, not where they are not, whatever the seed.
#include "engine/corpus/dedup.h"
#include "engine/corpus/text.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>

#include <chrono>
#include <map>

namespace pathloom {
namespace {

using testing::ElementsAre;

Deduplicated run(const std::vector<std::string>& texts, std::uint64_t seed = 1)
{
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    auto result = find_duplicates(views, seed);
    EXPECT_TRUE(result);
    return std::move(*result);
}

/// A text of words drawn from a large vocabulary: two of them share no shingle.
std::string prose(std::uint64_t seed, int words, const test::Script& script = test::scripts[0], const char* gap = " ")
{
    Rng rng(seed);
    std::string text;
    for (int i = 0; i < words; ++i) text += test::word(script, rng.next()) + gap;
    return text;
}

/// Replaces the words [begin, begin + count) of a text.
std::string edited(const std::string& text, int begin, int count)
{
    std::string out;
    int index = 0;
    for (std::size_t at = 0; at < text.size(); ++index) {
        const std::size_t end = text.find(' ', at);
        out += index >= begin && index < begin + count ? "edited" + std::to_string(index) + " " : text.substr(at, end + 1 - at);
        at = end + 1;
    }
    return out;
}

TEST(Dedup, ExactCopiesUpToWhiteSpaceKeepTheEarlier)
{
    const auto got = run({"one two", "three", " one\n\ntwo ", "three", "four"});
    EXPECT_THAT(got.kept, ElementsAre(0, 1, 4));
    EXPECT_EQ(got.exact_duplicates, 2);
    EXPECT_EQ(got.near_duplicates, 0);
}

TEST(Dedup, NearCopiesGoAndDistantOnesStay)
{
    const std::string base = prose(1, 400);
    const auto got = run({base, edited(base, 100, 20), edited(base, 50, 250), prose(2, 400)});
    EXPECT_THAT(got.kept, ElementsAre(0, 2, 3));
    EXPECT_EQ(got.near_duplicates, 1);
}

TEST(Dedup, JapaneseWithoutBlanksIsComparedByCharacters)
{
    const std::string base = prose(5, 200, test::scripts[2], "");
    const auto got
        = run({base, base.substr(0, base.size() - 30) + prose(6, 3, test::scripts[2], ""), prose(7, 200, test::scripts[2], "")});
    EXPECT_THAT(got.kept, ElementsAre(0, 2));
    EXPECT_EQ(got.near_duplicates, 1);
}

TEST(Dedup, ShortTextsAreOnlyEqualWhenTheirWordsAre)
{
    EXPECT_THAT(run({"a", "b", "a b", "b a", "", "漢"}).kept, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Dedup, JaccardCountsSharedShingles)
{
    EXPECT_DOUBLE_EQ(jaccard(shingles_of("a b c d e f"), shingles_of("a b c d e g")), 1.0 / 3.0);
    EXPECT_DOUBLE_EQ(jaccard(shingles_of("a b c d e f"), shingles_of("a  b c\nd e f")), 1.0);
    EXPECT_DOUBLE_EQ(jaccard({}, {}), 1.0);
    EXPECT_DOUBLE_EQ(jaccard({}, shingles_of("x")), 0.0);
}

/// The same decision as comparing every pair, for random edits around the threshold.
TEST(Dedup, AgreesWithComparingAllPairs)
{
    std::vector<std::string> texts;
    Rng rng(11);
    for (int family = 0; family < 12; ++family) {
        const std::string base = prose(std::uint64_t(family) + 100, 150);
        texts.push_back(base);
        for (int copy = 0; copy < 6; ++copy) texts.push_back(edited(base, int(rng.below(100)), 1 + int(rng.below(40))));
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto mine = shingles_of(texts[i]);
        const bool near
            = std::any_of(kept.begin(), kept.end(), [&](std::size_t k) { return jaccard(shingles_of(texts[k]), mine) >= 0.8; });
        if (!near) kept.push_back(i);
    }
    EXPECT_GT(kept.size(), 12U);
    EXPECT_LT(kept.size(), texts.size());
    for (const std::uint64_t seed : {1U, 2U, 3U}) EXPECT_EQ(run(texts, seed).kept, kept);
}

TEST(Dedup, StopsWhenAskedTo)
{
    const std::vector<std::string_view> texts{"a", "b"};
    const auto got = find_duplicates(texts, 1, [](std::int64_t, std::int64_t) { return false; });
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace pathloom
