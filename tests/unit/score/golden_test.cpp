// SPDX-License-Identifier: GPL-3.0-or-later
// Scores against what the Python programs give. golden_scores.json holds inputs made up for this test (random ones, and the edges
// one thinks of) and the outputs of sacrebleu 2.6's published algorithms with numpy 1.24 and regex, of jiwer 4's, and of
// CPython 3.11's difflib itself. The further cases quote values that sacrebleu's own tests expect (mjpost/sacrebleu, test/*.py).
#include "engine/core/files.h"
#include "engine/probe/score/bleu.h"
#include "engine/probe/score/chrf.h"
#include "engine/probe/score/corpus_score.h"
#include "engine/probe/score/error_rate.h"
#include "engine/probe/score/sequence_ratio.h"
#include "engine/probe/score/ter.h"
#include "engine/probe/score/unicode.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace pathloom {
namespace {

using nlohmann::json;

std::unique_ptr<Metric> metric_of(const std::string& name, const json& options)
{
    if (name == "chrf")
        return std::make_unique<Chrf>(
            ChrfOptions{options.value("char_order", 6), options.value("word_order", 0), options.value("beta", 2.0),
                options.value("lowercase", false), options.value("whitespace", false), options.value("eps_smoothing", false)});
    if (name == "bleu") {
        BleuOptions bleu;
        bleu.tokenizer = *tokenizer_named(options.value("tokenize", "13a"));
        bleu.lowercase = options.value("lowercase", false);
        bleu.smoothing = *smoothing_named(options.value("smooth_method", "exp"));
        if (options.contains("smooth_value")) bleu.smooth_value = options["smooth_value"].get<double>();
        bleu.max_order = options.value("max_ngram_order", 4);
        bleu.effective_order = options.value("effective_order", false);
        return std::make_unique<Bleu>(bleu);
    }
    if (name == "ter")
        return std::make_unique<Ter>(TercomOptions{options.value("normalized", false), options.value("no_punct", false),
            options.value("asian_support", false), options.value("case_sensitive", false)});
    if (name == "ratio") return std::make_unique<SequenceRatio>(false);
    return std::make_unique<ErrorRate>(name == "wer" ? ErrorUnit::word : ErrorUnit::character, false);
}

std::vector<std::u32string> decoded(const json& lines)
{
    std::vector<std::u32string> texts;
    for (const auto& line : lines) texts.push_back(*decode_utf8(line.get<std::string>()));
    return texts;
}

TEST(Golden, EveryCaseIsTheSameNumber)
{
    const auto bytes = read_file(SCORE_TEST_DATA "/golden_scores.json");
    ASSERT_TRUE(bytes) << bytes.error().message;
    const json cases = json::parse(*bytes);
    ASSERT_GT(cases.size(), 700U);
    for (std::size_t c = 0; c < cases.size(); ++c) {
        const auto& one = cases[c];
        SCOPED_TRACE(testing::Message() << "case " << c << ": " << one.dump());
        const auto metric = metric_of(one["metric"], one["options"]);
        ScoredText text{decoded(one["hypotheses"]), {}};
        for (const auto& reference : one["references"]) text.references.push_back(decoded(reference));
        const auto statistics = segment_statistics(*metric, text);
        EXPECT_DOUBLE_EQ(metric->score(summed(statistics)), one["score"].get<double>());
        for (std::size_t i = 0; i < statistics.size(); ++i)
            EXPECT_DOUBLE_EQ(metric->score(statistics[i]), one["sentences"][i].get<double>()) << "sentence " << i;
        if (one.contains("signature")) {
            EXPECT_EQ(signature(*metric, text.references.size()), one["signature"].get<std::string>());
        }
        if (one.contains("samples")) {
            // numpy adds in single precision, and so do we; it also divides in it.
            const auto interval = bootstrap(*metric, statistics, {one["samples"].get<int>(), 12345});
            EXPECT_NEAR(interval.mean, one["mean"].get<double>(), 1e-4);
            EXPECT_NEAR(interval.low, one["low"].get<double>(), 1e-4);
            EXPECT_NEAR(interval.high, one["high"].get<double>(), 1e-4);
        }
    }
}

double sentence(const Metric& metric, const std::string& hypothesis, const std::string& reference)
{
    return *corpus_score(metric, {hypothesis}, {reference});
}

TEST(Published, ChrfOfSacrebleusTests)
{
    ChrfOptions options;
    options.beta = 3;
    options.eps_smoothing = true;
    const Chrf chrf(options);
    EXPECT_NEAR(sentence(chrf, "aa", "ab"), 8.3333, 1e-4);
    EXPECT_NEAR(sentence(chrf, "a", "a"), 16.6667, 1e-4);
    EXPECT_NEAR(sentence(chrf, "a b c", "abc"), 50.0, 1e-4);
    EXPECT_EQ(sentence(chrf, "", "reference"), 0.0);
    EXPECT_NEAR(sentence(chrf, " Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. ",
                    "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich."),
        64.1302698, 1e-4);
    options.eps_smoothing = false;
    EXPECT_NEAR(sentence(Chrf(options), "aa", "ab"), 25.0, 1e-4);
    EXPECT_NEAR(*corpus_score(Chrf(options), {"a", "b"}, {"a", "c"}), 50.0, 1e-4);
    options.whitespace = true;
    EXPECT_NEAR(sentence(Chrf(options), "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
                    "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich."),
        67.3481606, 1e-4);
}

TEST(Published, BleuOfSacrebleusTests)
{
    const ScoredText text{decoded({"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."}),
        {decoded({"The dog bit the man.", "It was not unexpected.", "The man bit him first."}),
            decoded({"The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."})}};
    const auto corpus = [&](BleuOptions options) { return Bleu(options).score(summed(segment_statistics(Bleu(options), text))); };
    EXPECT_NEAR(corpus({}), 48.530827, 1e-6);
    EXPECT_NEAR(corpus({.tokenizer = Tokenizer::none}), 49.1919566, 1e-6);
    EXPECT_NEAR(corpus({.tokenizer = Tokenizer::intl}), 43.91623493, 1e-6);
    EXPECT_NEAR(corpus({.max_order = 1}), 77.65, 5e-3);
    EXPECT_NEAR(corpus({.max_order = 6}), 43.28, 5e-3);

    const std::string reference = "producţia de zahăr brut se exprimă în zahăr alb;";
    const std::string system = "Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;";
    const auto one = [&](BleuOptions options) {
        options.effective_order = true;
        return sentence(Bleu(options), system, reference);
    };
    EXPECT_NEAR(one({}), 8.493, 1e-3);
    EXPECT_NEAR(one({.smoothing = BleuSmoothing::none}), 0.0, 1e-3);
    EXPECT_NEAR(one({.smoothing = BleuSmoothing::floor}), 4.51688, 1e-3);
    EXPECT_NEAR(one({.smoothing = BleuSmoothing::floor, .smooth_value = 0.5}), 10.10, 1e-2);
    EXPECT_NEAR(one({.smoothing = BleuSmoothing::add_k}), 14.882, 1e-3);
    EXPECT_NEAR(one({.smoothing = BleuSmoothing::add_k, .smooth_value = 2.0}), 21.389, 1e-3);
    EXPECT_NEAR(one({.tokenizer = Tokenizer::none}), 7.347, 1e-3);
    EXPECT_NEAR(one({.tokenizer = Tokenizer::chr}), 40.8759, 1e-3);
    EXPECT_NEAR(one({.tokenizer = Tokenizer::chr, .lowercase = true}), 42.0267, 1e-3);
    EXPECT_EQ(sentence(Bleu({.effective_order = true}), "this is a cat", "okay thanks"), 0.0);
}

TEST(Published, TerOfSacrebleusTests)
{
    const Ter ter({});
    EXPECT_EQ(sentence(ter, "aaaa bbbb cccc dddd", "aaaa bbbb cccc dddd"), 0.0);
    EXPECT_EQ(sentence(ter, "dddd eeee ffff", "aaaa bbbb cccc"), 100.0);
    EXPECT_EQ(sentence(ter, "", "a"), 100.0);
    EXPECT_EQ(sentence(ter, "a", ""), 100.0);
    EXPECT_EQ(sentence(ter, "", ""), 0.0);
    EXPECT_EQ(sentence(ter, "d e f g h a b c", "a b c d e f g h"), 12.5);
}

}  // namespace
}  // namespace pathloom
