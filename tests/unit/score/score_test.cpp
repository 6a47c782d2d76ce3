// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the scores: text classes, tokens, distances, draws, and the files they are read from.
#include "engine/core/files.h"
#include "engine/core/rng.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/error_rate.h"
#include "engine/probe/score/ngrams.h"
#include "engine/probe/score/numpy_random.h"
#include "engine/probe/score/sequence_ratio.h"
#include "engine/probe/score/ter.h"
#include "engine/probe/score/unicode.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>

#include <chrono>
#include <numeric>

namespace pathloom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string words_in(std::u32string_view text)
{
    std::string joined;
    for (const auto& word : split_words(text)) {
        if (!joined.empty()) joined += ' ';
        joined += encode_utf8(word);
    }
    return joined;
}

TEST(Unicode, DecodesOrNamesTheByte)
{
    EXPECT_EQ(*decode_utf8("aé漢😀"), U"aé漢😀");
    EXPECT_EQ(encode_utf8(U"aé漢😀"), "aé漢😀");
    EXPECT_THAT(decode_utf8("ok\nab\xff").error().message, HasSubstr("0xff in line 2 (offset 5)"));
    EXPECT_FALSE(decode_utf8("\xed\xa0\x80"));  // a surrogate
    EXPECT_FALSE(decode_utf8("a\xc3"));  // cut off
}

TEST(Unicode, WhiteSpaceIsPythons)
{
    for (const char32_t c : {U'\t', U'\v', U'\x1c', U'\x1f', U'\x85', U'\xa0', U'\x1680', U'\x2028', U'\x202f', U'\x3000'})
        EXPECT_TRUE(is_python_space(c)) << std::hex << std::uint32_t(c);
    for (const char32_t c : {U'\x200b', U'\xfeff', U'\x180e', U'\x2060', U'\x1b'})
        EXPECT_FALSE(is_python_space(c)) << std::hex << std::uint32_t(c);
    EXPECT_EQ(words_in(U"\u00a0a\u2003b\u200bc\t"), "a b\u200bc");
    EXPECT_EQ(stripped(U"\u3000a b\x85"), U"a b");
    EXPECT_EQ(right_stripped(U" a \n"), U" a");
}

TEST(Unicode, LowerCaseIsPythons)
{
    EXPECT_EQ(lowered(U"ABC ÄÖ ẞ"), U"abc äö ß");
    EXPECT_EQ(lowered(U"İ"), U"i\u0307");
    EXPECT_EQ(lowered(U"ΟΔΟΣ ΣΑ Σ"), U"οδος σα σ");  // final sigma only after a letter
    EXPECT_EQ(lowered(U"I"), U"i");
}

TEST(Tokens, OfThirteenA)
{
    const auto tokens = [](std::u32string_view line) { return words_in(tokenized(line, Tokenizer::v13a)); };
    EXPECT_EQ(tokens(U"Hello, world. 3.14 1,000 2-3 x-y"), "Hello , world . 3.14 1,000 2 - 3 x-y");
    EXPECT_EQ(tokens(U"&quot;a&quot; &amp;lt; it's"), "\" a \" < it's");
    EXPECT_EQ(tokens(U"a<skipped>b U.S."), "ab U . S .");
    EXPECT_EQ(tokens(U"漢字。「あ」"), "漢字。「あ」");
}

TEST(Tokens, OfTheOthers)
{
    EXPECT_EQ(words_in(tokenized(U"漢字! \u00ab1.5\u00bb $5 2020.", Tokenizer::intl)), "漢字 ! « 1.5 » $ 5 2020.");
    EXPECT_EQ(
        words_in(tokenized(U"漢字。\u00ab1.5", Tokenizer::intl)), "漢字 。 «1.5");  // a mark used up by its neighbour's match
    EXPECT_EQ(words_in(tokenized(U"ab c", Tokenizer::chr)), "a b c");
    EXPECT_EQ(words_in(tokenized(U"中文abc", Tokenizer::zh)), "中 文 abc");
    EXPECT_FALSE(tokenizer_named("ja-mecab"));
}

