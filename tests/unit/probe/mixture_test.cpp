// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/mixture.h"

#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/probe/haystack.h"
#include "engine/probe/mixture_series.h"
#include "engine/probe/reader_training.h"
#include "engine/probe/selection.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace pathloom {
namespace {

/// Prose of a few hundred different words.
std::string prose(std::uint64_t seed, int words)
{
    Rng rng(seed);
    std::string text;
    for (int i = 0; i < words; ++i) {
        std::string word;
        const auto n = 2 + rng.below(3);
        for (std::uint64_t j = 0; j < n; ++j) {
            word += "bdfgklmnprst"[rng.below(4) + 4 * (seed % 3)];
            word += "aeiou"[rng.below(5)];
        }
        text += word + (i % 11 == 10 ? ". " : " ");
    }
    return text;
}

struct Data {
    std::vector<std::string> texts;
    std::vector<std::string_view> views;
    Tokenizer tokenizer;
    static Data make()
    {
        std::vector<std::string> texts;
        for (std::uint64_t i = 0; i < 6; ++i) texts.push_back(prose(i, 900));
        std::vector<std::string_view> views(texts.begin(), texts.end());
        Tokenizer tokenizer = Tokenizer::train(views, {400, 1}).value();
        return {std::move(texts), {}, std::move(tokenizer)};
    }
    std::span<const std::string_view> all()
    {
        views.assign(texts.begin(), texts.end());
        return views;
    }
};

TEST(Turns, AConversationKeepsToItsTopicsAndAsksSoOftenForTheSame)
{
    Data data = Data::make();
    const FactWriter writer(words_of(data.all()));
    const Tokens filler = data.tokenizer.encode_ids(data.texts[0]);
    const auto passage = [&](Rng&, std::size_t length) { return std::span(filler).first(length); };
    const auto made = [&](std::size_t most_same, std::size_t topics) {
        std::set<std::string> taken;
        Rng rng(9);
        return turns_document(data.tokenizer, writer, {6000, 4, 0.0, passage, &taken, most_same, topics}, rng);
    };
    const auto topics_in = [&](const MixtureDocument& document) {  // the last word of what is asked for
        std::istringstream lines(data.tokenizer.decode(document.tokens));
        std::set<std::string> topics;
        std::string line, asker;
        while (std::getline(lines, line)) {
            if (asker.empty()) asker = line.substr(0, line.find(':') + 1);
            if (!line.starts_with(asker)) continue;
            if (line.ends_with('.')) line.pop_back();
            topics.insert(line.substr(line.rfind(' ') + 1));
        }
        return topics.size();
    };
    const auto most_alike = [](const MixtureDocument& document) {
        std::size_t most = 0;
        for (const MixtureQuestion& question : document.questions) most = std::max(most, question.excluded.size() + 1);
        return most;
    };
    const MixtureDocument few = made(3, 4), any = made(0, 0);
    EXPECT_EQ(most_alike(few), 3u);
    EXPECT_GT(most_alike(any), 10u);
    EXPECT_LE(topics_in(few), 5u);
    EXPECT_GT(topics_in(any), 10u);
}

MixtureSpec small_spec(MixtureKind only)
{
    MixtureSpec spec;
    spec.contexts = 6;
    spec.shares.fill(0.0);
    spec.shares[std::size_t(only)] = 1.0;
    spec.question_length = 120;
    return spec;
}

TEST(Mixture, BatchesAreAFunctionOfSeedAndNumber)
{
    Data data = Data::make();
    const MixtureSpec spec;
    const Mixture a = Mixture::create(data.tokenizer, data.all(), spec, 7).value();
    const Mixture b = Mixture::create(data.tokenizer, data.all(), spec, 7).value();
    const Mixture c = Mixture::create(data.tokenizer, data.all(), spec, 8).value();
    EXPECT_EQ(a.batch(3).context, b.batch(3).context);
    EXPECT_EQ(a.batch(3).question, b.batch(3).question);
    EXPECT_EQ(a.batch(3).sources, b.batch(3).sources);
    EXPECT_NE(a.batch(3).context, a.batch(4).context);
    EXPECT_NE(a.batch(3).context, c.batch(3).context);
}

TEST(Mixture, SourcesPointAtTheTokenBeforeTheCopiedOne)
{
    Data data = Data::make();
    for (const MixtureKind kind : {MixtureKind::Facts, MixtureKind::List, MixtureKind::Copy, MixtureKind::Lexicon}) {
        const Mixture mixture = Mixture::create(data.tokenizer, data.all(), small_spec(kind), 1).value();
        std::size_t sources = 0;
        for (std::uint64_t n = 0; n < 20; ++n) {
            const ReaderBatch batch = mixture.batch(n);
            EXPECT_TRUE(std::ranges::is_sorted(batch.sources));
            for (const auto& [question, place] : batch.sources) {
                const int row = place / batch.context_length, at = place % batch.context_length;
                ASSERT_LT(at + 1, batch.context_sizes[std::size_t(row)]);
                EXPECT_EQ(batch.context[std::size_t(place) + 1], batch.targets[std::size_t(question)]);
            }
            for (std::size_t i = 0; i + 1 < batch.targets.size(); ++i) {  // the next input is the target
                if (batch.targets[i] >= 0 && batch.targets[i + 1] >= 0 && (i + 1) % std::size_t(batch.question_length) != 0) {
                    EXPECT_EQ(batch.question[i + 1], batch.targets[i]);
                }
            }
            for (const int size : batch.context_sizes) EXPECT_LE(size, batch.context_length);
            sources += batch.sources.size();
        }
        EXPECT_GT(sources, 1000u);
    }
}

TEST(Mixture, OrdinalsCountTheMatchesInTheOrderOfTheDocument)
{
    Data data = Data::make();
    for (const MixtureKind kind : {MixtureKind::Series, MixtureKind::Turns}) {
        const Mixture mixture = Mixture::create(data.tokenizer, data.all(), small_spec(kind), 1).value();
        std::map<int, int> seen;  // selection -> questions
        int several = 0;
        for (std::uint64_t n = 0; n < 40; ++n) {
            const ReaderBatch batch = mixture.batch(n);
            EXPECT_TRUE(std::ranges::is_sorted(batch.excluded, {}, &std::pair<std::int32_t, std::int32_t>::first));
            for (std::size_t i = 0; i < batch.targets.size(); ++i) {
                if (batch.selections[i] < 0) continue;
                std::vector<std::int32_t> right, out;
                for (const auto& [question, place] : batch.sources)
                    if (std::size_t(question) == i) right.push_back(place);
                for (const auto& [question, place] : batch.excluded)
                    if (std::size_t(question) == i) out.push_back(place);
                for (const std::int32_t place : out) EXPECT_EQ(std::ranges::count(right, place), 0);
                ++seen[batch.selections[i]];
                if (right.empty()) continue;
                EXPECT_EQ(batch.context[std::size_t(right.front()) + 1], batch.targets[i]);
                several += right.size() > 1 ? 1 : 0;
                const auto before = std::ranges::count_if(out, [&](std::int32_t place) { return place < right.front(); });
                const auto selection = Selection(batch.selections[i]);
                if (ordinal_of(selection) > 0) {
                    EXPECT_EQ(before + 1, ordinal_of(selection));
                }
                if (selection == Selection::Last) {
                    EXPECT_EQ(before, std::ptrdiff_t(out.size()));
                }
            }
        }
        EXPECT_GT(seen[int(Selection::First)], 10);
        EXPECT_GT(seen[int(Selection::Second)], 10);
        EXPECT_GT(seen[int(Selection::Last)], 3);
        if (kind == MixtureKind::Series) {
            EXPECT_GT(seen[int(Selection::All)], 50);
            EXPECT_GT(several, 20);
        }
    }
}

TEST(Mixture, AbsentFactsAreAnsweredWithNone)
{
    Data data = Data::make();
    MixtureSpec spec = small_spec(MixtureKind::Facts);
    spec.absent = 1.0;
    const ReaderBatch batch = Mixture::create(data.tokenizer, data.all(), spec, 1)->batch(0);
    EXPECT_TRUE(batch.sources.empty());
    const std::vector<std::int32_t> wanted = data.tokenizer.encode_ids(" none");
    for (int q = 0; q < batch.questions; ++q) {
        const auto row
            = std::span(batch.targets).subspan(std::size_t(q * batch.question_length), std::size_t(batch.question_length));
        const auto first = std::ranges::find_if(row, [](std::int32_t t) { return t >= 0; });
        ASSERT_NE(first, row.end());
        EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), first));
    }
}

