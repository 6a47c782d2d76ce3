// SPDX-License-Identifier: GPL-3.0-or-later
// The hand-written passes against libtorch's autograd in double, and what the model promises about masks and bytes.
#include "engine/model/reference_torch.h"
#include "tests/torch/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace pathloom {
namespace {

using test::columns_of;
using test::fill_parameters;
using test::random_batch;
using test::small_model;

PathModel make_model(const ModelSpec& spec, Precision precision = Precision::Fp32, bool recompute = false)
{
    PathModel model = PathModel::create(spec, columns_of(spec), precision, recompute).value();
    fill_parameters(model, 3);
    return model;
}

// Largest error of each tensor's gradient, relative to that tensor's gradient norm.
double worst_gradient_error(const PathModel& model, const ReferenceResult& reference)
{
    double worst = 0.0;
    for (const ParameterView& view : model.layout().tensors()) {
        double error = 0.0, norm = 0.0;
        for (std::size_t i = view.offset; i < view.offset + view.size; ++i) {
            error += std::pow(double(model.gradients()[i]) - reference.gradients[i], 2);
            norm += std::pow(reference.gradients[i], 2);
        }
        EXPECT_GT(norm, 0.0) << view.name << " has no gradient";
        if (std::sqrt(error / norm) > worst) worst = std::sqrt(error / norm);
    }
    return worst;
}

struct Case {
    std::vector<std::string> blocks;
    std::string ffn;
    int sequence;
};

class ModelOnEachTarget : public test::EachTarget { };
INSTANTIATE_TEST_SUITE_P(Simd, ModelOnEachTarget, testing::ValuesIn(simd_targets()), test::target_name);

class Gradients : public testing::TestWithParam<Case> { };

TEST_P(Gradients, AreThoseOfAutograd)
{
    const ModelSpec spec = small_model(GetParam().blocks, GetParam().ffn);
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 3, GetParam().sequence, 5);
    const double loss = model.loss_and_gradients(batch);
    const ReferenceResult reference = reference_loss(spec, model.layout(), model.parameters(), batch);
    EXPECT_NEAR(loss, reference.loss, 1e-5 * reference.loss);
    EXPECT_LT(worst_gradient_error(model, reference), 2e-5);
    const auto hidden = model.hidden(batch);
    for (std::size_t i = 0; i < hidden.size(); ++i) ASSERT_NEAR(double(hidden[i]), reference.hidden[i], 2e-4);
}

// 150 tokens: three tiles of queries, the last one ragged, and more than one tile of logits.
INSTANTIATE_TEST_SUITE_P(Blocks, Gradients,
    testing::Values(Case{{"full"}, "swiglu", 19}, Case{{"full", "full"}, "gelu", 150}, Case{{"window"}, "swiglu", 150},
        Case{{"window", "full", "window"}, "swiglu", 65}, Case{{"window", "full"}, "gelu", 3}, Case{{}, "swiglu", 11}));

// A loss on the last block's outputs: the head has no part in it.
TEST(OutputGradients, AreThoseOfAutograd)
{
    for (const int experts : {0, 4}) {
        ModelSpec spec = small_model({"full", "window"});
        spec.experts = experts;
        spec.expert_hidden = experts > 0 ? 9 : 0;
        PathModel model = make_model(spec);
        const TokenBatch batch = random_batch(spec, 9, 130, 4);  // goes in three parts
        std::vector<float> weights(batch.inputs.size() * std::size_t(spec.d_model));
        Rng rng(8);
        for (float& w : weights) w = float(rng.normal());
        std::size_t seen = 0;
        const double sum
            = model.output_gradients(batch, [&](std::size_t first, std::span<const float> hidden, std::span<float> slopes) {
                  const auto own = std::span(weights).subspan(first * std::size_t(spec.d_model), hidden.size());
                  std::ranges::copy(own, slopes.begin());
                  seen += hidden.size();
                  double part = 0;
                  for (std::size_t i = 0; i < hidden.size(); ++i) part += double(hidden[i]) * double(own[i]);
                  return part;
              });
        EXPECT_EQ(seen, weights.size());
        const ReferenceResult reference = reference_outputs(spec, model.layout(), model.parameters(), batch, weights);
        EXPECT_NEAR(sum, reference.loss, 1e-4 * std::abs(reference.loss) + 1e-2);
        double error = 0, norm = 0;
        for (std::size_t i = 0; i < reference.gradients.size(); ++i) {
            error += std::pow(double(model.gradients()[i]) - reference.gradients[i], 2);
            norm += std::pow(reference.gradients[i], 2);
        }
        EXPECT_LT(std::sqrt(error / norm), 3e-5) << experts;
    }
}

