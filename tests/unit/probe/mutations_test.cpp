// SPDX-License-Identifier: GPL-3.0-or-later
// Readers of foreign bytes survive seeded mutations. (Not among tests/fuzz: that program links protobuf, which may not meet
// SentencePiece.)
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/probe/case_makers.h"
#include "engine/probe/haystack.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/reader_training.h"

#include <gtest/gtest.h>

#include <fstream>

namespace pathloom {
namespace {

std::string mutated(std::string bytes, Rng& rng)
{
    const auto edits = 1 + rng.below(4);
    for (std::uint64_t i = 0; i < edits && !bytes.empty(); ++i) {
        const auto at = std::size_t(rng.below(bytes.size()));
        switch (rng.below(4)) {
        case 0:
            bytes[at] = char(rng.below(256));
            break;
        case 1:
            bytes.erase(at, 1 + std::size_t(rng.below(9)));
            break;
        case 2:
            bytes.insert(at, std::string(1 + std::size_t(rng.below(5)), "{}[]\",:0-9e"[rng.below(11)]));
            break;
        default:
            bytes.resize(at);
            break;
        }
    }
    return bytes;
}

bool one_line(const std::string& text)
{
    return !text.empty() && text.find('\n') == std::string::npos;
}

TEST(ProbeMutations, QuestionFilesAndKeptRecipes)
{
    const std::string questions
        = R"([{"question":"Who?","answers":["Ann","Bob"],"answer_prefix":"It is"},{"question":"W?","answers":["x"]}])";
    const std::string recipe = R"({"document_tokens":9,"insertions":[{"position":2,"text":"a b"},{"position":7,"text":"c"}]})";
    const std::string text = "some words to train a tokenizer with, a b c d e f g h i j k l m n o p";
    const std::vector<std::string_view> texts{text};
    const Tokenizer tokenizer = Tokenizer::train(texts, {290, 1}).value();
    const std::vector<std::int32_t> document = tokenizer.encode_ids("some words");
    ASSERT_TRUE(parse_question_file(questions));
    ASSERT_TRUE(rebuild_context(nlohmann::json::parse(recipe), tokenizer, document));
    Rng rng(3);
    for (int i = 0; i < 4000; ++i) {
        if (const auto parsed = parse_question_file(mutated(questions, rng)); !parsed) {
            EXPECT_TRUE(one_line(parsed.error().message));
        }
        const auto json = nlohmann::json::parse(mutated(recipe, rng), nullptr, false);
        const bool large = json.is_object() && json.contains("document_tokens") && json["document_tokens"].is_number_unsigned()
            && json["document_tokens"] > 100'000 && json["document_tokens"] < (std::uint64_t(1) << 33);
        if (large) continue;  // a long document, not a damaged recipe
        if (const auto rebuilt = rebuild_context(json, tokenizer, document); !rebuilt) {
            EXPECT_TRUE(one_line(rebuilt.error().message));
        }
    }
}

TEST(ProbeMutations, TemplatesAndRecipes)
{
    const std::string templates = read_file(resource_path("probes/needles.json").value()).value();
    const std::string recipe = read_file(resource_path("readers/reader-s.json").value()).value();
    ASSERT_TRUE(parse_needle_templates(templates));
    ASSERT_TRUE(parse_reader_recipe(recipe));
    Rng rng(1);
    for (int i = 0; i < 4000; ++i) {
        if (const auto parsed = parse_needle_templates(mutated(templates.substr(0, 1500) + "]}", rng)); !parsed) {
            EXPECT_TRUE(one_line(parsed.error().message));
        }
        if (const auto parsed = parse_reader_recipe(mutated(recipe, rng)); !parsed) {
            EXPECT_TRUE(one_line(parsed.error().message));
        }
    }
}

TEST(ProbeMutations, MemoryFiles)
{
    test::TemporaryFolder folder;
    MemoryIdentity identity{sha256_hex(std::string_view("m")), {1, 2, 3, 4, 5}, {0, 1, 2, 3, 4}, 8};
    const KeySource ones = [](std::size_t, std::size_t count, std::vector<float>& keys) -> Result<void> {
        keys.assign(count * 8, 0.35f);
        return {};
    };
    ASSERT_TRUE(MemoryFile::obtain(folder.path(), identity, ones, [](std::size_t, std::size_t) { return true; }));
    const std::string whole = read_file(folder.path() / (identity.name() + ".memory")).value();
    Rng rng(2);
    int refused = 0;
    for (int i = 0; i < 500; ++i) {
        std::string bytes = whole;
        bytes[std::size_t(rng.below(i % 2 == 0 ? 220 : bytes.size()))] ^= char(1 + rng.below(255));
        if (i % 5 == 0) bytes = mutated(whole, rng);
        std::ofstream(folder.path() / "x", std::ios::binary) << bytes;
        const auto opened = MemoryFile::open(folder.path() / "x", true);
        if (opened) {
            EXPECT_EQ(opened->rows(), 4u);  // only a change of unused padding goes unnoticed
        } else {
            ++refused;
            EXPECT_TRUE(one_line(opened.error().message));
        }
    }
    EXPECT_GT(refused, 250);
}

}  // namespace
}  // namespace pathloom
