// SPDX-License-Identifier: GPL-3.0-or-later
// The outer step: weights, Nesterov against a trace by hand, and what must hold for any contributions.
#include "engine/core/rng.h"
#include "engine/store/safetensors.h"
#include "engine/training/outer.h"
#include "tests/unit/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

namespace pathloom {
namespace {

using Values = std::vector<float>;

class Outer : public testing::Test {
protected:
    /// A module of two tensors: the first `split` values and the rest.
    std::filesystem::path write(const std::string& name, const Values& values, std::size_t split = 2)
    {
        const auto all = std::span(values);
        const TensorView views[] = {{"a", DType::F32, {std::int64_t(split)}, std::as_bytes(all.first(split))},
            {"b", DType::F32, {std::int64_t(values.size() - split), 1}, std::as_bytes(all.subspan(split))}};
        return save(name, write_safetensors(views));
    }
    std::filesystem::path save(const std::string& name, const std::vector<std::byte>& bytes)
    {
        const auto file = m_folder.path() / name;
        std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
        return file;
    }
    static Values read(const std::vector<std::byte>& bytes)
    {
        Values out;
        const Safetensors blob = Safetensors::parse(bytes).value();
        for (const TensorView& tensor : blob.tensors()) {
            const auto values = tensor.as<float>();
            out.insert(out.end(), values.begin(), values.end());
        }
        return out;
    }
    test::TemporaryFolder m_folder;
};

OuterSpec settings(const std::string& optimizer, double lr = 0.7, double momentum = 0.9)
{
    OuterSpec outer;
    outer.optimizer = optimizer;
    outer.lr = lr;
    outer.momentum = momentum;
    return outer;
}

Values seeded_values(std::size_t n, std::uint64_t seed)
{
    Rng rng(seed);
    Values out(n);
    for (float& x : out) x = float(rng.normal());
    return out;
}

TEST(CombineWeights, FollowTheThreeRulesAndTheRoot)
{
    const std::vector<std::int64_t> sizes{10, 30, 60};
    OuterSpec outer;
    outer.sqrt_paths = false;
    outer.combine = "mean";
    EXPECT_THAT(combine_weights(outer, sizes, 400), testing::Each(testing::DoubleNear(1.0 / 3.0, 1e-15)));
    outer.combine = "shard-weighted";
    EXPECT_THAT(combine_weights(outer, sizes, 400), testing::ElementsAre(0.1, 0.3, 0.6));
    outer.combine = "raw-alpha";
    EXPECT_THAT(combine_weights(outer, sizes, 400), testing::ElementsAre(0.025, 0.075, 0.15));
    outer.combine = "shard-weighted";
    outer.sqrt_paths = true;
    const auto rooted = combine_weights(outer, sizes, 400);
    EXPECT_NEAR(std::accumulate(rooted.begin(), rooted.end(), 0.0), std::sqrt(3.0), 1e-12);
    // Empty shards cannot be weighed: the mean stands in.
    outer.sqrt_paths = false;
    EXPECT_THAT(combine_weights(outer, std::vector<std::int64_t>{0, 0}, 0), testing::ElementsAre(0.5, 0.5));
}

TEST_F(Outer, NesterovFollowsATraceByHand)
{
    // As torch.optim.SGD(lr=.5, momentum=.8, nesterov=True) with gradients 1 then 2 then -1 on theta = 10.
    const double lr = 0.5, mu = 0.8;
    double theta = 10.0, buffer = 0.0;
    auto module = write("m", Values(3, 10.0f));
    std::optional<std::filesystem::path> momentum;
    int step = 0;
    for (const double gradient : {1.0, 2.0, -1.0}) {
        const Contribution only{0, write("d", Values(3, float(gradient))), 1.0};
        const auto result = outer_step(settings("nesterov", lr, mu), module, momentum, {&only, 1}).value();
        buffer = mu * buffer + gradient;
        theta -= lr * (gradient + mu * buffer);
        for (const float x : read(result.module)) EXPECT_NEAR(double(x), theta, 1e-6) << step;
        for (const float x : read(result.momentum)) EXPECT_NEAR(double(x), buffer, 1e-6) << step;
        module = save("m" + std::to_string(++step), result.module);
        momentum = save("mu" + std::to_string(step), result.momentum);
    }
    EXPECT_NEAR(theta, 10.0 - 0.9 - 2.12 + 0.004, 1e-9);  // the loop itself, by pencil
}

TEST_F(Outer, MeanOfEqualDeltasIsThatDelta)
{
    const auto module = write("m", seeded_values(19, 1));
    const auto delta = write("d", seeded_values(19, 2));
    OuterSpec outer = settings("sgd", 1.0);
    outer.combine = "mean";
    outer.sqrt_paths = false;
    const auto weights = combine_weights(outer, std::vector<std::int64_t>{1, 2, 3, 4}, 10);
    std::vector<Contribution> four;
    for (int path = 0; path < 4; ++path) four.push_back({path, delta, weights[std::size_t(path)]});
    const Contribution one{0, delta, 1.0};
    const auto a = outer_step(outer, module, std::nullopt, four).value();
    const auto b = outer_step(outer, module, std::nullopt, {&one, 1}).value();
    EXPECT_EQ(a.module, b.module);  // quarters add up exactly
    EXPECT_NEAR(a.mean_cosine, 1.0, 1e-12);
    EXPECT_TRUE(a.momentum.empty());
}

TEST_F(Outer, FedAvgIsTheWeightedAverageOfThePaths)
{
    const Values old = seeded_values(301, 1), a = seeded_values(301, 2), b = seeded_values(301, 3);
    OuterSpec outer = settings("fedavg", 0.123);  // its rate does not matter
    outer.combine = "shard-weighted";
    outer.sqrt_paths = false;
    const auto weights = combine_weights(outer, std::vector<std::int64_t>{1, 3}, 4);
    Values to_a = old, to_b = old;
    for (std::size_t i = 0; i < old.size(); ++i) {
        to_a[i] -= a[i];
        to_b[i] -= b[i];
    }
    const std::vector<Contribution> both{{0, write("a", to_a), weights[0]}, {1, write("b", to_b), weights[1]}};
    const auto result = outer_step(outer, write("m", old), std::nullopt, both).value();
    const Values next = read(result.module);
    for (std::size_t i = 0; i < next.size(); ++i) EXPECT_NEAR(double(next[i]), 0.25 * double(a[i]) + 0.75 * double(b[i]), 1e-5);
    EXPECT_TRUE(result.momentum.empty());
}

TEST_F(Outer, NoneCopiesTheSinglePathBack)
{
    const Values old = seeded_values(1001, 1);
    Values reached = old, delta(old.size());
    const Values move = seeded_values(1001, 2);
    for (std::size_t i = 0; i < old.size(); ++i) {
        reached[i] += 0.01f * move[i];
        delta[i] = old[i] - reached[i];
    }
    const Contribution only{0, write("d", delta), 1.0};
    const auto result = outer_step(settings("none", 0.1), write("m", old), std::nullopt, {&only, 1}).value();
    const Values next = read(result.module);
    for (std::size_t i = 0; i < next.size(); ++i) EXPECT_FLOAT_EQ(next[i], reached[i]);
    EXPECT_TRUE(result.momentum.empty());
}

TEST_F(Outer, NormsAndCosinesAreThoseOfTheWholeModule)
{
    const Values x = seeded_values(333, 1), y = seeded_values(333, 2), z = seeded_values(333, 3);
    const std::vector<Contribution> paths{
        {0, write("x", x, 10), 0.5}, {1, write("y", y, 10), 0.25}, {2, write("z", z, 10), 0.25}};
    const auto result = outer_step(settings("nesterov"), write("m", Values(333, 0.0f), 10), std::nullopt, paths).value();
    const auto dot = [](const Values& a, const Values& b) {
        double sum = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
        return sum;
    };
    const auto cosine = [&](const Values& a, const Values& b) { return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)); };
    EXPECT_NEAR(result.mean_cosine, (cosine(x, y) + cosine(x, z) + cosine(y, z)) / 3.0, 1e-9);
    EXPECT_THAT(result.path_norms,
        testing::ElementsAre(testing::DoubleNear(std::sqrt(dot(x, x)), 1e-9), testing::DoubleNear(std::sqrt(dot(y, y)), 1e-9),
            testing::DoubleNear(std::sqrt(dot(z, z)), 1e-9)));
    EXPECT_THAT(result.path_cosines,  // a module this small is compared exactly
        testing::ElementsAre(testing::FloatNear(float(cosine(x, y)), 1e-6f), testing::FloatNear(float(cosine(x, z)), 1e-6f),
            testing::FloatNear(float(cosine(y, z)), 1e-6f)));
    Values sum(333);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = 0.5f * x[i] + 0.25f * y[i] + 0.25f * z[i];
    EXPECT_NEAR(result.gradient_norm, std::sqrt(dot(sum, sum)), 1e-5);
}

