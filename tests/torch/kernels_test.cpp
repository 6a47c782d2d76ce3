// SPDX-License-Identifier: GPL-3.0-or-later
// Products, exponentials, softmax, loss rows and AdamW against plain double arithmetic or libtorch, on every instruction set.
#include "engine/core/rng.h"
#include "engine/model/kernels/cross_entropy.h"
#include "engine/model/kernels/norms.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/products.h"
#include "engine/model/kernels/softmax.h"
#include "engine/model/reference_torch.h"
#include "tests/torch/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

std::vector<float> noise(std::size_t n, std::uint64_t seed)
{
    Rng rng(seed);
    std::vector<float> out(n);
    for (float& x : out) x = float(rng.normal());
    return out;
}

template <class E>
std::vector<E> as(const std::vector<float>& x)
{
    std::vector<E> out(x.size());
    convert(x.data(), x.size(), out.data());
    return out;
}

double value(float x)
{
    return double(x);
}
double value(Bf16 x)
{
    return double(x.value());
}

class KernelsOnEachTarget : public test::EachTarget { };
INSTANTIATE_TEST_SUITE_P(Simd, KernelsOnEachTarget, testing::ValuesIn(simd_targets()), test::target_name);

template <class E>
class ProductsOf : public testing::Test {
};
using Elements = testing::Types<float, Bf16>;
TYPED_TEST_SUITE(ProductsOf, Elements);

// op(A) op(B) + (add ? C : 0) by definition, of the values as they are stored.
template <class E>
std::vector<double> product(
    Form form, int m, int n, int k, const std::vector<E>& a, const std::vector<E>& b, const std::vector<float>& c, bool add)
{
    std::vector<double> out(std::size_t(m) * n);
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            double sum = add ? double(c[std::size_t(i) * n + j]) : 0.0;
            for (int l = 0; l < k; ++l) {
                sum += value(form == Form::TN ? a[std::size_t(l) * m + i] : a[std::size_t(i) * k + l])
                    * value(form == Form::NT ? b[std::size_t(j) * k + l] : b[std::size_t(l) * n + j]);
            }
            out[std::size_t(i) * n + j] = sum;
        }
    }
    return out;
}

TYPED_TEST(ProductsOf, MatchTheDefinitionInEveryForm)
{
    const int m = 37, n = 21, k = 45;
    const auto a = as<TypeParam>(noise(std::size_t(m) * k, 1)), b = as<TypeParam>(noise(std::size_t(k) * n, 2));
    const auto c0 = noise(std::size_t(m) * n, 3);
    Products<TypeParam> products;
    for (const Form form : {Form::NN, Form::NT, Form::TN}) {
        for (const bool add : {false, true}) {
            auto c = c0;
            products.multiply(form, m, n, k, a.data(), b.data(), c.data(), add);
            const auto wanted = product(form, m, n, k, a, b, c0, add);
            for (std::size_t i = 0; i < c.size(); ++i)
                ASSERT_NEAR(double(c[i]), wanted[i], 1e-4) << "form " << int(form) << " add " << add;
        }
    }
}

TYPED_TEST(ProductsOf, PackedWeightsMultiplyAsTheyAreNow)
{
    const int rows = 70, columns = 45;
    auto weight = noise(std::size_t(rows) * columns, 5);
    Products<TypeParam> products;
    const int w = products.add_weight(rows, columns);
    for (const int m : {9, 64, 9}) {
        for (float& x : weight) x = -0.5f * x;  // a step has changed the parameters
        products.set_weight(w, weight.data());
        const auto stored = as<TypeParam>(weight);
        const auto x = as<TypeParam>(noise(std::size_t(m) * columns, 6)), dy = as<TypeParam>(noise(std::size_t(m) * rows, 7));
        std::vector<float> none, y(std::size_t(m) * rows), dx(std::size_t(m) * columns, 1.0f);
        std::vector<TypeParam> y_stored(y.size()), dx_stored(dx.size());
        products.forward_wide(w, m, x.data(), y.data());
        products.forward(w, m, x.data(), y_stored.data());
        products.backward_wide(w, m, dy.data(), dx.data(), true);
        products.backward(w, m, dy.data(), dx_stored.data());
        const auto wanted = product(Form::NT, m, rows, columns, x, stored, none, false);
        const auto wanted_dx = product(Form::NN, m, columns, rows, dy, stored, none, false);
        const double rounding = sizeof(TypeParam) == 2 ? 1.0 / 256 : 1e-5;
        for (std::size_t i = 0; i < y.size(); ++i) {
            ASSERT_NEAR(double(y[i]), wanted[i], 1e-4);
            ASSERT_NEAR(value(y_stored[i]), wanted[i], rounding * std::abs(wanted[i]) + 1e-4);
        }
        for (std::size_t i = 0; i < dx.size(); ++i) {
            ASSERT_NEAR(double(dx[i]), wanted_dx[i] + 1.0, 1e-4);
            ASSERT_NEAR(value(dx_stored[i]), wanted_dx[i], rounding * std::abs(wanted_dx[i]) + 1e-4);
        }
    }
}