TEST(Mixture, NeverUsesTheWordsOfTheShippedProbe)
{
    const std::string file = read_file(resource_path("probes/needles.json").value()).value();
    const NeedleTemplates probe = parse_needle_templates(file).value();
    const std::set<std::string> cities(probe.keys.begin(), probe.keys.end());
    const FactWriter writer({"stone", "river"});
    Rng rng(1);
    std::set<std::string> taken;
    for (int i = 0; i < 5000; ++i) {
        const FactWording fact = writer.wording(rng);
        const std::string key = writer.key(rng, taken, "");
        EXPECT_FALSE(cities.contains(key)) << key;
        for (const std::string& text : {fact.statement, writer.question(rng, fact, key), writer.prefix(rng, fact, key)})
            EXPECT_EQ(text.find("magic"), std::string::npos) << text;
        ASSERT_NE(fact.statement.find("{V}"), std::string::npos);
        EXPECT_LT(fact.statement.find("{K}"), fact.statement.find("{V}"));
    }
}

TEST(Mixture, TooLittleTextIsRefused)
{
    Data data = Data::make();
    const std::vector<std::string_view> shorts{"a few words", "and more"};
    EXPECT_EQ(Mixture::create(data.tokenizer, shorts, {}, 1).error().code, ErrorCode::Usage);
    MixtureSpec spec;
    spec.shares.fill(0.0);
    EXPECT_EQ(Mixture::create(data.tokenizer, data.all(), spec, 1).error().code, ErrorCode::Usage);
}