TEST_F(Outer, CosinesOfLargeModulesAreEstimated)
{
    const std::size_t n = 200'000;
    const Values x = seeded_values(n, 1), other = seeded_values(n, 2);
    Values near(n), far(n);
    for (std::size_t i = 0; i < n; ++i) {
        near[i] = x[i] + 0.5f * other[i];  // cosine 1 / sqrt(1.25)
        far[i] = -x[i];
    }
    const std::vector<Contribution> paths{{0, write("x", x), 0.3}, {1, write("near", near), 0.3}, {2, write("far", far), 0.4}};
    const auto result = outer_step(settings("sgd"), write("m", Values(n, 0.0f)), std::nullopt, paths).value();
    ASSERT_EQ(result.path_cosines.size(), 3U);
    const double cosine = 1.0 / std::sqrt(1.25), error = 5.0 / std::sqrt(double(SketchSize));
    EXPECT_NEAR(result.path_cosines[0], cosine, error);
    EXPECT_NEAR(result.path_cosines[1], -1.0, error);
    EXPECT_NEAR(result.path_cosines[2], -cosine, error);
    const auto alone = outer_step(settings("sgd"), write("m", Values(n, 0.0f)), std::nullopt, {paths.data(), 1}).value();
    EXPECT_TRUE(alone.path_cosines.empty());
}