TEST_P(KernelsOnEachTarget, ExponentialIsAccurateToTwoPartsInTenMillion)
{
    std::vector<float> x;
    for (int i = -86000; i <= 86000; ++i) x.push_back(float(i) * 1e-3f);
    std::vector<float> y(x.size());
    exp_each(x.data(), x.size(), y.data());
    double worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(double(y[i]) / std::exp(double(x[i])) - 1.0));
    EXPECT_LT(worst, 2e-7);
    const float ends[3] = {-1e30f, 1e30f, 0.0f};
    float of_ends[3];
    exp_each(ends, 3, of_ends);
    EXPECT_LT(of_ends[0], 1e-37f);
    EXPECT_GT(of_ends[1], 1e38f);
    EXPECT_EQ(of_ends[2], 1.0f);
}

TEST_P(KernelsOnEachTarget, RoundingToBf16IsToNearestEven)
{
    std::vector<float> x = noise(1003, 9);
    x.insert(x.end(), {0.0f, -0.0f, 1.0f, 1.00390625f, 1.01171875f, 3.0e38f, -65504.0f, 1e-30f});  // two of them half way
    std::vector<Bf16> y(x.size());
    convert(x.data(), x.size(), y.data());
    std::vector<float> back(x.size());
    convert(y.data(), y.size(), back.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(y[i].bits, Bf16::of(x[i]).bits) << x[i];
        ASSERT_EQ(back[i], y[i].value());
    }
}

template <class E>
void check_softmax(int window)
{
    const int rows = 19, columns = 40, ld = 48, i0 = 21;
    const auto scores = noise(std::size_t(rows) * ld, 4), dprobs = noise(std::size_t(rows) * ld, 5);
    const float scale = 0.3f;
    const SoftmaxTile tile{rows, columns, ld, window > 0 ? i0 - window + 1 : -1000, i0 + 1};
    std::vector<E> probs(scores.size());
    std::vector<float> lse(rows + 16), inverse(rows);
    softmax_forward(tile, scale, scores.data(), probs.data(), lse.data(), inverse.data());
    for (int r = 0; r < rows; ++r) {
        const int lo = window > 0 ? std::max(0, i0 + r - window + 1) : 0, hi = std::min(columns, i0 + r + 1);
        double sum = 0.0;
        const auto score = [&](int j) { return double(scores[std::size_t(r * ld + j)]) * double(scale); };
        for (int j = lo; j < hi; ++j) sum += std::exp(score(j));
        ASSERT_NEAR(double(lse[std::size_t(r)]), std::log(sum), 1e-5);
        for (int j = 0; j < ld; ++j) {
            const double p = value(probs[std::size_t(r * ld + j)]) * double(inverse[std::size_t(r)]);
            ASSERT_NEAR(p, j >= lo && j < hi ? std::exp(score(j)) / sum : 0.0, sizeof(E) == 2 ? 2e-3 : 1e-6) << r << " " << j;
        }
    }
    // Backward: rows are keys, columns queries; a key is seen by the queries from itself on.
    const SoftmaxTile back{rows, columns, ld, 0, window > 0 ? window : 1000};
    const auto shift = noise(ld, 6), dot = noise(ld, 7);
    std::vector<E> p(scores.size()), ds(scores.size());
    softmax_backward(back, scale, shift.data(), dot.data(), scores.data(), dprobs.data(), p.data(), ds.data());
    for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < ld; ++i) {
            const bool seen = i >= r && i < columns && (window == 0 || i < r + window);
            const std::size_t at = std::size_t(r * ld + i);
            const double wanted = seen ? std::exp(double(scores[at]) * double(scale) - double(shift[std::size_t(i)])) : 0.0;
            const double slope = wanted * (double(dprobs[at]) - double(dot[std::size_t(i)])) * double(scale);
            ASSERT_NEAR(value(p[at]), wanted, (sizeof(E) == 2 ? 4e-3 : 1e-5) * wanted + 1e-7);
            ASSERT_NEAR(value(ds[at]), slope, (sizeof(E) == 2 ? 4e-3 : 1e-5) * std::abs(slope) + 1e-6);
        }
    }
}

TEST_P(KernelsOnEachTarget, SoftmaxTilesMatchTheDefinition)
{
    for (const int window : {0, 7}) {
        check_softmax<float>(window);
        check_softmax<Bf16>(window);
    }
}

