// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/kernels/product_peaks.h"

#include "engine/model/kernels/optimizer.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace pathloom {
namespace {

template <class F>
double best_of(int runs, F&& work)
{
    double best = 1e9;
    for (int run = 0; run < runs; ++run) {
        const auto begin = std::chrono::steady_clock::now();
        work(run);
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return best;
}

template <class E>
std::vector<E> filled(std::size_t n, float value)
{
    const std::vector<float> values(n, value);
    std::vector<E> out(n);
    convert(values.data(), n, out.data());
    return out;
}

template <class E>
double cube_seconds(int n)
{
    const auto size = std::size_t(n) * std::size_t(n);
    const auto a = filled<E>(size, 0.5f), b = filled<E>(size, 0.25f);
    std::vector<float> c(size);
    Products<E> products;
    return best_of(
        24, [&](int run) { products.multiply(run % 2 == 0 ? Form::NN : Form::NT, n, n, n, a.data(), b.data(), c.data()); });
}

template <class E>
double tile_seconds(int n)
{
    const auto size = std::size_t(n) * std::size_t(n);
    const auto x = filled<E>(size, 0.5f);
    const std::vector<float> weight(size, 0.25f);
    std::vector<E> y(size);
    Products<E> products;
    const int w = products.add_weight(n, n);
    products.set_weight(w, weight.data());
    return best_of(100, [&](int) { products.forward(w, n, x.data(), y.data()); });
}

template <class E>
ProductPeaks peaks()
{
    constexpr int Cube = 1024, Tile = 512;
    const auto gflops = [](int n, double seconds) { return 2.0 * n * n * n / seconds * 1e-9; };
    const double tile = tile_seconds<E>(Tile);
    return {gflops(Cube, cube_seconds<E>(Cube)), gflops(Tile, tile), Tile / tile};
}

}  // namespace

ProductPeaks product_peaks(Precision precision)
{
    return precision == Precision::Bf16 ? peaks<Bf16>() : peaks<float>();
}

}  // namespace pathloom