class MixtureGradients : public testing::TestWithParam<std::tuple<int, std::string, Precision>> { };

// Choices are a step function: a token whose experts nearly tie could fall either way; in this batch none does.
TEST_P(MixtureGradients, AreThoseOfAutograd)
{
    const auto& [chosen, ffn, precision] = GetParam();
    ModelSpec spec = small_model({"full", "window"}, ffn);
    spec.experts = 5;
    spec.experts_per_token = chosen;
    spec.expert_hidden = 11;
    spec.balance_loss = 0.7;
    PathModel model = make_model(spec, precision);
    const TokenBatch batch = random_batch(spec, 3, 70, 5);
    const double loss = model.loss_and_gradients(batch);
    const ReferenceResult reference = reference_loss(spec, model.layout(), model.parameters(), batch);
    const bool exact = precision == Precision::Fp32;
    EXPECT_NEAR(loss, reference.loss, (exact ? 1e-5 : 2e-2) * reference.loss);
    if (!exact) return;
    EXPECT_LT(worst_gradient_error(model, reference), 3e-5);
    const auto hidden = model.hidden(batch);
    for (std::size_t i = 0; i < hidden.size(); ++i) ASSERT_NEAR(double(hidden[i]), reference.hidden[i], 3e-4);
    PathModel again = make_model(spec, precision, true);
    EXPECT_EQ(again.loss_and_gradients(batch), loss) << "recomputed";
    model.loss_and_gradients(batch);
    EXPECT_TRUE(std::ranges::equal(again.gradients(), model.gradients()));
}
INSTANTIATE_TEST_SUITE_P(Experts, MixtureGradients,
    testing::Combine(
        testing::Values(1, 2, 5), testing::Values("swiglu", "gelu"), testing::Values(Precision::Fp32, Precision::Bf16)));

// With equal experts it does not matter who is chosen: the mixture is the dense model of that width.
TEST(MixtureModel, EqualExpertsAreTheDenseModelWhateverTheGroups)
{
    ModelSpec dense = small_model({"full"});
    dense.ffn_hidden = 12;
    ModelSpec mixed = dense;
    mixed.experts = 4;
    mixed.expert_hidden = 12;
    mixed.balance_loss = 0;
    PathModel one = make_model(dense), many = make_model(mixed);
    for (const ParameterView& view : many.layout().tensors()) {
        std::string name = view.name;
        if (const auto expert = name.find("expert"); expert != std::string::npos) name.erase(expert, 8);  // "expert3."
        if (name.find("router") != std::string::npos) continue;
        const ParameterView& from = one.layout().at(name);
        std::ranges::copy(
            one.parameters().subspan(from.offset, from.size), many.parameters().begin() + std::ptrdiff_t(view.offset));
    }
    const TokenBatch batch = random_batch(dense, 9, 130, 4);  // three groups
    EXPECT_NEAR(many.loss_and_gradients(batch), one.loss_and_gradients(batch), 1e-5);
    const auto gradient = [](const PathModel& model, const std::string& name) {
        const ParameterView& view = model.layout().at(name);
        return model.gradients().subspan(view.offset, view.size);
    };
    for (const char* name : {"embedding", "block0.attn.q", "block0.norm2"}) {
        const auto a = gradient(one, name), b = gradient(many, name);
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5) << name;
    }
    for (const char* part : {"gate", "up", "down"}) {  // each token's part went to the experts that it chose
        const auto whole = gradient(one, std::string("block0.ffn.") + part);
        std::vector<float> sum(whole.size(), 0.0f);
        for (int e = 0; e < 4; ++e) {
            const auto own = gradient(many, fmt::format("block0.ffn.expert{}.{}", e, part));
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += own[i];
        }
        for (std::size_t i = 0; i < sum.size(); ++i) ASSERT_NEAR(sum[i], whole[i], 2e-5) << part;
    }
}

