// SPDX-License-Identifier: GPL-3.0-or-later
// Products, exponentials, loss rows and AdamW against plain double arithmetic or libtorch.
#include "engine/core/rng.h"
#include "engine/model/kernels/elementwise.h"
#include "engine/model/kernels/gemm.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/simd.h"
#include "engine/model/reference_torch.h"

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

enum class Form { NN, NT, TN };

// op(A) op(B) + beta C by definition, with inputs rounded to bf16 when asked.
std::vector<double> product(Form form, int m, int n, int k, const std::vector<float>& a, const std::vector<float>& b, float beta,
    const std::vector<float>& c, bool half)
{
    const auto value = [&](float x) { return double(half ? from_bf16(to_bf16(x)) : x); };
    std::vector<double> out(std::size_t(m) * n);
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            double sum = double(beta) * double(c[std::size_t(i) * n + j]);
            for (int l = 0; l < k; ++l) {
                const float x = form == Form::TN ? a[std::size_t(l) * m + i] : a[std::size_t(i) * k + l];
                const float y = form == Form::NT ? b[std::size_t(j) * k + l] : b[std::size_t(l) * n + j];
                sum += value(x) * value(y);
            }
            out[std::size_t(i) * n + j] = sum;
        }
    }
    return out;
}

TEST(Gemm, MatchesTheDefinitionInEveryFormAndPrecision)
{
    const int m = 37, n = 21, k = 45;
    const auto a = noise(std::size_t(m) * k, 1), b = noise(std::size_t(k) * n, 2), c0 = noise(std::size_t(m) * n, 3);
    for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
        Gemm gemm(precision);
        for (const Form form : {Form::NN, Form::NT, Form::TN}) {
            for (const float beta : {0.0f, 1.0f}) {
                auto c = c0;
                const Matrix x{a.data(), form == Form::TN ? m : k}, y{b.data(), form == Form::NT ? k : n};
                if (form == Form::NN) gemm.nn(m, n, k, x, y, beta, c.data(), n);
                if (form == Form::NT) gemm.nt(m, n, k, x, y, beta, c.data(), n);
                if (form == Form::TN) gemm.tn(m, n, k, x, y, beta, c.data(), n);
                const auto wanted = product(form, m, n, k, a, b, beta, c0, precision == Precision::Bf16);
                for (std::size_t i = 0; i < c.size(); ++i)
                    ASSERT_NEAR(double(c[i]), wanted[i], 2e-4) << int(form) << " beta " << beta;
            }
        }
    }
}

TEST(Gemm, TakesRowsInsideAWiderMatrixAndReadyMadeHalves)
{
    const int m = 9, n = 16, k = 11, ld = 40;
    const auto a = noise(std::size_t(m) * ld, 4), b = noise(std::size_t(n) * k, 5);
    std::vector<std::uint16_t> half(a.size());
    round_to_bf16(a.data(), half.data(), a.size());
    std::vector<float> packed;
    for (int i = 0; i < m; ++i) packed.insert(packed.end(), a.begin() + i * ld, a.begin() + i * ld + k);
    for (const bool ready : {false, true}) {
        Gemm gemm(Precision::Bf16);
        std::vector<float> c(std::size_t(m) * n);
        gemm.nt(m, n, k, {a.data(), ld, ready ? half.data() : nullptr}, {b.data(), k}, 0.0f, c.data(), n);
        const auto wanted = product(Form::NT, m, n, k, packed, b, 0.0f, c, true);
        for (std::size_t i = 0; i < c.size(); ++i) ASSERT_NEAR(double(c[i]), wanted[i], 1e-4);
    }
}

TEST(FastExp, IsAccurateToOnePartInTenMillion)
{
    double worst = 0.0;
    for (int i = -86000; i <= 86000; ++i) {
        const auto x = float(i) * 1e-3f;
        worst = std::max(worst, std::abs(double(fast_exp(x)) / std::exp(double(x)) - 1.0));
    }
    EXPECT_LT(worst, 1.2e-7);
    EXPECT_LT(fast_exp(-1e30f), 1e-37f);
    EXPECT_GT(fast_exp(1e30f), 1e38f);
    EXPECT_EQ(fast_exp(0.0f), 1.0f);
}

TEST(CrossEntropy, MatchesTheDefinitionAndMasks)
{
    const int vocabulary = 117;
    const std::vector<std::int32_t> targets{5, -1, 116, 0};
    auto logits = noise(targets.size() * vocabulary, 6);
    for (float& x : logits) x *= 20.0f;  // far beyond where exp overflows without the shift
    const auto before = logits;
    std::vector<float> forward(targets.size()), backward(targets.size());
    cross_entropy_forward(logits.data(), targets, vocabulary, forward.data());
    EXPECT_EQ(logits, before);
    cross_entropy_backward(logits.data(), targets, vocabulary, 0.25f, backward.data());
    for (std::size_t r = 0; r < targets.size(); ++r) {
        const float* row = before.data() + r * vocabulary;
        const double top = *std::max_element(row, row + vocabulary);
        double sum = 0.0;
        for (int i = 0; i < vocabulary; ++i) sum += std::exp(double(row[i]) - top);
        const double nll = targets[r] < 0 ? 0.0 : std::log(sum) + top - double(row[targets[r]]);
        EXPECT_NEAR(double(forward[r]), nll, 1e-4);
        EXPECT_NEAR(double(backward[r]), nll, 1e-4);
        for (int i = 0; i < vocabulary; ++i) {
            const double wanted = targets[r] < 0 ? 0.0 : 0.25 * (std::exp(double(row[i]) - top) / sum - (i == targets[r]));
            ASSERT_NEAR(double(logits[r * vocabulary + i]), wanted, 1e-6);
        }
    }
}

TEST(AdamW, MatchesTorch)
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

TEST(Rope, TurnsEachPairByPositionTimesFrequency)
{
    const RopeTable table = RopeTable::make(300, 8, 10000.0);
    const std::size_t at = 299 * 4 + 1;  // position 299, pair 1: frequency 10000^(-1/4) = 0.1
    EXPECT_NEAR(table.cosine[at], std::cos(29.9), 1e-6);
    EXPECT_NEAR(table.sine[at], std::sin(29.9), 1e-6);
}

}  // namespace
}  // namespace pathloom