TEST(NeedleTemplates, AreReadAndRefusedWithTheReason)
{
    const auto good = parse_needle_templates(
        R"({"templates":[{"needle":"{key} has {value}.","question":"What has {key}?"}],"keys":["a","b","a"],"value":{"kind":"uuid"}})");
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_EQ(good->keys.size(), 2u);
    std::set<std::string> taken;
    Rng rng(1);
    const Needle needle = draw_needle(*good, -1, taken, rng).value();
    EXPECT_EQ(needle.text, needle.key + " has " + needle.value + ".");
    EXPECT_EQ(needle.value.size(), 36u);
    ASSERT_TRUE(draw_needle(*good, -1, taken, rng));
    EXPECT_EQ(draw_needle(*good, -1, taken, rng).error().code, ErrorCode::Usage);  // both keys are used
    for (const char* bad : {"", "[]", "{}", R"({"templates":[]})", R"({"templates":[1],"keys":["a"]})",
             R"({"templates":[{"needle":"x","question":"{key}"}],"keys":["a"]})",
             R"({"templates":[{"needle":"{key} {value}","question":"x"}],"keys":["a"]})",
             R"({"templates":[{"needle":"{key} {value}","question":"{key}"}],"keys":[]})",
             R"({"templates":[{"needle":"{key} {value}","question":"{key}"}],"keys":["a"],"value":{"kind":"x"}})"}) {
        const auto refused = parse_needle_templates(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::Usage);
    }
}

class ReaderTraining : public testing::Test {
protected:
    test::TemporaryFolder folder;
    std::filesystem::path recipe = folder.path() / "recipe.json";

    void SetUp() override
    {
        std::string corpus;
        for (std::uint64_t i = 0; i < 8; ++i)
            corpus
                += nlohmann::json{{"text", prose(i, 700)}, {"domain", "d"}, {"split", i < 6 ? "train" : "valid"}}.dump() + "\n";
        ASSERT_TRUE(write_file_atomic(folder.path() / "corpus.jsonl", corpus));
        ASSERT_TRUE(write_file_atomic(recipe,
            R"({"name":"t","corpus":"corpus.jsonl","model":{"vocabulary":400,"d_model":32,"heads":2,"head_dim":16,"hidden":32,
                "window_blocks":1,"window":16,"conv":3,"key_dim":16,"top_k":4},
                "mixture":{"contexts":3,"context_length":96,"asked":2,"question_length":64},
                "training":{"steps":6,"warmup":2,"bank":100,"checkpoint_every":2,"report_every":2}})"));
    }
    Result<ReaderTrainingResult> train(const char* out, int steps)
    {
        return train_reader({recipe, folder.path() / out, steps}, [](const ReaderProgress&) { return true; });
    }
};

TEST_F(ReaderTraining, StoppedAndResumedGivesTheSameBytes)
{
    const auto whole = train("whole", 0);
    ASSERT_TRUE(whole) << whole.error().message;
    EXPECT_TRUE(whole->finished);
    ASSERT_TRUE(train("parts", 3));
    const auto rest = train("parts", 0);
    ASSERT_TRUE(rest) << rest.error().message;
    EXPECT_EQ(rest->model_hash, whole->model_hash);
    EXPECT_EQ(read_file(folder.path() / "parts/training.jsonl"), read_file(folder.path() / "whole/training.jsonl"));
    EXPECT_EQ(read_file(folder.path() / "parts/recipe.json"), read_file(folder.path() / "whole/recipe.json"));
}

TEST_F(ReaderTraining, TheGateIsFittedAfterTheTrainingAndRepeatsItsBytes)
{
    std::string text = read_file(recipe).value();
    text.insert(text.rfind('}'), R"(,"gate":{"cases":60,"longest":2000})");
    ASSERT_TRUE(write_file_atomic(recipe, text));
    const auto whole = train("gated", 0);
    ASSERT_TRUE(whole) << whole.error().message;
    const std::string first = read_file(folder.path() / "gated/gate.json").value();
    ASSERT_TRUE(load_reader(folder.path() / "gated", Precision::Fp32)->gate);
    ASSERT_TRUE(fit_reader_gate({recipe, folder.path() / "gated", 0}, [](int, int) { return true; }));
    EXPECT_EQ(read_file(folder.path() / "gated/gate.json").value(), first);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "gated/gate-memory"));
    ASSERT_TRUE(write_file_atomic(folder.path() / "gated/gate.json", "{}"));
    EXPECT_EQ(load_reader(folder.path() / "gated", Precision::Fp32).error().code, ErrorCode::Corrupt);
}

TEST_F(ReaderTraining, AnotherRecipeIsNotContinued)
{
    ASSERT_TRUE(train("out", 1));
    std::string text = read_file(recipe).value();
    text.replace(text.find("\"steps\":6"), 9, "\"steps\":7");
    ASSERT_TRUE(write_file_atomic(recipe, text));
    EXPECT_EQ(train("out", 1).error().code, ErrorCode::Exists);
    text.replace(text.find("\"steps\""), 7, "\"stepz\"");
    ASSERT_TRUE(write_file_atomic(recipe, text));
    const auto refused = train("other", 1);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("training.stepz"), std::string::npos);
}

}  // namespace
}  // namespace pathloom