std::vector<float> teacher_logits(const ModelSpec& spec, std::size_t tokens)
{
    Rng rng(21);
    std::vector<float> logits(tokens * std::size_t(spec.vocabulary));
    for (float& x : logits) x = float(2.0 * rng.normal());
    return logits;
}

SoftTargets soft_targets(const ModelSpec& spec, const std::vector<float>& logits, float temperature, float mix)
{
    const auto copy = [&spec, &logits](std::size_t first, int tokens, float* out) {
        const auto vocabulary = std::size_t(spec.vocabulary);
        std::copy_n(logits.data() + first * vocabulary, std::size_t(tokens) * vocabulary, out);
    };
    return {copy, temperature, mix};
}

struct Soft {
    float temperature, mix;
};
class Distillation : public testing::TestWithParam<Soft> { };

TEST_P(Distillation, GradientsAreThoseOfAutograd)
{
    // 300 tokens: several tiles of tokens, the last one ragged; rows of different lengths leave tokens without a target.
    const ModelSpec spec = small_model({"full", "window"});
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 3, 100, 5);
    const auto logits = teacher_logits(spec, batch.inputs.size());
    const auto [temperature, mix] = GetParam();
    const double nll = model.distill(batch, soft_targets(spec, logits, temperature, mix));
    const ReferenceResult reference
        = reference_distillation(spec, model.layout(), model.parameters(), batch, logits, double(temperature), double(mix));
    EXPECT_LT(worst_gradient_error(model, reference), 3e-5);
    EXPECT_NEAR(nll, model.loss_and_gradients(batch), 1e-5 * nll);  // what is told is the tokens' loss, whatever the mix
}

INSTANTIATE_TEST_SUITE_P(Mixes, Distillation, testing::Values(Soft{1, 1}, Soft{2, 0.5f}, Soft{0.7f, 0.25f}, Soft{4, 1}));

TEST(Distillation, WithoutATeachersShareItIsOrdinaryTraining)
{
    const ModelSpec spec = small_model({"full"});
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 2, 40, 6);
    const auto logits = teacher_logits(spec, batch.inputs.size());
    model.loss_and_gradients(batch);
    const std::vector<float> plain(model.gradients().begin(), model.gradients().end());
    model.distill(batch, soft_targets(spec, logits, 2, 0));
    for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_NEAR(model.gradients()[i], plain[i], 2e-5) << i;
}

TEST(Distillation, Bf16StaysCloseToFp32)
{
    const ModelSpec spec = small_model({"full", "window"});
    PathModel model = make_model(spec, Precision::Bf16);
    const TokenBatch batch = random_batch(spec, 3, 70, 7);
    const auto logits = teacher_logits(spec, batch.inputs.size());
    model.distill(batch, soft_targets(spec, logits, 2, 0.5f));
    const ReferenceResult reference = reference_distillation(spec, model.layout(), model.parameters(), batch, logits, 2.0, 0.5);
    EXPECT_LT(worst_gradient_error(model, reference), 0.08);
}

TEST(PathModel, LogitsOfHiddenStatesGiveTheScores)
{
    const ModelSpec spec = small_model({"window", "full"});
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 2, 90, 9);
    std::vector<float> nll(batch.inputs.size());
    model.score(batch, nll);
    const auto kept = model.hidden(batch);
    const std::vector<float> hidden(kept.begin(), kept.end());
    const auto vocabulary = std::size_t(spec.vocabulary);
    std::vector<float> logits(batch.inputs.size() * vocabulary);
    model.logits(hidden, logits);
    for (std::size_t t = 0; t < nll.size(); ++t) {
        if (batch.targets[t] < 0) continue;
        double sum = 0.0;
        for (std::size_t v = 0; v < vocabulary; ++v) sum += std::exp(double(logits[t * vocabulary + v]));
        ASSERT_NEAR(std::log(sum) - double(logits[t * vocabulary + std::size_t(batch.targets[t])]), double(nll[t]), 1e-4);
    }
}

