// SPDX-License-Identifier: GPL-3.0-or-later
// Whole tasks from blobs to blobs: training, scoring, features, errors.
#include "engine/corpus/sequences.h"
#include "engine/model/init.h"
#include "engine/training/codec.h"
#include "engine/training/data_order.h"
#include "engine/training/outer.h"
#include "engine/training/teacher.h"
#include "tests/torch/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace pathloom {
namespace {

using test::FolderIo;

constexpr int Sequence = 48;
constexpr int Prefix = 8;

ModelSpec tiny_model()
{
    ModelSpec model;
    model.vocabulary = 40;
    model.d_model = 32;
    model.heads = 2;
    model.head_dim = 16;
    model.blocks = {"full", "window"};
    model.window = 16;
    return model;
}

/// Two domains with their own rule for the next token; row 5 is short.
struct Corpus {
    std::vector<std::int32_t> tokens;
    SequenceTable table;
};

Corpus make_corpus(int rows)
{
    Corpus corpus;
    corpus.table.sequence_length = Sequence;
    corpus.table.domains = {"even", "odd"};
    Rng rng(4);
    for (int r = 0; r < rows; ++r) {
        const int length = r == 5 ? 21 : Sequence, domain = r % 2;
        corpus.table.rows.push_back({r, std::int64_t(corpus.tokens.size()), length, domain, Split::Train});
        auto token = std::int32_t(rng.below(40));
        for (int t = 0; t < length; ++t) {
            corpus.tokens.push_back(token);
            token = (token * (domain ? 3 : 7) + 1 + std::int32_t(rng.below(2))) % 40;
        }
    }
    return corpus;
}

class Task : public testing::Test {
protected:
    Task()
    {
        const Corpus corpus = make_corpus(24);
        const TensorView tokens{
            "tokens", DType::I32, {std::int64_t(corpus.tokens.size())}, std::as_bytes(std::span(corpus.tokens))};
        spec.set_model_json(to_json(tiny_model()));
        spec.set_tokens_hash(io.put(write_safetensors({&tokens, 1})));
        spec.set_sequences_hash(io.put(write_sequences(corpus.table)));
        set_subset({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
        for (const Column& column : test::columns_of(tiny_model())) {
            v1::ColumnRef* ref = spec.add_columns();
            ref->set_name(column.name);
            for (const int block : column.blocks) ref->add_blocks(block);
            ref->set_module_hash(io.put(init_column(tiny_model(), column, 1)));
        }
        spec.set_kind(v1::TASK_KIND_TRAIN);
        spec.set_sequence_length(Sequence);
        spec.set_batch(4);
        spec.set_prefix(Prefix);
        spec.set_steps(6);
        spec.set_precision("fp32");
        spec.set_data_seed(9);
        spec.set_threads(1);
        auto& inner = *spec.mutable_inner();
        inner.set_lr(1e-2), inner.set_lr_min_ratio(0.1), inner.set_warmup_steps(3), inner.set_total_steps(60);
        inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(1.0);
    }

    void set_subset(const std::vector<std::int32_t>& rows) { spec.set_subset_hash(io.put(write_subset(rows))); }

    // Take the outer step "none": the next task starts from what this one reached.
    void adopt(const v1::TaskResult& result)
    {
        OuterSpec outer;
        outer.optimizer = "none";
        for (int c = 0; c < spec.columns_size(); ++c) {
            const Contribution only{0, io.path_of(result.deltas(c).delta_hash()), 1.0};
            const auto next = outer_step(outer, io.path_of(spec.columns(c).module_hash()), std::nullopt, {&only, 1}).value();
            spec.mutable_columns(c)->set_module_hash(io.put(next.module));
        }
        spec.set_inner_state_hash(result.inner_state_hash());
    }

    FolderIo io;
    v1::TaskSpec spec;
};

TEST_F(Task, TrainingTwiceGivesTheSameBytes)
{
    for (const char* precision : {"fp32", "bf16"}) {
        spec.set_precision(precision);
        const auto a = run_task(spec, io).value(), b = run_task(spec, io).value();
        ASSERT_EQ(a.deltas_size(), 4);
        for (int c = 0; c < 4; ++c) {
            EXPECT_EQ(a.deltas(c).name(), spec.columns(c).name());
            EXPECT_EQ(a.deltas(c).delta_hash(), b.deltas(c).delta_hash());
        }
        EXPECT_EQ(a.inner_state_hash(), b.inner_state_hash());
        EXPECT_TRUE(std::ranges::equal(a.losses(), b.losses()));
    }
    auto other = spec;
    other.set_data_seed(10);
    EXPECT_NE(run_task(spec, io)->inner_state_hash(), run_task(other, io)->inner_state_hash());
}

TEST_F(Task, TrainingLowersTheLossAndCountsWhatItDid)
{
    spec.set_steps(80);
    const auto result = run_task(spec, io).value();
    ASSERT_EQ(result.losses_size(), 80);
    EXPECT_NEAR(result.losses(0), std::log(40.0), 0.3);
    EXPECT_LT(result.losses(79), 2.0f);
    EXPECT_EQ(io.steps.size(), 80u);
    EXPECT_EQ(io.losses.back(), result.losses(79));
    // 80 x 4 rows of 48 tokens; row 5 (21 tokens) comes once in each of the sixteen epochs of 20 rows.
    EXPECT_EQ(result.tokens(), 80 * 4 * 48 - 16 * (48 - 21));
    EXPECT_GT(result.compute_seconds(), 0.0);
    EXPECT_EQ(io.stored[BlobClass::Delta], 4);
    EXPECT_EQ(io.stored[BlobClass::Inner], 1);
}

TEST_F(Task, TwoPhasesContinueWhereOneLongTaskWouldBe)
{
    auto whole = spec;
    whole.set_steps(12);
    const auto straight = run_task(whole, io).value();
    const auto first = run_task(spec, io).value();
    adopt(first);
    spec.set_step_begin(6);
    io.steps.clear();
    const auto second = run_task(spec, io).value();
    EXPECT_THAT(io.steps, testing::ElementsAre(6, 7, 8, 9, 10, 11));
    // theta - (theta - theta') is theta' up to one rounding, so the paths agree to fp32 and not to the bit.
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(first.losses(i), straight.losses(i));
        EXPECT_NEAR(second.losses(i), straight.losses(6 + i), 1e-4);
    }
    const auto state = Safetensors::open(io.path_of(second.inner_state_hash())).value();
    EXPECT_EQ(state.metadata().at("step"), "12");
}

TEST_F(Task, ACodecKeepsWhatItTakesAwayForTheNextPhase)
{
    const auto plain = run_task(spec, io).value();
    spec.set_codec("int4");
    const auto careless = run_task(spec, io).value();
    EXPECT_EQ(careless.inner_state_hash(), plain.inner_state_hash()) << "nothing is kept";
    spec.set_error_feedback(true);
    const auto first = run_task(spec, io).value();
    EXPECT_EQ(run_task(spec, io)->inner_state_hash(), first.inner_state_hash());
    EXPECT_TRUE(std::ranges::equal(first.losses(), plain.losses())) << "the codec touches what is sent only";
    const auto state = Safetensors::open(io.path_of(first.inner_state_hash())).value();
    for (int c = 0; c < spec.columns_size(); ++c) {
        EXPECT_EQ(first.deltas(c).delta_hash(), careless.deltas(c).delta_hash()) << "no residual yet";
        const auto module = Safetensors::open(io.path_of(spec.columns(c).module_hash())).value();
        const auto sent = Safetensors::open(io.path_of(first.deltas(c).delta_hash())).value();
        const auto whole = Safetensors::open(io.path_of(plain.deltas(c).delta_hash())).value();
        const auto arrives = decode_delta(Codec::Int4, sent, module.tensors(), "delta").value();
        for (std::size_t t = 0; t < module.tensors().size(); ++t) {
            const auto meant = whole.tensors()[t].as<float>();
            const auto kept = (*state.expect("r." + module.tensors()[t].name, DType::F32))->as<float>();
            for (std::size_t i = 0; i < meant.size(); ++i) ASSERT_EQ(kept[i], meant[i] - arrives.tensors[t][i]);
        }
    }
    // The next phase sends it along, with or without the moments.
    for (const bool keep : {true, false}) {
        spec.set_step_begin(6);
        spec.set_inner_state_hash(keep ? first.inner_state_hash() : "");
        spec.set_residual_hash("");
        const auto fresh = run_task(spec, io).value();
        spec.set_residual_hash(first.inner_state_hash());
        const auto second = run_task(spec, io).value();
        EXPECT_TRUE(std::ranges::equal(fresh.losses(), second.losses()));
        EXPECT_NE(fresh.deltas(1).delta_hash(), second.deltas(1).delta_hash());
    }
    spec.set_residual_hash(plain.inner_state_hash());
    EXPECT_EQ(run_task(spec, io).error().code, ErrorCode::Corrupt) << "an inner state without a residual";
    spec.set_codec("int3");
    EXPECT_EQ(run_task(spec, io).error().code, ErrorCode::Unsupported);
}

// The two domains use words of their own, so a router can tell from the tokens which of two cells a row needs.
TEST_F(Task, ATokenRouterLearnsWhichCellIsBestFromHereOn)
{
    Corpus corpus = make_corpus(24);
    for (const auto& row : corpus.table.rows)
        for (int t = 0; t < row.length; ++t) {
            std::int32_t& token = corpus.tokens[std::size_t(row.begin + t)];
            token = token / 2 + 20 * row.domain;
        }
    const TensorView words{"tokens", DType::I32, {std::int64_t(corpus.tokens.size())}, std::as_bytes(std::span(corpus.tokens))};
    spec.set_tokens_hash(io.put(write_safetensors({&words, 1})));
    constexpr int Windows = (Sequence - Prefix + 15) / 16;
    std::vector<std::int32_t> fit, labels;
    for (std::int32_t row = 0; row < 18; ++row) {
        fit.push_back(row);
        for (int w = 0; w < Windows; ++w) labels.push_back(w + 1 < Windows && row != 5 ? row % 2 : -1);
    }
    const TensorView view{"cell", DType::I32, {18, Windows}, std::as_bytes(std::span(labels))};
    set_subset(fit);
    spec.set_kind(v1::TASK_KIND_TOKEN_ROUTER);
    spec.set_cells(2);
    spec.set_window(16);
    spec.set_steps(60);
    spec.set_labels_hash(io.put(write_safetensors({&view, 1})));
    spec.set_apply_hash(io.put(write_subset({18, 19, 20, 21, 22, 23, 5})));
    spec.mutable_inner()->set_warmup_steps(0);
    const auto result = run_task(spec, io).value();
    EXPECT_EQ(run_task(spec, io)->rows_hash(), result.rows_hash()) << "the same bytes";
    const auto blob = Safetensors::open(io.path_of(result.rows_hash())).value();
    const TensorView* score = *blob.expect("score", DType::F32);
    ASSERT_EQ(score->shape, (std::vector<std::int64_t>{7, Windows, 2}));
    int right = 0, all = 0;
    for (std::size_t row = 0; row < 6; ++row)
        for (std::size_t w = 0; w + 1 < Windows; ++w) {
            const auto said = score->as<float>().subspan((row * Windows + w) * 2, 2);
            right += (said[1] > said[0]) == (row % 2 == 1);
            ++all;
        }
    EXPECT_GE(right, all - 1) << "of unseen rows";
    EXPECT_LT(std::stod(blob.metadata().at("held_out_nll")), 0.3);
    const auto late = score->as<float>().subspan((6 * Windows + 1) * 2, 2);
    EXPECT_EQ(late[0], 0.0f) << "row 5 ends before its second window does";

    spec.set_cells(1);
    EXPECT_EQ(run_task(spec, io).error().code, ErrorCode::Usage);
    spec.set_cells(2);
    std::ranges::fill(labels, -1);
    spec.set_labels_hash(io.put(write_safetensors({&view, 1})));
    EXPECT_THAT(run_task(spec, io).error().message, testing::HasSubstr("two windows"));
}

TEST_F(Task, ScoreCountsNoTokenOfThePrefix)
{
    spec.set_kind(v1::TASK_KIND_SCORE);
    set_subset({5, 0, 1, 2});
    const auto all = run_task(spec, io).value();
    ASSERT_EQ(all.scores_size(), 2);
    EXPECT_EQ(all.scores(0).domain(), 0);
    EXPECT_EQ(all.scores(0).sequences(), 2);
    EXPECT_EQ(all.scores(0).tokens(), 2 * (Sequence - Prefix));
    EXPECT_EQ(all.scores(1).tokens(), (Sequence - Prefix) + (21 - Prefix));
    EXPECT_NEAR(all.scores(0).nll() / double(all.scores(0).tokens()), std::log(40.0), 0.3);

    // The sum over tokens >= 0 is larger by exactly what the prefix holds; a prefix as long as the row leaves nothing.
    spec.set_prefix(0);
    EXPECT_EQ(run_task(spec, io)->scores(0).tokens(), 2 * (Sequence - 1));
    EXPECT_GT(run_task(spec, io)->scores(0).nll(), all.scores(0).nll());
    spec.set_prefix(Sequence);
    EXPECT_EQ(run_task(spec, io)->scores(0).tokens(), 0);
    EXPECT_EQ(run_task(spec, io)->scores(0).nll(), 0.0);
    EXPECT_EQ(io.stored.size(), 0u);
}

TEST_F(Task, RowScoresAddUpToTheScoreWhateverTheWindow)
{
    set_subset({5, 0, 1, 2});
    spec.set_kind(v1::TASK_KIND_SCORE);
    const auto score = run_task(spec, io).value();
    double whole = 0;
    std::int64_t scored = 0;
    for (const auto& domain : score.scores()) {
        whole += domain.nll();
        scored += domain.tokens();
    }
    spec.set_kind(v1::TASK_KIND_ROWS);
    for (const auto& [window, windows] : {std::pair(0, 1), std::pair(16, 3), std::pair(40, 1), std::pair(1, 40)}) {
        spec.set_window(window);
        const auto result = run_task(spec, io).value();
        EXPECT_EQ(result.tokens(), score.tokens());
        const auto blob = Safetensors::open(io.path_of(result.rows_hash())).value();
        const auto* nll = blob.expect("nll", DType::F32).value();
        const auto* tokens = blob.expect("tokens", DType::I32).value();
        EXPECT_THAT(nll->shape, testing::ElementsAre(4, windows));
        EXPECT_EQ(tokens->shape, nll->shape);
        double sum = 0;
        for (const float x : nll->as<float>()) sum += double(x);
        EXPECT_NEAR(sum, whole, 1e-3);
        std::int64_t count = 0;
        for (const std::int32_t n : tokens->as<std::int32_t>()) count += n;
        EXPECT_EQ(count, scored);
        if (window == 16) {
            EXPECT_THAT(tokens->as<std::int32_t>(), testing::ElementsAre(13, 0, 0, 16, 16, 8, 16, 16, 8, 16, 16, 8));
        }
    }
    spec.set_window(-1);
    EXPECT_EQ(run_task(spec, io).error().code, ErrorCode::Usage);
}

TEST_F(Task, ScoreDoesNotDependOnBatching)
{
    spec.set_kind(v1::TASK_KIND_SCORE);
    const auto by_four = run_task(spec, io).value();
    spec.set_batch(1);
    const auto by_one = run_task(spec, io).value();
    ASSERT_EQ(by_four.scores_size(), by_one.scores_size());
    for (int i = 0; i < by_one.scores_size(); ++i) {
        EXPECT_NEAR(by_four.scores(i).nll(), by_one.scores(i).nll(), 1e-3);
        EXPECT_EQ(by_four.scores(i).tokens(), by_one.scores(i).tokens());
    }
}

TEST_F(Task, FeaturesAreTheMeanOfTheLastBlockOverThePrefix)
{
    spec.set_kind(v1::TASK_KIND_FEATURES);
    spec.set_batch(0);
    set_subset({3, 5});
    const auto result = run_task(spec, io).value();
    const auto blob = Safetensors::open(io.path_of(result.features_hash())).value();
    const auto* z = blob.expect("z", DType::F32).value();
    EXPECT_THAT(z->shape, testing::ElementsAre(2, 32));
    EXPECT_EQ(result.tokens(), 2 * Prefix);

    PathModel model = PathModel::create(tiny_model(), test::columns_of(tiny_model()), Precision::Fp32).value();
    for (int c = 0; c < 4; ++c) {
        const auto module = Safetensors::open(io.path_of(spec.columns(c).module_hash())).value();
        ASSERT_TRUE(model.layout().load_column(c, module, model.parameters()));
    }
    const Corpus corpus = make_corpus(24);
    TokenBatch batch{1, Prefix, {}, std::vector<std::int32_t>(Prefix, -1)};
    const auto begin = std::size_t(corpus.table.rows[5].begin);
    batch.inputs.assign(corpus.tokens.begin() + begin, corpus.tokens.begin() + begin + Prefix);
    const auto hidden = model.hidden(batch);
    for (std::size_t i = 0; i < 32; ++i) {
        double mean = 0.0;
        for (std::size_t t = 0; t < Prefix; ++t) mean += double(hidden[t * 32 + i]) / Prefix;
        ASSERT_NEAR(double(z->as<float>()[32 + i]), mean, 1e-5);
    }
}

TEST_F(Task, StopsWhenToldAndStoresNothing)
{
    io.stop_after = 3;
    const auto result = run_task(spec, io);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(io.steps.size(), 3u);
    EXPECT_TRUE(io.stored.empty());
}

TEST_F(Task, ErrorsNameWhatIsWrong)
{
    const auto error_of = [&](const v1::TaskSpec& wrong) { return run_task(wrong, io).error(); };
    auto wrong = spec;
    wrong.mutable_columns(1)->set_module_hash(spec.columns(2).module_hash());
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Corrupt);
    EXPECT_THAT(error_of(wrong).message, testing::HasSubstr("block0.norm1"));
    wrong = spec;
    wrong.mutable_columns(0)->set_module_hash("missing");
    EXPECT_EQ(error_of(wrong).code, ErrorCode::NotFound);
    wrong = spec;
    wrong.set_subset_hash(io.put(write_subset({99})));
    EXPECT_THAT(error_of(wrong).message, testing::HasSubstr("row 99"));
    wrong.set_subset_hash(io.put(write_subset({})));
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Usage);
    wrong = spec;
    wrong.set_precision("fp8");
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Usage);
    wrong = spec;
    wrong.set_batch(0);
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Usage);
    wrong = spec;
    wrong.set_kind(v1::TASK_KIND_UNSPECIFIED);
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Unsupported);
    wrong = spec;
    wrong.set_inner_state_hash(spec.columns(0).module_hash());
    EXPECT_EQ(error_of(wrong).code, ErrorCode::Corrupt);
    std::vector<std::int32_t> outside(24 * Sequence, 40);
    const TensorView view{"tokens", DType::I32, {std::int64_t(outside.size())}, std::as_bytes(std::span(outside))};
    wrong = spec;
    wrong.set_tokens_hash(io.put(write_safetensors({&view, 1})));
    EXPECT_THAT(error_of(wrong).message, testing::HasSubstr("vocabulary"));
    EXPECT_TRUE(io.stored.empty());
}

