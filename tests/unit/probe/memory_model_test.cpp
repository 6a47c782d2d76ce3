// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/memory_model.h"

#include "engine/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

ReaderSpec tiny_spec()
{
    ReaderSpec spec;
    spec.vocabulary = 23;
    spec.d_model = 16;
    spec.heads = 2;
    spec.head_dim = 8;
    spec.hidden = 24;
    spec.window_blocks = 2;
    spec.window = 6;
    spec.conv = 3;
    spec.key_dim = 8;
    spec.top_k = 4;
    return spec;
}

ReaderBatch tiny_batch(const ReaderSpec& spec, std::uint64_t seed)
{
    Rng rng(seed);
    ReaderBatch batch;
    batch.contexts = 3;
    batch.context_length = 14;
    batch.questions = 4;
    batch.question_length = 9;
    batch.context_sizes = {14, 9, 12};
    for (int i = 0; i < batch.contexts * batch.context_length; ++i)
        batch.context.push_back(std::int32_t(rng.below(std::uint64_t(spec.vocabulary))));
    for (int i = 0; i < batch.questions * batch.question_length; ++i) {
        batch.question.push_back(std::int32_t(rng.below(std::uint64_t(spec.vocabulary))));
        const bool counts = i % 3 == 1;
        batch.targets.push_back(counts ? std::int32_t(rng.below(std::uint64_t(spec.vocabulary))) : -1);
        if (counts && i % 2 == 0) {  // some targets are copied from the documents
            const std::int32_t at = std::int32_t((i % 3) * batch.context_length + 2 + i % 5);
            batch.targets.back() = batch.context[std::size_t(at) + 1];
            batch.sources.emplace_back(i, at);
            if (spec.selections > 0) batch.excluded.emplace_back(i, at > 5 ? at - 1 : at + 1);
        }
        if (spec.selections > 0) batch.selections.push_back(counts ? i % (spec.selections + 1) - 1 : -1);
    }
    return batch;
}

KeyBank tiny_bank(const ReaderSpec& spec)
{
    Rng rng(5);
    KeyBank bank;
    for (int r = 0; r < 6; ++r) {
        double sum = 0.0;
        std::vector<double> key;
        for (int i = 0; i < spec.key_dim; ++i) key.push_back(rng.normal()), sum += key.back() * key.back();
        for (const double x : key) bank.keys.push_back(float(x / std::sqrt(sum)));
        bank.tokens.push_back(std::int32_t(r));
    }
    return bank;
}

/// Weights away from their special first values, so that no gradient is zero by construction.
std::vector<float> stirred(const ReaderSpec& spec)
{
    std::vector<float> values = first_reader_weights(spec, 3);
    Rng rng(11);
    for (float& x : values) x += float(0.1 * rng.normal());
    return values;
}

double total(MemoryModel& model, const ReaderBatch& batch, const KeyBank& bank)
{
    const ReaderLoss loss = model.loss_and_gradients(batch, 0.7, 3.0, &bank);
    return loss.nll + 0.7 * loss.retrieval + loss.selection;
}

TEST(MemoryModel, GradientsMatchFiniteDifferencesInEveryTensor)
{
    ReaderSpec spec = tiny_spec();
    spec.selections = 3;
    const ComputeThreads one(1);
    auto model = MemoryModel::create(spec, stirred(spec), Precision::Fp32);
    ASSERT_TRUE(model);
    const ReaderBatch batch = tiny_batch(spec, 2);
    const KeyBank bank = tiny_bank(spec);
    total(*model, batch, bank);
    const std::vector<float> gradients(model->gradients().begin(), model->gradients().end());
    Rng rng(9);
    for (const ReaderTensor& tensor : model->layout().tensors()) {
        for (int trial = 0; trial < 4; ++trial) {
            const std::size_t at = tensor.offset + std::size_t(rng.below(tensor.size));
            float& x = model->parameters()[at];
            const float before = x, step = 2e-3f;
            x = before + step;
            const double up = total(*model, batch, bank);
            x = before - step;
            const double down = total(*model, batch, bank);
            x = before;
            const double wanted = (up - down) / (2.0 * double(step));
            EXPECT_NEAR(gradients[at], wanted, 2e-3 + 0.03 * std::abs(wanted))
                << tensor.name << " element " << at - tensor.offset;
        }
    }
}

TEST(MemoryModel, AnExcludedRowIsNeitherReadNorCounted)
{
    ReaderSpec spec = tiny_spec();
    const ComputeThreads one(1);
    auto model = MemoryModel::create(spec, stirred(spec), Precision::Fp32);
    ASSERT_TRUE(model);
    ReaderBatch batch = tiny_batch(spec, 2);
    const ReaderLoss open = model->loss_and_gradients(batch, 1.0);
    const auto [question, source] = batch.sources.front();
    for (int i = 0; i + 1 < batch.context_sizes[0]; ++i)  // all of one document but the source
        if (i != source) batch.excluded.emplace_back(question, i);
    const ReaderLoss fewer = model->loss_and_gradients(batch, 1.0);
    EXPECT_LT(fewer.retrieval, open.retrieval);
    EXPECT_EQ(fewer.sourced, open.sourced);
}