TEST(Tokens, OfTercom)
{
    // As in sacrebleu's test_tokenizer_ter.py.
    EXPECT_EQ(words_in(tercom_tokenized(U"A B C D.", {})), "a b c d.");
    EXPECT_EQ(words_in(tercom_tokenized(U"A ; B ) C : D.", {.no_punct = true})), "a b c d");
    EXPECT_EQ(words_in(tercom_tokenized(U"a b (c) d.", {.normalized = true})), "a b ( c ) d .");
    EXPECT_EQ(words_in(tercom_tokenized(U"Jim's car.", {.normalized = true})), "jim 's car .");
    EXPECT_EQ(words_in(tercom_tokenized(U"りの拳銃を持", {.normalized = true, .asian_support = true})), "りの 拳 銃 を 持");
}

TEST(Ngrams, AreExactAtEveryOrder)
{
    NgramLadder ladder({{7, 8, 7, 8, 7}, {8, 7, 8}});
    EXPECT_EQ(ladder.distinct(), 2U);
    ladder.climb();
    EXPECT_THAT(ladder.counts(0), ElementsAre(2, 2));
    EXPECT_THAT(ladder.counts(1), ElementsAre(1, 1));
    ladder.climb();
    ladder.climb();
    EXPECT_EQ(ladder.ngrams(0).size(), 2U);
    EXPECT_TRUE(ladder.ngrams(1).empty());
}

std::size_t plain_distance(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

TEST(EditDistance, IsTheTextbooksAcrossBlocks)
{
    Rng rng(3);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint32_t> a(rng.below(round % 3 == 0 ? 300 : 70)), b(rng.below(round % 2 == 0 ? 200 : 66));
        const std::uint64_t alphabet = 1 + rng.below(6);
        for (auto& symbol : a) symbol = std::uint32_t(rng.below(alphabet));
        for (auto& symbol : b) symbol = std::uint32_t(rng.below(alphabet + 1));
        ASSERT_EQ(edit_distance(a, b), plain_distance(a, b)) << "round " << round;
    }
}

TEST(ErrorRate, TreatsEmptyReferencesAsJiwer4)
{
    const ErrorRate wer(ErrorUnit::word, false), cer(ErrorUnit::character, false);
    const auto rate = [](const Metric& metric, const std::string& hypothesis, const std::string& reference) {
        return *corpus_score(metric, {hypothesis}, {reference});
    };
    EXPECT_EQ(rate(wer, "", ""), 0.0);
    EXPECT_EQ(rate(wer, "hello", ""), 1.0);
    EXPECT_EQ(rate(wer, "0 1 2", ""), 3.0);
    EXPECT_EQ(rate(cer, "abd", ""), 3.0);
    EXPECT_EQ(*corpus_score(wer, {"hello world", "done"}, {"hello world", ""}), 0.5);
    EXPECT_EQ(rate(wer, "a\tb c", "a b c"), 2.0 / 3.0);  // a lone tab parts no words
    EXPECT_EQ(rate(wer, " a \t b  c ", "a b c"), 0.0);
    EXPECT_EQ(rate(cer, "a  b", "a b"), 1.0 / 3.0);
}

TEST(SequenceRatio, CopiesAutojunk)
{
    // python3 -c 'import difflib; print(difflib.SequenceMatcher(None, a, b).ratio())'
    EXPECT_EQ(sequence_ratio(U"", U""), 1.0);
    EXPECT_EQ(sequence_ratio(U"abcd", U"bcde"), 0.75);
    EXPECT_EQ(sequence_ratio(U"tide", U"diet"), 0.25);
    EXPECT_EQ(sequence_ratio(U"diet", U"tide"), 0.5);  // not symmetric
    const std::u32string popular = std::u32string(150, U'x') + std::u32string(150, U'y');
    EXPECT_EQ(sequence_ratio(U"y" + popular, popular), 0.0);  // every character of b is popular: nothing starts a match
    EXPECT_EQ(sequence_ratio(popular + U"z", popular), 600.0 / 601.0);  // but a common beginning is found
}

TEST(NumpyRandom, DrawsWhatNumpyDraws)
{
    // numpy.random.default_rng(12345).integers(0, 100, 8)
    NumpyRandom random(12345);
    std::vector<std::uint32_t> draws;
    for (int i = 0; i < 8; ++i) draws.push_back(random.below(100));
    EXPECT_THAT(draws, ElementsAre(69, 22, 78, 31, 20, 79, 64, 67));
    EXPECT_EQ(NumpyRandom(1).below(1), 0U);
}