TEST_F(Outer, OppositePathsCancelAndSayMinusOne)
{
    const std::vector<Contribution> paths{{0, write("p", Values(5, 1.0f)), 0.5}, {1, write("n", Values(5, -1.0f)), 0.5}};
    const auto result = outer_step(settings("sgd"), write("m", Values(5, 2.0f)), std::nullopt, paths).value();
    EXPECT_THAT(read(result.module), testing::Each(2.0f));
    EXPECT_DOUBLE_EQ(result.mean_cosine, -1.0);
    EXPECT_EQ(result.gradient_norm, 0.0);
}

// Sums run in the order given. Callers sort by path, so the order of arrival cannot reach the bytes; the order itself can.
TEST_F(Outer, TheOrderGivenDecidesTheBytes)
{
    const auto module = write("m", seeded_values(64, 9));
    std::vector<Contribution> paths;
    for (int path = 0; path < 5; ++path)
        paths.push_back({path, write("d" + std::to_string(path), seeded_values(64, std::uint64_t(path))), 0.3});
    const auto result = outer_step(settings("nesterov"), module, std::nullopt, paths).value();
    std::vector<Contribution> arrived{paths[3], paths[0], paths[4], paths[2], paths[1]};
    EXPECT_NE(outer_step(settings("nesterov"), module, std::nullopt, arrived).value().module, result.module);
    std::ranges::sort(arrived, {}, &Contribution::path);
    const auto sorted = outer_step(settings("nesterov"), module, std::nullopt, arrived).value();
    EXPECT_EQ(sorted.module, result.module);
    EXPECT_EQ(sorted.momentum, result.momentum);
}