TEST(ReaderSpec, GrowsByTheSelectionHeadOnly)
{
    const ReaderSpec spec = tiny_spec();
    ReaderSpec more = spec;
    more.selections = 3;
    const std::vector<float> values = stirred(spec);
    const std::vector<float> grown = with_selections(spec, values, more).value();
    ASSERT_EQ(grown.size(), values.size() + 3 * 16 + 3);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), grown.begin()));  // the head comes last
    EXPECT_EQ(grown.back(), 0.0f);
    EXPECT_EQ(with_selections(more, grown, more).value(), grown);
    EXPECT_EQ(reader_spec_from(to_metadata(more)).value(), more);
    more.key_dim = 4;
    EXPECT_EQ(with_selections(spec, values, more).error().code, ErrorCode::Usage);
}

TEST(MemoryModel, StartsAsAnInductionHead)
{
    // Untrained: a passage of random tokens in the memory and its first half as the question. The next token is copied.
    ReaderSpec spec = tiny_spec();
    spec.vocabulary = 500;
    spec.d_model = 64;
    spec.key_dim = 32;
    auto model = MemoryModel::create(spec, first_reader_weights(spec, 1), Precision::Fp32);
    ASSERT_TRUE(model);
    Rng rng(4);
    std::vector<std::int32_t> document;
    for (int i = 0; i < 300; ++i) document.push_back(std::int32_t(rng.below(500)));
    std::vector<float> keys;
    model->keys(document, keys);
    int right = 0;
    for (int at = 50; at < 290; at += 10) {
        const ReaderQuery query = model->query(std::span(document).subspan(std::size_t(at) - 20, 20));
        std::vector<MemoryHit> hits;
        for (std::size_t i = 0; i + 1 < document.size(); ++i) {
            float cosine = 0.0f;
            for (std::size_t j = 0; j < 32; ++j) cosine += query.query[j] * keys[i * 32 + j];
            hits.push_back({std::int64_t(i), cosine, document[i + 1]});
        }
        std::ranges::partial_sort(hits, hits.begin() + 4, {}, [](const MemoryHit& h) { return -h.cosine; });
        hits.resize(4);
        const ReaderPrediction said = model->predict(query, hits);
        const auto best = std::ranges::max_element(said.probability) - said.probability.begin();
        right += best == document[std::size_t(at)] ? 1 : 0;
        double sum = 0.0;
        for (const float p : said.probability) sum += double(p);
        EXPECT_NEAR(sum, 1.0, 1e-4);
    }
    EXPECT_GE(right, 23);  // of 24
}

TEST(MemoryModel, KeysDependOnTheReachOnly)
{
    const ReaderSpec spec = tiny_spec();
    auto model = MemoryModel::create(spec, stirred(spec), Precision::Fp32);
    ASSERT_TRUE(model);
    Rng rng(4);
    std::vector<std::int32_t> document;
    for (int i = 0; i < 80; ++i) document.push_back(std::int32_t(rng.below(23)));
    std::vector<float> whole, part;
    model->keys(document, whole);
    const auto reach = std::size_t(spec.reach());
    model->keys(std::span(document).subspan(20), part);
    const auto w = std::size_t(spec.key_dim);
    for (std::size_t i = 20 + reach; i < 80; ++i) {
        for (std::size_t j = 0; j < w; ++j) EXPECT_NEAR(whole[i * w + j], part[(i - 20) * w + j], 2e-5f);
    }
    document[0] = (document[0] + 1) % 23;
    std::vector<float> changed;
    model->keys(document, changed);
    for (std::size_t i = (reach + 1) * w; i < whole.size(); ++i) EXPECT_NEAR(whole[i], changed[i], 2e-5f);
    EXPECT_FALSE(std::equal(whole.begin(), whole.begin() + std::ptrdiff_t(w), changed.begin()));
}

TEST(MemoryModel, WeightsSurviveTheFile)
{
    const ReaderSpec spec = tiny_spec();
    const std::vector<float> values = stirred(spec);
    const auto bytes = write_reader(spec, values, true);
    auto file = Safetensors::parse(bytes);
    ASSERT_TRUE(file);
    auto back = read_reader(*file);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->spec, spec);
    EXPECT_EQ(back->values, values);
    const auto small = write_reader(spec, values, false);
    auto half = Safetensors::parse(small);
    ASSERT_TRUE(half);
    auto rounded = read_reader(*half);
    ASSERT_TRUE(rounded);
    for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(rounded->values[i], values[i], 1e-3 * (1.0 + std::abs(values[i])));
    ReaderSpec other = spec;
    other.hidden = 32;
    EXPECT_FALSE(MemoryModel::create(other, values, Precision::Fp32));
    other.hidden = 0;
    EXPECT_FALSE(validate(other));
}

}  // namespace
}  // namespace pathloom