template <class E>
void check_cross_entropy()
{
    const int vocabulary = 117, cut = 50;  // two tiles of the vocabulary, neither a multiple of a vector
    const std::vector<std::int32_t> targets{5, -1, 116, 50};
    const int rows = int(targets.size());
    auto logits = noise(targets.size() * vocabulary, 6);
    for (float& x : logits) x *= 20.0f;  // far beyond where exp overflows without the shift
    const float scale = 0.25f;
    std::vector<RowLoss> losses(targets.size());
    std::vector<std::vector<E>> probs(2);
    std::vector<float> tops(targets.size() * 2);
    const auto tile_of = [&](int t) { return t == 0 ? LogitTile{rows, cut, 0} : LogitTile{rows, vocabulary - cut, cut}; };
    for (int t = 0; t < 2; ++t) {
        const LogitTile tile = tile_of(t);
        std::vector<float> part;
        for (int r = 0; r < rows; ++r)
            part.insert(part.end(), logits.begin() + r * vocabulary + tile.first,
                logits.begin() + r * vocabulary + tile.first + tile.columns);
        probs[std::size_t(t)].resize(part.size());
        cross_entropy_tile(
            tile, part.data(), targets.data(), losses.data(), probs[std::size_t(t)].data(), tops.data() + t * rows);
    }
    for (int t = 0; t < 2; ++t)
        cross_entropy_gradient(
            tile_of(t), targets.data(), losses.data(), tops.data() + t * rows, scale, probs[std::size_t(t)].data());
    for (std::size_t r = 0; r < targets.size(); ++r) {
        const float* row = logits.data() + r * vocabulary;
        const double top = double(*std::max_element(row, row + vocabulary));
        double sum = 0.0;
        for (int i = 0; i < vocabulary; ++i) sum += std::exp(double(row[i]) - top);
        if (targets[r] >= 0) {
            EXPECT_NEAR(double(losses[r].nll()), std::log(sum) + top - double(row[targets[r]]), 1e-4);
        }
        for (int i = 0; i < vocabulary; ++i) {
            const LogitTile tile = tile_of(i < cut ? 0 : 1);
            const E got = probs[i < cut ? 0 : 1][r * std::size_t(tile.columns) + std::size_t(i - tile.first)];
            const double wanted
                = targets[r] < 0 ? 0.0 : double(scale) * (std::exp(double(row[i]) - top) / sum - (i == targets[r]));
            ASSERT_NEAR(value(got), wanted, sizeof(E) == 2 ? 8e-3 * std::abs(wanted) + 1e-7 : 1e-6);
        }
    }
}

TEST_P(KernelsOnEachTarget, CrossEntropyByTilesMatchesTheDefinitionAndMasks)
{
    check_cross_entropy<float>();
    check_cross_entropy<Bf16>();
}

TEST_P(KernelsOnEachTarget, AdamWMatchesTorch)
{
    const std::size_t n = 1003;
    const auto start = noise(n, 7);
    std::vector<std::vector<float>> gradients;
    for (std::uint64_t s = 0; s < 12; ++s) gradients.push_back(noise(n, 100 + s));
    AdamWStep step{3e-3, 0.9, 0.95, 1e-8, 0.1, 0, 1.0};
    auto theta = start;
    std::vector<float> m(n, 0.0f), v(n, 0.0f);
    for (const auto& gradient : gradients) {
        ++step.step;
        adamw_update(step, theta, gradient, m, v);
    }
    const auto wanted = reference_adamw(start, gradients, step);
    for (std::size_t i = 0; i < n; ++i) {
        ASSERT_NEAR(theta[i], wanted[i], 2e-6);
        ASSERT_NE(theta[i], start[i]);
    }
}

TEST(AdamW, ScalesTheGradientAsItReadsIt)
{
    const auto gradient = noise(64, 8);
    auto half = gradient;
    for (float& x : half) x *= 0.5f;
    std::vector<float> a(64, 1.0f), b(64, 1.0f), m1(64), v1(64), m2(64), v2(64);
    adamw_update({1e-2, 0.9, 0.95, 1e-8, 0.0, 1, 0.5}, a, gradient, m1, v1);
    adamw_update({1e-2, 0.9, 0.95, 1e-8, 0.0, 1, 1.0}, b, half, m2, v2);
    EXPECT_EQ(a, b);
    EXPECT_EQ(m1, m2);
}

TEST_P(KernelsOnEachTarget, SquaresAreSummedInDouble)
{
    const auto x = noise(1003, 11);
    double wanted = 0.0;
    for (const float v : x) wanted += double(v) * double(v);
    EXPECT_NEAR(sum_of_squares(x), wanted, 1e-9 * wanted);
}

TEST(Rope, TurnsEachPairByPositionTimesFrequency)
{
    const RopeTable table = RopeTable::make(300, 8, 10000.0);
    const std::size_t at = 299 * 4 + 1;  // position 299, pair 1: frequency 10000^(-1/4) = 0.1
    EXPECT_NEAR(table.cosine[at], std::cos(29.9), 1e-6);
    EXPECT_NEAR(table.sine[at], std::sin(29.9), 1e-6);
}

}  // namespace
}  // namespace pathloom
