// SPDX-License-Identifier: GPL-3.0-or-later
// The frame encoder and its reader: shapes, gradients, learning, files.
#include "../temporary_folder.h"
#include "engine/core/files.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/vision/frame_reading.h"
#include "engine/vision/vision_layers.h"
#include "engine/vision/vision_loss.h"
#include "engine/vision/vision_model.h"
#include "support.h"

#include <gmock/gmock.h>

#include <cmath>

namespace pathloom {
namespace {

using testing::HasSubstr;

VisionNet small_net(std::uint64_t seed = 1)
{
    return VisionNet(test::small_encoder(), first_vision_weights(test::small_encoder(), seed));
}

OverlayMixture small_mixture()
{
    return OverlayMixture(test::noise(2, 240, 80), test::small_encoder(), test::small_overlays(), test::short_line, 1);
}

TEST(VisionNet, WritesUnitKeysAndValuesForEveryToken)
{
    const ComputeThreads one(1);
    VisionNet net = small_net();
    const VisionSpec& spec = net.spec();
    const VisionBatch batch = small_mixture().batch(0);
    const std::vector<float> queries = test::queries_of(batch, spec.key_dim);
    const VisionOutputs& out = net.forward(batch.pictures, batch.batch, batch.height, queries);
    ASSERT_EQ(spec.tokens(), 16);
    EXPECT_EQ(out.rows.size(), std::size_t(2 * 16 * (2 * spec.key_dim + spec.look_dim)));
    EXPECT_EQ(out.wanted.size(), 2U * 2U * 16U);  // each question of each picture
    EXPECT_EQ(out.spelled.size(), std::size_t(2 * 48 * FrameSymbols));
    EXPECT_EQ(out.line.size(), 2U * 4U * 48U);
    const auto length
        = [&](std::size_t from, int width) { return std::sqrt(dot(&out.rows[from], &out.rows[from], std::size_t(width))); };
    for (std::size_t row = 0; row < out.rows.size(); row += std::size_t(spec.row_dim())) {
        EXPECT_NEAR(length(row, spec.key_dim), 1.0f, 1e-4);
        EXPECT_NEAR(length(row + std::size_t(spec.key_dim), spec.key_dim), 1.0f, 1e-4);
        EXPECT_NEAR(length(row + 2 * std::size_t(spec.key_dim), spec.look_dim), 0.5f, 1e-4);
    }
    // What the net says of a row is what the reader says of it when it comes from a memory.
    const auto row = std::span(out.rows).subspan(5 * std::size_t(spec.row_dim()), std::size_t(spec.row_dim()));
    const std::span<const float> query = std::span(queries).subspan(std::size_t(spec.key_dim));
    EXPECT_NEAR(net.logit(dot(row.data(), query.data(), query.size())), out.wanted[2 * 16 + 5], 1e-4);
    const std::vector<float> spelt = net.spell(row.subspan(query.size(), query.size()));
    for (std::size_t i = 0; i < spelt.size(); ++i) EXPECT_NEAR(spelt[i], out.spelled[5 * spelt.size() + i], 1e-3);
}

TEST(VisionNet, GradientsAreTheLossesSlopes)
{
    const ComputeThreads one(1);
    VisionNet net = small_net();
    VisionBatch batch = small_mixture().batch(0);
    batch.topics[1] = "something else";  // of two questions, one answered by each picture
    batch.prompts[1] = "and this?";
    const std::vector<float> queries = test::queries_of(batch, net.spec().key_dim);
    VisionOutputs slopes, unused;
    const auto loss = [&] {
        const VisionLoss l
            = vision_loss(batch, net.spec(), net.forward(batch.pictures, batch.batch, batch.height, queries), 0.7, unused);
        return l.line + 2.0 * l.wanted + l.crossed + l.letters + 0.7 * l.centres;  // as vision_loss weighs them
    };
    vision_loss(batch, net.spec(), net.forward(batch.pictures, batch.batch, batch.height, queries), 0.7, slopes);
    net.backward(slopes);
    const std::vector<float> gradients(net.gradients().begin(), net.gradients().end());
    Rng rng(7);
    for (const VisionTensor& tensor : net.layout().tensors()) {
        double apart = 0.0, size = 1e-4;
        for (int k = 0; k < 8; ++k) {
            const std::size_t i = tensor.offset + std::size_t(rng.below(tensor.size));
            float& value = net.parameters()[i];
            const float kept = value, step = 2e-3f;
            value = kept + step;
            const double above = loss();
            value = kept - step;
            const double below = loss();
            value = kept;
            const double slope = (above - below) / (2.0 * double(step));
            apart += std::abs(slope - double(gradients[i]));
            size += std::abs(slope);
        }
        EXPECT_LT(apart / size, 0.06) << tensor.name;
    }
}

TEST(VisionNet, LearnsOneBatchByHeart)
{
    const ComputeThreads one(1);
    VisionNet net = small_net();
    const VisionBatch batch = small_mixture().batch(0);
    const std::vector<float> queries = test::queries_of(batch, net.spec().key_dim);
    std::vector<float> m(net.parameters().size(), 0.0f), v(m.size(), 0.0f);
    VisionOutputs slopes;
    double first = 0.0, last = 0.0;
    for (int step = 0; step < 150; ++step) {
        const VisionLoss loss
            = vision_loss(batch, net.spec(), net.forward(batch.pictures, batch.batch, batch.height, queries), 1.0, slopes);
        net.backward(slopes);
        adamw_update({4e-3, 0.9, 0.98, 1e-8, 0.0, step + 1, 1.0}, net.parameters(), net.gradients(), m, v);
        (step == 0 ? first : last) = loss.sum();
    }
    EXPECT_LT(last, 0.35 * first);
}

TEST(VisionNet, GivesTheSameBitsAgain)
{
    const ComputeThreads one(1);
    VisionNet a = small_net(), b = small_net();
    const VisionBatch batch = small_mixture().batch(1);
    const std::vector<float> queries = test::queries_of(batch, a.spec().key_dim);
    VisionOutputs slopes;
    for (VisionNet* net : {&a, &b}) {
        vision_loss(batch, net->spec(), net->forward(batch.pictures, batch.batch, batch.height, queries), 1.0, slopes);
        net->backward(slopes);
    }
    EXPECT_TRUE(std::ranges::equal(a.gradients(), b.gradients()));
}

TEST(VisionModel, ComesBackFromItsFolder)
{
    test::TemporaryFolder folder;
    VisionNet net = small_net();
    const VisionWeights weights{
        net.spec(), {net.parameters().begin(), net.parameters().end()}, {1.25, {0.5, -2.0, 3.0}}, "of this reader"};
    ASSERT_TRUE(write_file_atomic(folder.path() / "model.safetensors", write_vision(weights)));
    VisionModel model = load_vision(folder.path()).value();
    EXPECT_EQ(model.net.spec(), net.spec());
    EXPECT_EQ(model.gate, weights.gate);
    EXPECT_EQ(model.reader, "of this reader");
    const Picture picture = test::noise(1, 240, 80).front();  // of another size: made smaller
    const std::vector<float> rows = frame_rows(model.net, picture);
    EXPECT_EQ(rows, frame_rows(net, picture));
    EXPECT_EQ(rows.size(), std::size_t(net.spec().tokens() * net.spec().row_dim()));
}

TEST(VisionModel, RefusesWhatIsNone)
{
    test::TemporaryFolder folder;
    EXPECT_EQ(load_vision(folder.path()).error().code, ErrorCode::NotFound);
    const auto file = folder.path() / "model.safetensors";
    ASSERT_TRUE(write_file_atomic(file, "nonsense"));
    EXPECT_EQ(load_vision(folder.path()).error().code, ErrorCode::Corrupt);
    VisionWeights weights{test::small_encoder(), first_vision_weights(test::small_encoder(), 1), {}, {}};
    weights.values[7] = std::nanf("");
    ASSERT_TRUE(write_file_atomic(file, write_vision(weights)));
    const Error error = load_vision(folder.path()).error();
    EXPECT_EQ(error.code, ErrorCode::Corrupt);
    EXPECT_THAT(error.message, HasSubstr("not finite"));
    VisionSpec wrong;
    wrong.width = 100;
    EXPECT_EQ(validate(wrong).error().code, ErrorCode::Usage);
}

const std::string asked = "what is it?";

/// Rows whose keys meet the query at some tokens only, and whose values say one symbol in the middle.
std::vector<float> rows_that_say(const VisionNet& net, const std::vector<std::pair<int, int>>& symbols)
{
    const auto k = std::size_t(net.spec().key_dim), tokens = std::size_t(net.spec().tokens()),
               width = std::size_t(net.spec().row_dim());
    const std::vector<float> query = test::query_of(asked, net.spec().key_dim);
    std::vector<float> rows(tokens * width, 0.0f);
    for (std::size_t t = 0; t < tokens; ++t)
        for (std::size_t i = 0; i < k; ++i) rows[t * width + i] = -query[i];
    for (const auto& [token, symbol] : symbols) {
        for (std::size_t i = 0; i < k; ++i) rows[std::size_t(token) * width + i] = query[i];
        rows[std::size_t(token) * width + k + std::size_t(symbol)] = 1.0f;
    }
    return rows;
}

FrameQuestion asked_of(const VisionNet& net)
{
    return {test::query_of(asked, net.spec().key_dim), LineWords("Which book is it?")};
}

TEST(FrameReading, SpellsTheTokensThatFitTheQuestion)
{
    VisionNet net = small_net();
    // Value dimension i says symbol i in the middle of its token, nothing beside it.
    const std::size_t spell = net.layout().at("reader.spell"), k = std::size_t(net.spec().key_dim);
    const auto values = net.parameters();
    std::fill_n(values.begin() + std::ptrdiff_t(spell), std::size_t(SymbolsAToken * FrameSymbols) * k, 0.0f);
    for (std::size_t i = 0; i < k; ++i) values[spell + (std::size_t(FrameSymbols) + i) * k + i] = 9.0f;
    for (const std::size_t third : {0U, 2U})
        values[net.layout().at("reader.spell_bias") + third * std::size_t(FrameSymbols)] = 5.0f;
    const auto letter = [](char c) { return int(FrameAlphabet.find(c)); };
    const auto rows = rows_that_say(net, {{3, letter('b')}, {4, letter('o')}, {5, letter('o')}, {6, letter('k')}});
    const FrameReading reading = read_frame(net, asked_of(net), rows);
    EXPECT_EQ(reading.word, "book");
    EXPECT_EQ(reading.first, 3);
    EXPECT_EQ(reading.last, 6);
    EXPECT_EQ(reading.line, "book");
    EXPECT_NEAR(reading.shares.sentence, 16.0 / 41.0, 1e-9);  // of "which" and "book"
    EXPECT_GT(reading.evidence, 0.0);
    const Measurements measured = measure_frame(reading);
    EXPECT_EQ(measured[0], reading.evidence);
    EXPECT_EQ(measured[1], reading.shares.sentence);
    const FrameReading nothing = read_frame(net, asked_of(net), rows_that_say(net, {}));
    EXPECT_EQ(nothing.word, "");
    EXPECT_EQ(nothing.shares.sentence, 0.0);
    EXPECT_LT(nothing.evidence, 0.0);
    // Blanks are put where letters stand further apart.
    const FrameReading apart = read_frame(
        net, asked_of(net), rows_that_say(net, {{1, letter('a')}, {2, letter('b')}, {5, letter('c')}, {6, letter('d')}}));
    EXPECT_EQ(apart.line, "ab cd");
}

}  // namespace
}  // namespace pathloom