TEST(DataOrder, EachEpochIsItsOwnPermutation)
{
    DataOrder order({10, 11, 12, 13, 14, 15, 16}, 3);
    std::vector<std::int32_t> stream;
    for (std::int64_t step = 0; step < 7; ++step) {
        const auto rows = order.rows_of(step, 2);
        stream.insert(stream.end(), rows.begin(), rows.end());
    }
    const std::set<std::int32_t> first(stream.begin(), stream.begin() + 7), second(stream.begin() + 7, stream.end());
    EXPECT_EQ(first.size(), 7u);
    EXPECT_EQ(second.size(), 7u);
    EXPECT_FALSE(std::equal(stream.begin(), stream.begin() + 7, stream.begin() + 7));
    // A pure function of the step: any cursor, in any order.
    EXPECT_EQ(DataOrder({10, 11, 12, 13, 14, 15, 16}, 3).rows_of(5, 2), order.rows_of(5, 2));
    EXPECT_EQ(order.rows_of(0, 2), std::vector<std::int32_t>(stream.begin(), stream.begin() + 2));
}

TEST(DataOrder, AShardSmallerThanABatchWrapsAround)
{
    DataOrder order({4, 5, 6}, 1);
    const auto rows = order.rows_of(0, 8);
    EXPECT_EQ(rows.size(), 8u);
    EXPECT_EQ(std::ranges::count(rows, 4) + std::ranges::count(rows, 5) + std::ranges::count(rows, 6), 8);
    EXPECT_GE(std::ranges::count(rows, 4), 2);
}

