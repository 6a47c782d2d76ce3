// SPDX-License-Identifier: GPL-3.0-or-later
// The tokenizer: nothing lost, every byte accounted for, deterministic, clear about a vocabulary that does not fit.
#include "engine/corpus/text.h"
#include "engine/corpus/tokenizer.h"
#include "tests/unit/corpus/corpus_test_data.h"

#include <gmock/gmock.h>
#include <sentencepiece_trainer.h>

#include <charconv>

namespace pathloom {
namespace {

using testing::HasSubstr;

std::vector<std::string> training_texts()
{
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < 60; ++i) texts.push_back(test::random_text(i, test::scripts[i % test::scripts.size()], 200));
    return texts;
}

Result<Tokenizer> train(int vocabulary, std::uint64_t seed = 1)
{
    const std::vector<std::string> texts = training_texts();
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    TokenizerTraining training;
    training.vocabulary = vocabulary;
    training.seed = seed;
    return Tokenizer::train(views, training);
}

/// SentencePiece writes U+2581 for a blank.
std::string with_blanks(std::string_view piece)
{
    std::string text;
    for (std::size_t i = 0; i < piece.size();) {
        const bool blank = piece.substr(i).starts_with("\u2581");
        text += blank ? ' ' : piece[i];
        i += blank ? 3 : 1;
    }
    return text;
}

class TrainedTokenizer : public testing::Test {
protected:
    static void SetUpTestSuite()
    {
        auto trained = train(1200);
        ASSERT_TRUE(trained) << trained.error().message;
        tokenizer = std::make_unique<Tokenizer>(std::move(*trained));
    }
    static void TearDownTestSuite() { tokenizer.reset(); }
    static std::unique_ptr<Tokenizer> tokenizer;
};
std::unique_ptr<Tokenizer> TrainedTokenizer::tokenizer;

TEST_F(TrainedTokenizer, DecodeIsTheInverseOfEncodeInEveryScript)
{
    EXPECT_EQ(tokenizer->vocabulary(), 1200);
    for (std::uint64_t seed = 1000; seed < 1060; ++seed) {
        const std::string text = test::random_text(seed, test::scripts[seed % test::scripts.size()], 120);
        EXPECT_EQ(tokenizer->decode(tokenizer->encode_ids(text)), text);
    }
}

/// Offsets begin at 0, never go back, end inside the text, and the slice of each token is what it decodes to.
TEST_F(TrainedTokenizer, EveryTokenHasItsBytes)
{
    std::vector<std::string> texts{"  two  blanks ", "\n", "\t\ttabs",
        "a\x01"
        "b",
        "🦄🦄 never seen ᚠᛇᚻ", std::string(300000, 'x'), "\n\n\n"};
    for (std::uint64_t seed = 2000; seed < 2030; ++seed)
        texts.push_back(test::random_text(seed, test::scripts[seed % test::scripts.size()], 90));
    for (const std::string& text : texts) {
        const std::vector<Token> tokens = tokenizer->encode(text);
        ASSERT_FALSE(tokens.empty());
        ASSERT_EQ(tokens.front().byte, 0);
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const auto begin = std::size_t(tokens[i].byte);
            const std::size_t end = i + 1 < tokens.size() ? std::size_t(tokens[i + 1].byte) : text.size();
            ASSERT_LT(begin, end);
            ASSERT_LE(end, text.size());
            const std::string piece = tokenizer->piece(tokens[i].id);
            if (piece.size() == 6 && piece.starts_with("<0x")) {  // a byte: "<0xE2>"
                int value = 0;
                std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
                ASSERT_EQ(text.substr(begin, end - begin), std::string(1, char(value)));
            } else {
                ASSERT_EQ(text.substr(begin, end - begin), with_blanks(piece));
            }
        }
    }
    EXPECT_TRUE(tokenizer->encode("").empty());
}

TEST_F(TrainedTokenizer, DigitsStandAlone)
{
    EXPECT_EQ(tokenizer->encode("12345").size(), 5U);
}

TEST_F(TrainedTokenizer, LongTextIsCutAtNewlinesOnly)
{
    std::string text;
    while (text.size() < 200'000) text += test::random_text(text.size(), test::scripts[0], 50) + "\n";
    std::vector<std::int32_t> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin) + 1;
        for (const std::int32_t id : tokenizer->encode_ids(std::string_view(text).substr(begin, end - begin)))
            lines.push_back(id);
        begin = end;
    }
    EXPECT_EQ(tokenizer->encode_ids(text), lines);
}