TEST(PathModel, GradientMatchesFiniteDifferences)
{
    const ModelSpec spec = small_model({"full", "window"});
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 2, 33, 6);
    model.loss_and_gradients(batch);
    const std::vector<float> gradient(model.gradients().begin(), model.gradients().end());
    for (const ParameterView& view : model.layout().tensors()) {
        // Along the gradient of one tensor: the change of the loss is its squared norm.
        double squares = 0.0;
        for (std::size_t i = view.offset; i < view.offset + view.size; ++i) squares += double(gradient[i]) * double(gradient[i]);
        const double step = 2e-3 / std::sqrt(squares);
        const std::vector<float> before(model.parameters().begin(), model.parameters().end());
        const auto moved = [&](double by) {
            for (std::size_t i = view.offset; i < view.offset + view.size; ++i) {
                model.parameters()[i] = float(double(before[i]) + by * double(gradient[i]));
            }
            return model.loss_and_gradients(batch);
        };
        const double slope = (moved(step) - moved(-step)) / (2.0 * step);
        std::ranges::copy(before, model.parameters().begin());
        EXPECT_NEAR(slope / squares, 1.0, 0.02) << view.name;
    }
}

TEST(PathModel, Bf16StaysCloseToFp32)
{
    const ModelSpec spec = small_model({"full", "window"});
    PathModel model = make_model(spec, Precision::Bf16);
    const TokenBatch batch = random_batch(spec, 3, 70, 7);
    const double loss = model.loss_and_gradients(batch);
    const ReferenceResult reference = reference_loss(spec, model.layout(), model.parameters(), batch);
    EXPECT_NEAR(loss, reference.loss, 0.01 * reference.loss);
    EXPECT_NE(float(loss), float(reference.loss));  // bf16 did take part
    EXPECT_LT(worst_gradient_error(model, reference), 0.06);
}

TEST(PathModel, ScoreIsTheLossOfEachTarget)
{
    const ModelSpec spec = small_model({"window", "full"});
    PathModel model = make_model(spec);
    const TokenBatch batch = random_batch(spec, 3, 40, 8);
    std::vector<float> nll(batch.inputs.size());
    model.score(batch, nll);
    double sum = 0.0;
    int counted = 0;
    for (std::size_t i = 0; i < nll.size(); ++i) {
        if (batch.targets[i] < 0) {
            EXPECT_EQ(nll[i], 0.0f);
        }
        sum += double(nll[i]);
        counted += batch.targets[i] >= 0;
    }
    EXPECT_NEAR(sum / counted, model.loss_and_gradients(batch), 1e-5);
}

TEST(PathModel, NeitherFutureNorPaddingNorOtherRowsShow)
{
    const ModelSpec spec = small_model({"window", "full"});
    PathModel model = make_model(spec);
    TokenBatch batch = random_batch(spec, 2, 90, 9);
    std::vector<float> before(batch.inputs.size()), after(before.size());
    model.score(batch, before);
    for (int t = 50; t < 90; ++t) batch.inputs[std::size_t(t)] = (batch.inputs[std::size_t(t)] + 1) % spec.vocabulary;
    for (int t = 0; t < 90; ++t) batch.inputs[std::size_t(90 + t)] = 1;
    model.score(batch, after);
    for (std::size_t t = 0; t < 50; ++t) ASSERT_EQ(before[t], after[t]) << t;
    EXPECT_NE(before[50], after[50]);
}

TEST(PathModel, AWindowBlockSeesOnlyItsReach)
{
    ModelSpec spec = small_model({"window"});
    PathModel model = make_model(spec);
    TokenBatch batch = random_batch(spec, 1, 64, 10);
    const auto first = model.hidden(batch);
    const std::vector<float> before(first.begin(), first.end());
    batch.inputs[20] = (batch.inputs[20] + 1) % spec.vocabulary;
    const auto after = model.hidden(batch);
    const int reach = spec.window - 1 + spec.conv - 1;  // attention, then the convolution under its keys
    const auto changed = [&](int t) { return before[std::size_t(t) * 20] != after[std::size_t(t) * 20]; };
    EXPECT_FALSE(changed(19));
    EXPECT_TRUE(changed(20));
    EXPECT_TRUE(changed(20 + reach));
    EXPECT_FALSE(changed(20 + reach + 1));
}

TEST(PathModel, SameInputsGiveTheSameBits)
{
    const ModelSpec spec = small_model({"full", "window"});
    for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
        const ComputeThreads one(1);
        PathModel a = make_model(spec, precision), b = make_model(spec, precision);
        b.loss_and_gradients(random_batch(spec, 4, 100, 1));  // leftovers of another batch must not show
        const TokenBatch batch = random_batch(spec, 3, 80, 2);
        EXPECT_EQ(a.loss_and_gradients(batch), b.loss_and_gradients(batch));
        EXPECT_TRUE(std::ranges::equal(a.gradients(), b.gradients()));
    }
}