/// Two teachers' paths that share embedding and head; even rows go to the first one.
struct Taught : Task {
    Taught()
    {
        auto& teacher = *spec.mutable_teacher();
        teacher.set_model_json(to_json(tiny_model()));
        const auto columns = test::columns_of(tiny_model());
        std::vector<std::string> shared;
        for (int path = 0; path < 2; ++path) {
            PathModel model = PathModel::create(tiny_model(), columns, Precision::Fp32).value();
            test::fill_parameters(model, std::uint64_t(path) + 30);
            auto* modules = teacher.add_paths();
            for (int c = 0; c < int(columns.size()); ++c) {
                const bool own = !columns[std::size_t(c)].blocks.empty();
                if (own || path == 0)
                    shared.resize(columns.size()),
                        shared[std::size_t(c)] = io.put(model.layout().save_column(c, model.parameters()));
                modules->add_module_hashes(shared[std::size_t(c)]);
            }
        }
        for (const Column& column : columns) {
            auto* ref = teacher.add_columns();
            ref->set_name(column.name);
            for (const int block : column.blocks) ref->add_blocks(block);
        }
        std::vector<std::int32_t> route(24);
        for (std::size_t row = 0; row < route.size(); ++row) route[row] = std::int32_t(row % 2);
        set_route(route);
        teacher.set_temperature(1.0);
        teacher.set_mix(1.0);
    }
    void set_route(const std::vector<std::int32_t>& route)
    {
        spec.mutable_teacher()->set_route_hash(io.put(write_subset(route)));
    }

