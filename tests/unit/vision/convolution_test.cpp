// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/rng.h"
#include "engine/model/kernels/convolution.h"
#include "engine/model/kernels/products.h"

#include <gtest/gtest.h>

#include <vector>

namespace pathloom {
namespace {

std::vector<float> normals(std::size_t n, std::uint64_t seed)
{
    Rng rng(seed);
    std::vector<float> out(n);
    for (float& x : out) x = float(rng.normal());
    return out;
}

/// Calls visit(x index, weight index, y index) for every product of the convolution.
template <class Visit>
void each_product(const ConvolutionShape& s, const Visit& visit)
{
    const int up = s.kernel_h / 2, left = s.kernel_w / 2 * s.dilation_w;
    for (int b = 0; b < s.batch; ++b)
        for (int y = 0; y < s.out_height(); ++y)
            for (int x = 0; x < s.out_width(); ++x)
                for (int i = 0; i < s.kernel_h; ++i)
                    for (int j = 0; j < s.kernel_w; ++j) {
                        const int from_y = y * s.stride_h + i - up, from_x = x * s.stride_w + j * s.dilation_w - left;
                        if (from_y < 0 || from_y >= s.height || from_x < 0 || from_x >= s.width) continue;
                        for (int o = 0; o < s.out; ++o)
                            for (int c = 0; c < s.in; ++c)
                                visit(std::size_t(((b * s.height + from_y) * s.width + from_x) * s.in + c),
                                    std::size_t(((o * s.kernel_h + i) * s.kernel_w + j) * s.in + c),
                                    std::size_t(((b * s.out_height() + y) * s.out_width() + x) * s.out + o));
                    }
}

class ConvolutionOf : public testing::TestWithParam<ConvolutionShape> { };

TEST_P(ConvolutionOf, EqualsItsDefinitionAndItsGradients)
{
    const ComputeThreads one(1);
    const ConvolutionShape s = GetParam();
    const auto x = normals(std::size_t(s.batch * s.height * s.width * s.in), 1);
    const auto w = normals(std::size_t(s.out * s.kernel_h * s.kernel_w * s.in), 2);
    const auto dy = normals(std::size_t(s.batch * s.out_height() * s.out_width() * s.out), 3);
    std::vector<double> y(dy.size()), dx(x.size()), dw(w.size(), 0.5);
    each_product(s, [&](std::size_t i, std::size_t k, std::size_t o) {
        y[o] += double(x[i]) * double(w[k]);
        dx[i] += double(dy[o]) * double(w[k]);
        dw[k] += double(dy[o]) * double(x[i]);
    });
    Convolutions convolutions;
    std::vector<float> got_y(y.size()), got_dx(dx.size()), got_dw(dw.size(), 0.5f);
    for (int again = 0; again < 2; ++again) {  // the kept primitive, too
        convolutions.forward(s, x.data(), w.data(), got_y.data());
        convolutions.backward_input(s, dy.data(), w.data(), got_dx.data());
        std::fill(got_dw.begin(), got_dw.end(), 0.5f);
        convolutions.backward_weights(s, x.data(), dy.data(), got_dw.data());
        for (std::size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(got_y[i], y[i], 1e-3) << i;
        for (std::size_t i = 0; i < dx.size(); ++i) ASSERT_NEAR(got_dx[i], dx[i], 1e-3) << i;
        for (std::size_t i = 0; i < dw.size(); ++i) ASSERT_NEAR(got_dw[i], dw[i], 1e-2) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvolutionOf,
    testing::Values(ConvolutionShape{2, 12, 20, 1, 16, 5, 5, 2, 2, 1}, ConvolutionShape{1, 9, 10, 16, 8, 3, 3, 2, 1, 1},
        ConvolutionShape{3, 1, 33, 16, 16, 1, 5, 1, 1, 4}, ConvolutionShape{1, 4, 4, 3, 5, 1, 1, 1, 1, 1}));

}  // namespace
}  // namespace pathloom