TEST_F(TrainedTokenizer, SameTextsGiveTheSameModelAndAModelLoadsBack)
{
    const auto again = train(1200);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->model(), tokenizer->model());
    const auto loaded = Tokenizer::from_model(tokenizer->model());
    ASSERT_TRUE(loaded);
    const std::string text = test::random_text(9, test::scripts[3], 100);
    EXPECT_EQ(loaded->encode(text), tokenizer->encode(text));
    EXPECT_EQ(loaded->piece(-1), "");
    EXPECT_EQ(loaded->piece(1200), "");
    const std::int32_t outside[] = {-5, 99999};
    EXPECT_EQ(loaded->decode(outside), "");
}

TEST(Tokenizer, AVocabularyThatIsTooLargeNamesTheLargestThatWorks)
{
    const auto got = train(100000);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Usage);
    const std::string& message = got.error().message;
    const std::size_t at = message.find("use ");
    ASSERT_NE(at, std::string::npos) << message;
    int largest = 0;
    std::from_chars(message.data() + at + 4, message.data() + message.size(), largest);
    ASSERT_GT(largest, 1000) << message;
    const auto fits = train(largest);
    ASSERT_TRUE(fits) << fits.error().message;
    EXPECT_EQ(fits->vocabulary(), largest);
    EXPECT_FALSE(train(largest + 1));
}

TEST(Tokenizer, AVocabularyThatIsTooSmallSaysSo)
{
    for (const int vocabulary : {-1, 10, 259, 300}) {
        const auto got = train(vocabulary);
        ASSERT_FALSE(got) << vocabulary;
        EXPECT_EQ(got.error().code, ErrorCode::Usage);
        EXPECT_THAT(got.error().message, HasSubstr("use more than"));
    }
}

TEST(Tokenizer, NoTextAndNoModelAreUsageErrors)
{
    EXPECT_EQ(Tokenizer::train({}, {}).error().code, ErrorCode::Usage);
    const std::string_view blank[] = {"\n\n"};
    EXPECT_EQ(Tokenizer::train(blank, {}).error().code, ErrorCode::Usage);
    for (const std::string_view bytes : {std::string_view(), std::string_view("hello"), std::string_view("\x0a\x02\x08\x01", 4)})
        EXPECT_EQ(Tokenizer::from_model(bytes).error().code, ErrorCode::Usage);
}

class Sentences : public sentencepiece::SentenceIterator {
public:
    explicit Sentences(std::vector<std::string> all)
        : m_all(std::move(all))
    {
    }
    [[nodiscard]] bool done() const override { return m_index == m_all.size(); }
    void Next() override { ++m_index; }
    [[nodiscard]] const std::string& value() const override { return m_all[m_index]; }
    [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }

private:
    std::vector<std::string> m_all;
    std::size_t m_index = 0;
};

/// A user's model may normalise and put a blank in front: offsets still run forward through the text that was given.
TEST(Tokenizer, OffsetsOfANormalisingModelStayInOrder)
{
    std::vector<std::string> sentences;
    for (const std::string& text : training_texts()) {
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            sentences.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
    }
    Sentences iterator(std::move(sentences));
    const std::unordered_map<std::string, std::string> settings{{"model_type", "unigram"}, {"vocab_size", "900"},
        {"character_coverage", "0.98"}, {"minloglevel", "3"}, {"num_threads", "1"}};
    std::string model;
    const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &iterator, &model);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const auto tokenizer = Tokenizer::from_model(model);
    ASSERT_TRUE(tokenizer);
    std::string longest;
    while (longest.size() < 100'000) longest += "㍿ ﬁne  ½ words\n";
    for (const std::string& text :
        {std::string("  ㍿  ﬁ ½ \n\n e\u0301 \u2581 "), test::random_text(5, test::scripts[4], 200), longest}) {
        std::int32_t last = 0;
        for (const Token& token : tokenizer->encode(text)) {
            ASSERT_GE(token.byte, last);
            ASSERT_LE(std::size_t(token.byte), text.size());
            last = token.byte;
        }
        ASSERT_GT(last, 0);
    }
}

/// A damaged model is refused or works; it never takes the program down.
TEST(Tokenizer, DamagedModelsAreSurvived)
{
    const auto good = train(1200);
    ASSERT_TRUE(good);
    Rng rng(2);
    int loaded = 0;
    for (int round = 0; round < 300; ++round) {
        std::string bytes = good->model();
        for (std::uint64_t flips = 1 + rng.below(4); flips > 0; --flips) bytes[rng.below(bytes.size())] = char(rng.below(256));
        if (round % 3 == 0) bytes.resize(rng.below(bytes.size()));
        const auto model = Tokenizer::from_model(bytes);
        if (!model) continue;
        ++loaded;
        std::int32_t last = 0;
        for (const Token& token : model->encode("some text 漢字 123\n")) {
            ASSERT_GE(token.byte, last);
            last = token.byte;
        }
    }
    EXPECT_GT(loaded, 0);
}

}  // namespace
}  // namespace pathloom