    /// KL(teacher || student), nats a token, over some rows.
    double divergence()
    {
        const auto data
            = TaskData::open(io.path_of(spec.tokens_hash()), io.path_of(spec.sequences_hash()), io.path_of(spec.subset_hash()))
                  .value();
        TeacherModel teacher = TeacherModel::load(spec, io, data.rows()).value();
        PathModel student = PathModel::create(tiny_model(), test::columns_of(tiny_model()), Precision::Fp32).value();
        for (int c = 0; c < spec.columns_size(); ++c) {
            const auto blob = Safetensors::open(io.path_of(spec.columns(c).module_hash()));
            EXPECT_TRUE(student.layout().load_column(c, *blob, student.parameters()));
        }
        const std::vector<std::int32_t> rows{0, 1, 2, 3, 4};
        const TokenBatch batch = make_batch(data, rows, Sequence, 1);
        const auto vocabulary = std::size_t(tiny_model().vocabulary), tokens = batch.inputs.size();
        std::vector<float> wanted(tokens * vocabulary), got(tokens * vocabulary);
        teacher.targets(rows, batch).logits(0, int(tokens), wanted.data());
        const auto kept = student.hidden(batch);
        student.logits(std::vector<float>(kept.begin(), kept.end()), got);
        double sum = 0.0;
        for (std::size_t t = 0; t < tokens; ++t) {
            double a = 0.0, b = 0.0, cross = 0.0;
            for (std::size_t v = t * vocabulary; v < (t + 1) * vocabulary; ++v)
                a += std::exp(double(wanted[v])), b += std::exp(double(got[v]));
            for (std::size_t v = t * vocabulary; v < (t + 1) * vocabulary; ++v)
                cross += std::exp(double(wanted[v])) / a * (double(wanted[v]) - std::log(a) - double(got[v]) + std::log(b));
            sum += cross / double(tokens);
        }
        return sum;
    }
};

