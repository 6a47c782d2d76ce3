// SPDX-License-Identifier: GPL-3.0-or-later
// Answers and grids with an untrained reader: it copies (it starts as an induction head), which is enough to test everything
// around it.
#include "engine/probe/needle_grid.h"

#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/probe/mixture.h"
#include "engine/probe/position_loss.h"

#include <gtest/gtest.h>

namespace pathloom {
namespace {

std::string plain_prose(std::uint64_t seed, int words)
{
    Rng rng(seed);
    std::string text;
    for (int i = 0; i < words; ++i) {
        for (std::uint64_t j = 0; j < 2 + rng.below(3); ++j) {
            text += "bdfgklmnprst"[rng.below(12)];
            text += "aeiou"[rng.below(5)];
        }
        text += i % 9 == 8 ? ". " : " ";
    }
    return text;
}

ReaderPackage copying_reader(int selections = 0, Selection always = Selection::One)
{
    const std::string text = plain_prose(1, 4000) + " Paris Rome Oslo 0123456789 number:";
    const std::vector<std::string_view> texts{text};
    Tokenizer tokenizer = Tokenizer::train(texts, {380, 1}).value();
    ReaderSpec spec;
    spec.vocabulary = tokenizer.vocabulary();
    spec.d_model = 64;
    spec.heads = 2;
    spec.head_dim = 16;
    spec.hidden = 64;
    spec.window_blocks = 2;
    spec.window = 16;
    spec.key_dim = 64;
    spec.selections = selections;
    std::vector<float> values = first_reader_weights(spec, 1);
    const ReaderLayout layout(spec);
    if (selections > 0) values[layout.at("reader.selection_bias") + std::size_t(always)] = 5.0f;
    values[layout.at("reader.gate_bias")] = 8.0f;  // always copies
    for (const char* bag : {"memory.bag_norm", "reader.bag_norm"}) {  // what follows the same words, whatever they are about
        std::fill_n(values.begin() + std::ptrdiff_t(layout.at(bag)), spec.d_model, 0.0f);
    }
    return {MemoryModel::create(spec, std::move(values), Precision::Fp32).value(), std::move(tokenizer), std::string(64, 'a'), {},
        {}};
}

const MemoryProgress to_the_end = [](std::size_t, std::size_t) { return true; };

/// A gate that takes everything, and rows with nearly as many of the question's words as the best.
EvidenceGate open_gate()
{
    const Logistic alike{1.0, {0, 0, 0, 0, 0, -10.0, 0, 0}};
    return {{1.0, {}}, {1.0, {}}, alike, alike};
}

class Listing : public testing::Test {
protected:
    test::TemporaryFolder folder;
    AnswerOptions options;