TEST(PathModel, RecomputingActivationsChangesNoBit)
{
    const ModelSpec spec = small_model({"full", "window", "full"});
    for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
        PathModel kept = make_model(spec, precision), run_again = make_model(spec, precision, true);
        std::vector<float> nll(3 * 80);
        for (const std::uint64_t seed : {1, 2}) {
            const TokenBatch batch = random_batch(spec, 3, 80, seed);
            EXPECT_EQ(kept.loss_and_gradients(batch), run_again.loss_and_gradients(batch));
            EXPECT_TRUE(std::ranges::equal(kept.gradients(), run_again.gradients()));
            run_again.score(batch, nll);  // inference in between shares the buffers
        }
    }
}

TEST_P(ModelOnEachTarget, GradientsAreThoseOfAutograd)
{
    const ModelSpec spec = small_model({"full", "window"});
    const TokenBatch batch = random_batch(spec, 3, 70, 7);
    for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
        PathModel model = make_model(spec, precision);
        const double loss = model.loss_and_gradients(batch);
        const ReferenceResult reference = reference_loss(spec, model.layout(), model.parameters(), batch);
        const bool half = precision == Precision::Bf16;
        EXPECT_NEAR(loss, reference.loss, (half ? 0.01 : 1e-5) * reference.loss);
        EXPECT_LT(worst_gradient_error(model, reference), half ? 0.06 : 2e-5);
    }
}

TEST(PathModel, RefusesWhatItCannotBuild)
{
    ModelSpec odd = small_model({"full"});
    odd.head_dim = 5;
    EXPECT_EQ(PathModel::create(odd, columns_of(odd), Precision::Fp32).error().code, ErrorCode::Usage);
    const ModelSpec unknown = small_model({"spiral"});
    EXPECT_THAT(PathModel::create(unknown, columns_of(unknown), Precision::Fp32).error().message, testing::HasSubstr("spiral"));
    const ModelSpec spec = small_model({"full", "full"});
    auto columns = columns_of(spec);
    columns.erase(columns.begin() + 1);
    EXPECT_THAT(PathModel::create(spec, columns, Precision::Fp32).error().message, testing::HasSubstr("block 0"));
    columns = columns_of(spec);
    columns.pop_back();
    EXPECT_THAT(PathModel::create(spec, columns, Precision::Fp32).error().message, testing::HasSubstr("head"));
    EXPECT_EQ(parse_precision("fp8").error().code, ErrorCode::Usage);
}

TEST(ParameterLayout, ModulesComeBackAndForeignOnesAreNamed)
{
    const ModelSpec spec = small_model({"full", "window"});
    PathModel model = make_model(spec);
    PathModel copy = PathModel::create(spec, columns_of(spec), Precision::Fp32).value();
    for (int c = 0; c < 4; ++c) {
        const auto bytes = model.layout().save_column(c, model.parameters());
        const auto blob = Safetensors::parse(bytes).value();
        ASSERT_TRUE(copy.layout().load_column(c, blob, copy.parameters()));
    }
    EXPECT_TRUE(std::ranges::equal(model.parameters(), copy.parameters()));

    const auto wrong_column = model.layout().save_column(1, model.parameters());
    const auto missing = copy.layout().load_column(2, Safetensors::parse(wrong_column).value(), copy.parameters());
    EXPECT_EQ(missing.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("block1.norm1"));
    ModelSpec wider = spec;
    wider.d_model = 24;
    PathModel other = PathModel::create(wider, columns_of(wider), Precision::Fp32).value();
    const auto shape = other.layout().load_column(1, Safetensors::parse(wrong_column).value(), other.parameters());
    EXPECT_EQ(shape.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(shape.error().message,
        testing::AllOf(testing::HasSubstr("block0.norm1"), testing::HasSubstr("20"), testing::HasSubstr("24")));
}

TEST(TrainingFlops, CountsMatricesSixTimes)
{
    ModelSpec spec = small_model({"full"});
    const double matrices = 4.0 * 18 * 20 + 3.0 * 27 * 20 + 53.0 * 20;
    EXPECT_NEAR(training_flops_per_token(spec, 9), 6.0 * matrices + 12.0 * 18 * 5, 1e-6);
}

}  // namespace
}  // namespace pathloom
