// SPDX-License-Identifier: GPL-3.0-or-later
// Learning rate, clipping and the state that a path keeps across phases.
#include "engine/training/inner_loop.h"
#include "tests/torch/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace pathloom {
namespace {

v1::InnerOptimizer settings()
{
    v1::InnerOptimizer inner;
    inner.set_lr(1e-2), inner.set_lr_min_ratio(0.1), inner.set_warmup_steps(4), inner.set_total_steps(24);
    inner.set_beta1(0.9), inner.set_beta2(0.95), inner.set_eps(1e-8), inner.set_weight_decay(0.1), inner.set_clip(1.0);
    return inner;
}

PathModel make_model()
{
    const ModelSpec spec = test::small_model({"full", "window"});
    PathModel model = PathModel::create(spec, test::columns_of(spec), Precision::Fp32).value();
    test::fill_parameters(model, 3);
    return model;
}

TEST(LearningRate, WarmsUpThenFallsAlongACosine)
{
    const auto inner = settings();
    EXPECT_DOUBLE_EQ(learning_rate(inner, 0), 0.25e-2);
    EXPECT_DOUBLE_EQ(learning_rate(inner, 3), 1e-2);
    EXPECT_DOUBLE_EQ(learning_rate(inner, 4), 1e-2);
    EXPECT_DOUBLE_EQ(learning_rate(inner, 14), 0.55e-2);  // half way
    EXPECT_DOUBLE_EQ(learning_rate(inner, 24), 0.1e-2);
    EXPECT_DOUBLE_EQ(learning_rate(inner, 1000), 0.1e-2);
}

TEST(TrainStep, ClippingBoundsTheGradientByItsNorm)
{
    const TokenBatch batch = test::random_batch(test::small_model({}), 2, 20, 1);
    PathModel a = make_model(), b = make_model();
    InnerState one = zero_state(a.layout()), two = zero_state(b.layout());
    auto inner = settings();
    inner.set_clip(0.0);
    ASSERT_TRUE(train_step(a, one, inner, 0, batch));
    inner.set_clip(1e-3);
    ASSERT_TRUE(train_step(b, two, inner, 0, batch));
    double squares = 0.0;
    for (const float m : two.m) squares += double(m) * double(m);
    EXPECT_NEAR(std::sqrt(squares), 0.1 * 1e-3, 1e-6);  // m = (1 - beta1) g after one step
    squares = 0.0;
    for (const float m : one.m) squares += double(m) * double(m);
    EXPECT_GT(std::sqrt(squares), 0.1 * 1e-2);
}

TEST(TrainStep, OnlyMatricesDecay)
{
    PathModel model = make_model();
    InnerState state = zero_state(model.layout());
    const std::vector<float> before(model.parameters().begin(), model.parameters().end());
    TokenBatch batch = test::random_batch(model.spec(), 1, 5, 1);
    std::ranges::fill(batch.targets, -1);  // no target: zero gradient, so only decay moves anything
    auto inner = settings();
    ASSERT_TRUE(train_step(model, state, inner, 4, batch));
    for (const ParameterView& view : model.layout().tensors()) {
        const float wanted = view.decay ? before[view.offset] * float(1.0 - 1e-2 * 0.1) : before[view.offset];
        EXPECT_FLOAT_EQ(model.parameters()[view.offset], wanted) << view.name;
    }
}

TEST(InnerState, ContinuingFromBlobsIsTheSameAsNeverStopping)
{
    PathModel straight = make_model();
    InnerState state = zero_state(straight.layout());
    const auto batch = [&](int step) { return test::random_batch(straight.spec(), 3, 30, std::uint64_t(step)); };
    for (int step = 0; step < 6; ++step) ASSERT_TRUE(train_step(straight, state, settings(), step, batch(step)));

    PathModel first = make_model();
    InnerState before = zero_state(first.layout());
    for (int step = 0; step < 3; ++step) ASSERT_TRUE(train_step(first, before, settings(), step, batch(step)));
    const auto state_blob = write_state(first.layout(), before);
    PathModel second = PathModel::create(first.spec(), first.layout().columns(), Precision::Fp32).value();
    for (int c = 0; c < int(first.layout().columns().size()); ++c) {
        const auto bytes = first.layout().save_column(c, first.parameters());
        ASSERT_TRUE(second.layout().load_column(c, Safetensors::parse(bytes).value(), second.parameters()));
    }
    InnerState after = read_state(second.layout(), Safetensors::parse(state_blob).value()).value();
    EXPECT_EQ(after.updates, 3);
    for (int step = 3; step < 6; ++step) ASSERT_TRUE(train_step(second, after, settings(), step, batch(step)));
    EXPECT_TRUE(std::ranges::equal(straight.parameters(), second.parameters()));
    EXPECT_EQ(write_state(straight.layout(), state), write_state(second.layout(), after));
}

TEST(InnerState, ABlobWithoutItsStepIsCorrupt)
{
    PathModel model = make_model();
    const InnerState state = zero_state(model.layout());
    std::vector<TensorView> views;
    for (int c = 0; c < int(model.layout().columns().size()); ++c) {
        model.layout().append_views(c, state.m, "m.", views);
        model.layout().append_views(c, state.v, "v.", views);
    }
    for (const auto& metadata : {std::map<std::string, std::string>{}, {{"step", "-1"}}, {{"step", "12x"}}}) {
        const auto bytes = write_safetensors(views, metadata);
        EXPECT_EQ(read_state(model.layout(), Safetensors::parse(bytes).value()).error().code, ErrorCode::Corrupt);
    }
    const auto module_blob = model.layout().save_column(1, model.parameters());
    EXPECT_THAT(
        read_state(model.layout(), Safetensors::parse(module_blob).value()).error().message, testing::HasSubstr("m.embedding"));
}

TEST(TrainStep, ANonFiniteGradientIsReportedAndChangesNothing)
{
    PathModel model = make_model();
    InnerState state = zero_state(model.layout());
    model.parameters()[3] = std::numeric_limits<float>::quiet_NaN();
    TokenBatch batch = test::random_batch(model.spec(), 1, 8, 1);
    batch.inputs[0] = 0;
    const float other = model.parameters()[100];
    const auto step = train_step(model, state, settings(), 17, batch);
    ASSERT_FALSE(step);
    EXPECT_THAT(step.error().message, testing::HasSubstr("step 17"));
    EXPECT_EQ(model.parameters()[100], other);
    EXPECT_EQ(state.updates, 0);
}

}  // namespace
}  // namespace pathloom