TEST_F(Taught, AStudentComesCloserToItsTeacher)
{
    const double before = divergence();
    spec.set_steps(40);
    adopt(run_task(spec, io).value());
    EXPECT_LT(divergence(), 0.8 * before) << before;
}

TEST_F(Taught, TheSameTaskGivesTheSameBytesAndTheRouteMatters)
{
    const auto first = run_task(spec, io).value(), second = run_task(spec, io).value();
    ASSERT_EQ(first.deltas_size(), second.deltas_size());
    for (int c = 0; c < first.deltas_size(); ++c) EXPECT_EQ(first.deltas(c).delta_hash(), second.deltas(c).delta_hash());
    EXPECT_EQ(first.inner_state_hash(), second.inner_state_hash());
    set_route(std::vector<std::int32_t>(24, 1));
    EXPECT_NE(run_task(spec, io).value().inner_state_hash(), first.inner_state_hash());
    spec.clear_teacher();
    EXPECT_NE(run_task(spec, io).value().inner_state_hash(), first.inner_state_hash());
}

TEST_F(Taught, ATeacherThatDoesNotFitIsRefused)
{
    const auto why = [&](auto change) {
        const v1::TaskSpec before = spec;
        change();
        const auto result = run_task(spec, io);
        spec = before;
        return result ? std::string("accepted") : result.error().message;
    };
    EXPECT_EQ(
        why([&] { set_route(std::vector<std::int32_t>(24, 2)); }), "the teacher has 2 paths, but a sequence is routed to path 2");
    EXPECT_EQ(why([&] { set_route({0, 1}); }), "the teacher routes 2 sequences, the task has 24");
    EXPECT_EQ(why([&] { spec.mutable_teacher()->mutable_paths(1)->mutable_module_hashes()->RemoveLast(); }),
        "a path of the teacher has 3 modules for 4 columns");
    EXPECT_NE(why([&] { spec.mutable_teacher()->set_temperature(0); }).find("temperature above 0"), std::string::npos);
    EXPECT_NE(why([&] {
        ModelSpec other = tiny_model();
        other.vocabulary = 41;
        spec.mutable_teacher()->set_model_json(to_json(other));
    }).find("the teacher's vocabulary has 41 tokens"),
        std::string::npos);
}

}  // namespace
}  // namespace pathloom