class ScoredFiles : public testing::Test {
protected:
    Result<ScoredText> read(const std::string& hypotheses, const std::vector<std::string>& references, bool whole = false)
    {
        const auto keep = [&](const std::string& name, const std::string& text) {
            const auto path = m_folder.path() / name;
            EXPECT_TRUE(write_file_atomic(path, text));
            return path;
        };
        std::vector<std::filesystem::path> paths;
        for (std::size_t r = 0; r < references.size(); ++r) paths.push_back(keep("ref" + std::to_string(r), references[r]));
        return read_scored_text(keep("hyp", hypotheses), paths, whole);
    }
    test::TemporaryFolder m_folder;
};

TEST_F(ScoredFiles, LinesEndInLfOrCrLfOrNot)
{
    const auto text = read("a\r\n\r\nb\x0b"
                           "c\n",
        {"x\n \ny"});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(text->hypotheses, ElementsAre(U"a", U"", U"b\vc"));
    EXPECT_THAT(text->references[0], ElementsAre(U"x", U" ", U"y"));
}

TEST_F(ScoredFiles, JoinedLinesMayEndInAnEmptyOne)
{
    EXPECT_THAT(read("a\n", {"b\nc"})->hypotheses, ElementsAre(U"a", U""));
    EXPECT_THAT(read("", {"the cat"})->hypotheses, ElementsAre(U""));
    EXPECT_FALSE(read("a\n", {"b\nc\n"}));  // every line ends: one is missing
    EXPECT_FALSE(read("a\nb", {"a\nb\nc"}));
}

TEST_F(ScoredFiles, WhatIsWrongIsNamed)
{
    EXPECT_THAT(read("a\nb\n", {"a\nb\n", "a\n"}).error().message, HasSubstr("hyp has 2 lines and "));
    EXPECT_THAT(read("", {""}).error().message, HasSubstr("are empty"));
    EXPECT_THAT(read("a\n\xff\n", {"a\nb\n"}).error().message, HasSubstr("hyp is not UTF-8: byte 0xff in line 2"));
    EXPECT_EQ(read_scored_text(m_folder.path() / "none", {}, false).error().code, ErrorCode::NotFound);
}

TEST_F(ScoredFiles, AWholeFileIsOneSegment)
{
    const auto text = read("a\nb\r\n", {""}, true);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_THAT(text->hypotheses, ElementsAre(U"a\nb\r\n"));
    EXPECT_THAT(text->references[0], ElementsAre(U""));
}

TEST(Bootstrap, NamesItsSeedAndHoldsTheScore)
{
    ScoredText text;
    text.references.resize(1);
    Rng rng(5);
    for (int i = 0; i < 200; ++i) {
        std::u32string line;
        for (int c = 0; c < 40; ++c) line += char32_t(U'a' + rng.below(8));
        text.references[0].push_back(line);
        for (auto& c : line)
            if (rng.below(3) == 0) c = U'z';
        text.hypotheses.push_back(line);
    }
    const Chrf chrf({});
    const auto statistics = segment_statistics(chrf, text);
    const auto interval = bootstrap(chrf, statistics, {500, 7});
    const double score = chrf.score(summed(statistics));
    EXPECT_LT(interval.low, score);
    EXPECT_GT(interval.high, score);
    EXPECT_LT(interval.high - interval.low, 5.0);
    EXPECT_EQ(interval.mean, bootstrap(chrf, statistics, {500, 7}).mean);
    EXPECT_NE(interval.mean, bootstrap(chrf, statistics, {500, 8}).mean);
    EXPECT_EQ(signature(chrf, 1, BootstrapOptions{500, 7}),
        "nrefs:1|bs:500|seed:7|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0");
}

TEST(Ter, VeryDifferentLengthsStayFinite)
{
    const std::vector<std::uint32_t> one{1};
    std::vector<std::uint32_t> many(5000);
    std::iota(many.begin(), many.end(), 1U);
    EXPECT_EQ(translation_edits(one, many), 5000);  // the match lies outside the beam, as there
    EXPECT_EQ(translation_edits(many, one), 4999);
    EXPECT_EQ(translation_edits({}, many), 5000);
    EXPECT_EQ(translation_edits(many, {}), 5000);
    EXPECT_EQ(translation_edits(many, many), 0);
}

}  // namespace
}  // namespace pathloom