// An executor adds as contributions arrive; whatever came first, the bytes are those of ascending paths.
TEST_F(Outer, AnyOrderOfArrivalGivesTheSameBytes)
{
    const auto module = write("m", seeded_values(257, 9));
    std::vector<Contribution> paths;
    std::vector<OuterSum::Expected> expected;
    for (int path = 0; path < 6; ++path) {
        paths.push_back(
            {path * 3, write("d" + std::to_string(path), seeded_values(257, std::uint64_t(path) + 20)), 0.1 + 0.05 * path});
        expected.push_back({path * 3, paths.back().weight});
    }
    const auto quiet = outer_step(settings("nesterov"), module, std::nullopt, paths).value();
    Rng rng(5);
    for (int trial = 0; trial < 40; ++trial) {
        std::vector<Contribution> arrived = paths;
        rng.shuffle(std::span(arrived));
        OuterSum sum = OuterSum::open(module, expected).value();
        for (std::size_t i = 0; i < arrived.size(); ++i) {
            EXPECT_FALSE(sum.complete());
            EXPECT_FALSE(sum.has(arrived[i].path));
            EXPECT_EQ(sum.step(settings("nesterov"), std::nullopt).error().code, ErrorCode::Usage) << "too early";
            ASSERT_TRUE(sum.add(arrived[i].path, arrived[i].delta));
            ASSERT_TRUE(sum.add(arrived[i].path, arrived[0].delta)) << "counts once, whatever comes again";
        }
        ASSERT_TRUE(sum.complete());
        const auto result = sum.step(settings("nesterov"), std::nullopt).value();
        EXPECT_EQ(result.module, quiet.module);
        EXPECT_EQ(result.momentum, quiet.momentum);
        EXPECT_EQ(result.path_norms, quiet.path_norms);
        EXPECT_EQ(result.mean_cosine, quiet.mean_cosine);
    }
    OuterSum sum = OuterSum::open(module, expected).value();
    EXPECT_EQ(sum.add(1, paths[0].delta).error().code, ErrorCode::Usage);
}

TEST_F(Outer, ErrorsNamePathAndTensor)
{
    const auto module = write("m", Values(6, 1.0f));
    const Contribution other{7, write("d", Values(6, 1.0f), 3), 1.0};
    const auto shape = outer_step(settings("nesterov"), module, std::nullopt, {&other, 1});
    ASSERT_FALSE(shape);
    EXPECT_EQ(shape.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(shape.error().message, testing::AllOf(testing::HasSubstr("path 7"), testing::HasSubstr("'a'")));

    const Values values(6, 1.0f);
    const TensorView lone{"a", DType::F32, {2}, std::as_bytes(std::span(values).first(2))};
    const Contribution incomplete{8, save("lone", write_safetensors({&lone, 1})), 1.0};
    const auto missing = outer_step(settings("nesterov"), module, std::nullopt, {&incomplete, 1});
    EXPECT_EQ(missing.error().code, ErrorCode::Corrupt);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("b"));

    const Contribution diverged{9, write("nan", Values(6, std::nanf(""))), 1.0};
    EXPECT_THAT(outer_step(settings("sgd"), module, std::nullopt, {&diverged, 1}).error().message, testing::HasSubstr("path 9"));
    const Contribution good{0, write("g", Values(6, 1.0f)), 1.0};
    EXPECT_EQ(
        outer_step(settings("nesterov"), module, write("mu", Values(6, 0.0f), 1), {&good, 1}).error().code, ErrorCode::Corrupt);
    EXPECT_EQ(outer_step(settings("adam"), module, std::nullopt, {&good, 1}).error().code, ErrorCode::Usage);
    EXPECT_EQ(outer_step(settings("sgd"), module, std::nullopt, {}).error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace pathloom