    Listing()
    {
        options.scan.threads = 1;
        options.rank = UsualRank;
        options.max_tokens = 8;
    }
    Answer ask(ReaderPackage& reader)
    {
        const ComputeThreads one(1);
        const std::string text = plain_prose(2, 300) + "The number of Oslo is: 7412905\n" + plain_prose(3, 300)
            + "The number of Rome is: 6666666\n" + plain_prose(4, 300) + "The number of Oslo is: 3158862\n" + plain_prose(5, 100);
        const MemoryIdentity identity = tokenize_document(reader, text).value();
        const MemoryFile memory
            = MemoryFile::obtain(folder.path(), identity, key_source(reader, identity.tokens), [](auto, auto) {
                  return true;
              }).value();
        MemoryView view;
        view.add(memory, 0, memory.rows());
        return ask_memory(reader, view, "", "The number of Oslo is:", options).value();
    }
};

TEST_F(Listing, ReadsEveryMatchOnceInTheOrderOfTheDocument)
{
    ReaderPackage reader = copying_reader(SelectionCount, Selection::All);
    reader.gate = open_gate();
    const Answer answer = ask(reader);
    EXPECT_EQ(answer.text, "7412905, 3158862");
    EXPECT_EQ(answer.items, 2u);
    EXPECT_EQ(answer.selection, Selection::All);
}

TEST_F(Listing, PicksTheOneThatIsAskedFor)
{
    for (const auto& [selection, text] :
        {std::pair{Selection::First, "7412905"}, {Selection::Second, "3158862"}, {Selection::Last, "3158862"}}) {
        ReaderPackage reader = copying_reader(SelectionCount, selection);
        reader.gate = open_gate();
        EXPECT_EQ(ask(reader).text, text) << int(selection);
    }
}

TEST_F(Listing, AValueEndsWhereTheGateSays)
{
    ReaderPackage reader = copying_reader(SelectionCount, Selection::All);
    reader.gate = open_gate();
    reader.gate->ends.bias = 100.0;  // after the first token
    const Answer answer = ask(reader);
    EXPECT_EQ(answer.items, 2u);
    EXPECT_EQ(answer.tokens, 2);
    EXPECT_LT(answer.text.size(), std::string("7412905, 3158862").size());
}

TEST_F(Listing, AClosedGateSaysNoneAndWithoutRankingThereIsNoGate)
{
    ReaderPackage reader = copying_reader(SelectionCount, Selection::All);
    reader.gate = open_gate();
    reader.gate->present.bias = -1.0;  // of questions for one place: this one is for all
    EXPECT_NE(ask(reader).text, NoAnswer);
    reader.gate->present_several.bias = -1.0;
    EXPECT_EQ(ask(reader).text, NoAnswer);
    EXPECT_LT(ask(reader).found, 0.5);
    options.rank = {};
    EXPECT_NE(ask(reader).text, NoAnswer);
}

TEST(Logistic, TakesTheThresholdThatAnswersMostQuestions)
{
    const auto at = [](double x, bool right) { return GateExample{{x}, right}; };
    // Half of the examples are right, and 0.5 decides most of them; but every question has a wrong one at 1.
    std::vector<std::vector<GateExample>> questions;
    for (int i = 0; i < 10; ++i) questions.push_back({at(0.0, false), at(1.0, false), at(3.0 + i, true), at(4.0 + i, true)});
    questions.push_back({at(9.0, false), at(0.4, true)});  // no threshold answers it
    questions.push_back({at(2.5, false)});
    const Logistic one = most_questions({-0.5, {1.0}}, questions);
    EXPECT_DOUBLE_EQ(one.bias, -2.75);
    EXPECT_EQ(one.weights[0], 1.0);
    EXPECT_EQ(most_questions(one, {}).bias, one.bias);
}

TEST(EvidenceGate, IsFittedWrittenAndRefused)
{
    std::vector<GateExample> examples;
    Rng rng(3);
    for (int i = 0; i < 400; ++i) {
        GateExample example;
        for (double& x : std::span(example.measured).first(present_names.size())) x = rng.normal();
        example.right = example.measured[1] - 0.5 * example.measured[4] + 0.3 * rng.normal() > 0.8;
        examples.push_back(example);
    }
    EvidenceGate gate{fit_logistic(examples, 1e-4).value(), {0.5, {1, 2, 3, 4, 5, 6}}, fit_logistic(examples, 10.0).value(), {}};
    int right = 0;
    for (const GateExample& example : examples) right += (gate.present.logit(example.measured) > 0.0) == example.right ? 1 : 0;
    EXPECT_GT(right, 360);
    EXPECT_LT(std::abs(gate.again.weights[1]), 0.1 * std::abs(gate.present.weights[1]));  // the penalty holds it down
    const Logistic lenient = accepting(gate.present, examples, 0.0);
    for (const GateExample& example : examples) EXPECT_TRUE(!example.right || lenient.logit(example.measured) > 0.0);
    EXPECT_EQ(lenient.weights, gate.present.weights);
    gate.text = CopyMixture{7.0, 3.0, {-2.0, {1, 2, 3, 4, 5, 6, 7}}};
    const std::string text = write_gate(gate, "abc", R"({"cases":400})");
    EXPECT_EQ(parse_gate(text, "abc").value(), gate);
    EXPECT_EQ(parse_gate(text, "other").error().code, ErrorCode::Corrupt);
    for (const char* bad : {"", "[]", "{}", R"({"present":{"bias":1},"again":{}})"})
        EXPECT_EQ(parse_gate(bad, "abc").error().code, ErrorCode::Corrupt) << bad;
    for (GateExample& example : examples) example.right = true;
    EXPECT_EQ(fit_logistic(examples, 1e-4).error().code, ErrorCode::Usage);
}

TEST(Ask, CopiesWhatFollowsTheSameWordsAndSaysWhere)
{
    const ComputeThreads one(1);
    test::TemporaryFolder folder;
    ReaderPackage reader = copying_reader();
    const std::string before = plain_prose(2, 500), after = plain_prose(3, 500);
    const std::string text = before + "The number of Oslo is: 7412905. " + after;
    const MemoryIdentity identity = tokenize_document(reader, text).value();
    const MemoryFile memory
        = MemoryFile::obtain(folder.path(), identity, key_source(reader, identity.tokens), to_the_end).value();
    MemoryView view;
    view.add(memory, 0, memory.rows());
    AnswerOptions options;
    options.max_tokens = 10;
    const Answer answer = ask_memory(reader, view, "", "The number of Oslo is:", options).value();
    EXPECT_EQ(answer.text.substr(0, 7), "7412905");
    ASSERT_FALSE(answer.evidence.empty());
    const std::size_t byte = memory.bytes()[std::size_t(passages(answer.evidence, 64)[0].row) + 1];
    EXPECT_GE(byte, before.size());
    EXPECT_LE(byte, before.size() + 35);
    EXPECT_EQ(ask_memory(reader, view, "", " ", options).error().code, ErrorCode::Usage);
    EXPECT_EQ(ask_memory(reader, view, plain_prose(4, 600), "", options).error().code, ErrorCode::Usage);
}

TEST(Ask, DocumentsThatAreNoTextAreRefused)
{
    const ReaderPackage reader = copying_reader();
    EXPECT_EQ(tokenize_document(reader, "").error().code, ErrorCode::Usage);
    EXPECT_EQ(tokenize_document(reader, std::string_view("a\0b", 3)).error().code, ErrorCode::Usage);
    EXPECT_EQ(tokenize_document(reader, "\xff\xfe").error().code, ErrorCode::Usage);
}

TEST(NeedleGrid, PutsNeedlesWhereItSaysAndRebuildsTheSameCells)
{
    const ComputeThreads one(1);
    test::TemporaryFolder folder;
    ReaderPackage reader = copying_reader();
    NeedleGridRequest request;
    request.templates.templates = {{"The number of {key} is: {value}.", "", "The number of {key} is:"}};
    request.templates.keys = {"Oslo", "Rome", "Paris"};
    request.lengths = {300, 2000};
    request.depths = 5;
    request.answer.max_tokens = 10;
    const Haystack haystack = prepare_haystack(reader, plain_prose(5, 400), 2000, folder.path(), to_the_end).value();
    const auto seen = [](const NeedleCell&) { return true; };
    const auto cells = needle_grid(reader, haystack, request, seen).value();
    ASSERT_EQ(cells.size(), 10u);
    int found = 0;
    for (const NeedleCell& cell : cells) {
        found += cell.found ? 1 : 0;
        EXPECT_LE(cell.actual_position, cell.length);
        EXPECT_NEAR(100.0 * double(cell.actual_position) / double(cell.length), cell.depth, 70.0 * 100.0 / double(cell.length));
        EXPECT_EQ(cell.repeated, cell.length > haystack.document_tokens);
    }
    EXPECT_GE(found, 9);
    const auto again = needle_grid(reader, haystack, request, seen).value();
    for (std::size_t i = 0; i < cells.size(); ++i) EXPECT_EQ(again[i].answer, cells[i].answer);
    request.no_needle = true;
    const auto without = needle_grid(reader, haystack, request, seen).value();
    for (const NeedleCell& cell : without) {
        EXPECT_EQ(cell.answer.find(cell.needle.value), std::string::npos);
    }
    request.no_needle = false;
    request.distractors = 3;
    EXPECT_EQ(needle_grid(reader, haystack, request, seen).error().code, ErrorCode::Usage);  // only three keys
    request.distractors = 2;
    request.lengths = {40};
    EXPECT_EQ(needle_grid(reader, haystack, request, seen).error().code, ErrorCode::Usage);  // no room
}

TEST(PositionLoss, FallsWhereTheMemoryReachesWhatIsRepeated)
{
    const ComputeThreads one(1);
    test::TemporaryFolder folder;
    ReaderPackage reader = copying_reader();
    const std::string again = plain_prose(7, 300), between = plain_prose(8, 500);
    const std::size_t length = reader.tokenizer.encode_ids(again + between + again).size();
    const Haystack haystack = prepare_haystack(reader, again + between + again, length, folder.path(), to_the_end).value();
    PositionLossRequest request{length, 4, 8, {}};
    int windows = 0;
    const auto count = [&](const std::vector<LossPoint>& points, int done) {
        EXPECT_EQ(done, ++windows);
        EXPECT_EQ(points.back().tokens, 8 * done);
        return true;
    };
    for (const bool fitted : {false, true}) {  // by its own copying, and by a mixture
        if (fitted) reader.gate = EvidenceGate{{}, {}, {}, {}, {}, CopyMixture{20.0, 2.0, {-4.0, {2.0}}}};
        windows = 0;
        const std::vector<LossPoint> points = position_loss(reader, haystack, request, count).value();
        EXPECT_EQ(windows, 4);
        EXPECT_EQ(points.back().position, length / 4 * 3);
        const double before = points[points.size() - 3].nll;  // too short a memory to reach the first time
        EXPECT_LT(points.back().nll, 0.6 * before) << fitted;
        EXPECT_GT(before, 0.8 * points.front().nll) << fitted;
        EXPECT_EQ(points.back().nll_window, points.front().nll_window);
        EXPECT_GT(points.back().cumulative, points.back().nll);
    }
    EXPECT_EQ(
        position_loss(reader, haystack, request, [](const auto&, int) { return false; }).error().code, ErrorCode::Cancelled);
    request.window = 1000;
    EXPECT_EQ(position_loss(reader, haystack, request, count).error().code, ErrorCode::Usage);
}

TEST(NeedleGrid, EveryOfManyNeedlesIsAskedFor)
{
    const ComputeThreads one(1);
    test::TemporaryFolder folder;
    ReaderPackage reader = copying_reader();
    MultiNeedleRequest request;
    request.templates.templates = {{"The number of {key} is: {value}.", "", "The number of {key} is:"}};
    for (int i = 0; i < 20; ++i) request.templates.keys.push_back(plain_prose(100 + std::uint64_t(i), 1).substr(0, 8));
    request.length = 1500;
    request.needles = 3;
    request.answer.max_tokens = 10;
    const Haystack haystack = prepare_haystack(reader, plain_prose(6, 1500), 1500, folder.path(), to_the_end).value();
    const auto cells = multi_needle(reader, haystack, request, [](const NeedleCell&) { return true; }).value();
    ASSERT_EQ(cells.size(), 3u);
    int found = 0;
    for (const NeedleCell& cell : cells) found += cell.found ? 1 : 0;
    EXPECT_GE(found, 2);
}

}  // namespace
}  // namespace pathloom
