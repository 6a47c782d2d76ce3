// SPDX-License-Identifier: GPL-3.0-or-later
// Each (sequence, head) is independent, so threads never share a sum. Forward tiles are query rows against the keys they see;
// backward tiles are key rows against the queries that see them, so that three of the five products need no transposed operand
// and each tile's dk and dv are finished by one product.
#include "engine/model/kernels/attention.h"

#include "engine/model/kernels/buffer.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"
#include "engine/model/kernels/softmax.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace pathloom {
namespace {

constexpr int TileRows = 128;
constexpr int Everything = 1 << 28;  // further than any column: "no limit" of a SoftmaxTile

int round_up(int n)
{
    return (n + 15) / 16 * 16;
}

/// A softmax_forward tile: query rows [i0, i0 + rows) against keys from j0.
SoftmaxTile forward_tile(const AttentionShape& shape, int i0, int& j0)
{
    j0 = shape.window > 0 ? std::max(0, i0 - shape.window + 1) / 16 * 16 : 0;
    SoftmaxTile tile;
    tile.rows = std::min(TileRows, shape.sequence - i0);
    tile.columns = i0 + tile.rows - j0;
    tile.ld = round_up(tile.columns);
    tile.first_lo = shape.window > 0 ? i0 - shape.window + 1 - j0 : -Everything;
    tile.first_hi = i0 + 1 - j0;
    return tile;
}

/// A softmax_backward tile: key rows [j0, j0 + rows) against queries from j0.
SoftmaxTile backward_tile(const AttentionShape& shape, int j0)
{
    SoftmaxTile tile;
    tile.rows = std::min(TileRows, shape.sequence - j0);
    const int end = shape.window > 0 ? std::min(shape.sequence, j0 + tile.rows - 1 + shape.window) : shape.sequence;
    tile.columns = end - j0;
    tile.ld = round_up(tile.columns);
    tile.first_lo = 0;
    tile.first_hi = shape.window > 0 ? shape.window : Everything;
    return tile;
}

}  // namespace

/// What one thread needs for itself.
template <class E>
struct Attention<E>::Lane {
    Products<E> products;
    Buffer<float> scores, dscores, tile, dq, dot, inverse;
    Buffer<E> probs, dprobs, dout;

    void forward(const AttentionShape& shape, int index, const E* q, const E* k, const E* v, E* out, float* lse)
    {
        const int d = shape.head_dim, width = shape.heads * d, b = index / shape.heads, h = index % shape.heads;
        const std::size_t begin = std::size_t(index) * std::size_t(shape.padded()) * std::size_t(d);
        const auto at = [d](const E* x, int row) { return x + std::size_t(row) * std::size_t(d); };
        q += begin, k += begin, v += begin, lse += std::size_t(index) * std::size_t(shape.sequence);
        const float scale = 1.0f / std::sqrt(float(d));
        for (int i0 = 0; i0 < shape.sequence; i0 += TileRows) {
            int j0 = 0;
            const SoftmaxTile s = forward_tile(shape, i0, j0);
            const std::size_t size = std::size_t(s.rows) * std::size_t(s.ld);
            scores.grow(size), probs.grow(size), tile.grow(std::size_t(s.rows) * std::size_t(d)), inverse.grow(TileRows);
            {
                const ProfileScope scope(Kernel::AttentionProducts);
                products.multiply(Form::NT, s.rows, s.ld, d, at(q, i0), at(k, j0), scores.data(), false);
            }
            {
                const ProfileScope scope(Kernel::AttentionSoftmax);
                softmax_forward(s, scale, scores.data(), probs.data(), lse + i0, inverse.data());
            }
            {
                const ProfileScope scope(Kernel::AttentionProducts);
                products.multiply(Form::NN, s.rows, d, s.ld, probs.data(), at(v, j0), tile.data(), false);
            }
            const ProfileScope scope(Kernel::AttentionSoftmax);
            scale_rows(tile.data(), d, inverse.data(), s.rows, d,
                out + (std::size_t(b) * std::size_t(shape.sequence) + std::size_t(i0)) * std::size_t(width)
                    + std::size_t(h) * std::size_t(d),
                width);
        }
    }

    void backward(const AttentionShape& shape, int index, const E* q, const E* k, const E* v, const E* out, const float* lse,
        const E* dout_rows, E* dq_out, E* dk, E* dv)
    {
        const int d = shape.head_dim, width = shape.heads * d, b = index / shape.heads, h = index % shape.heads;
        const std::size_t size = std::size_t(shape.padded()) * std::size_t(d), begin = std::size_t(index) * size;
        const std::size_t first = std::size_t(b) * std::size_t(shape.sequence) * std::size_t(width) + std::size_t(h * d);
        const auto at = [d](auto* x, int row) { return x + std::size_t(row) * std::size_t(d); };
        q += begin, k += begin, v += begin, dq_out += begin, dk += begin, dv += begin;
        lse += std::size_t(index) * std::size_t(shape.sequence);
        const float scale = 1.0f / std::sqrt(float(d));
        {
            const ProfileScope scope(Kernel::AttentionSoftmax);
            row_dots(out + first, width, dout_rows + first, width, shape.sequence, d,
                dot.grow_cleared(std::size_t(shape.padded()) + 16));
            const AttentionShape one{1, shape.sequence, 1, d, 0};
            pack_heads(one, dout_rows + first, width, dout.grow_cleared(size));
            std::fill_n(at(dout.data(), shape.sequence), size - std::size_t(shape.sequence) * std::size_t(d), E());
            std::fill_n(dq.grow(size), size, 0.0f);
        }
        for (int j0 = 0; j0 < shape.sequence; j0 += TileRows) {
            const SoftmaxTile s = backward_tile(shape, j0);
            const std::size_t n = std::size_t(s.rows) * std::size_t(s.ld);
            scores.grow(n), dscores.grow(n), probs.grow(n), dprobs.grow(n);
            {
                const ProfileScope scope(Kernel::AttentionProducts);
                products.multiply(Form::NT, s.rows, s.ld, d, at(k, j0), at(q, j0), scores.data(), false);
                products.multiply(Form::NT, s.rows, s.ld, d, at(v, j0), at(dout.data(), j0), dscores.data(), false);
            }
            {
                const ProfileScope scope(Kernel::AttentionSoftmax);
                softmax_backward(s, scale, lse + j0, dot.data() + j0, scores.data(), dscores.data(), probs.data(), dprobs.data());
            }
            const ProfileScope scope(Kernel::AttentionProducts);
            products.multiply(Form::NN, s.rows, d, s.ld, probs.data(), at(dout.data(), j0), at(dv, j0));
            products.multiply(Form::NN, s.rows, d, s.ld, dprobs.data(), at(q, j0), at(dk, j0));
            products.multiply(Form::TN, s.ld, d, s.rows, dprobs.data(), at(k, j0), at(dq.data(), j0), true);
        }
        const ProfileScope scope(Kernel::AttentionSoftmax);
        convert(dq.data(), std::size_t(shape.sequence) * std::size_t(d), dq_out);
    }
};

template <class E>
struct Attention<E>::Impl {
    std::vector<Lane> lanes;

    template <class Work>
    void each(const AttentionShape& shape, Work&& work)
    {
        if (lanes.size() < std::size_t(omp_get_max_threads())) lanes.resize(std::size_t(omp_get_max_threads()));
#pragma omp parallel for schedule(static)
        for (int index = 0; index < shape.batch * shape.heads; ++index) work(lanes[std::size_t(omp_get_thread_num())], index);
    }
};

template <class E>
Attention<E>::Attention()
    : m_impl(std::make_unique<Impl>())
{
}
template <class E>
Attention<E>::~Attention() = default;
template <class E>
Attention<E>::Attention(Attention&&) noexcept = default;
template <class E>
Attention<E>& Attention<E>::operator=(Attention&&) noexcept = default;

template <class E>
void Attention<E>::forward(const AttentionShape& shape, const E* q, const E* k, const E* v, E* out, float* lse)
{
    m_impl->each(shape, [&](Lane& lane, int index) { lane.forward(shape, index, q, k, v, out, lse); });
}

template <class E>
void Attention<E>::backward(const AttentionShape& shape, const E* q, const E* k, const E* v, const E* out, const float* lse,
    const E* dout, E* dq, E* dk, E* dv)
{
    m_impl->each(shape, [&](Lane& lane, int index) { lane.backward(shape, index, q, k, v, out, lse, dout, dq, dk, dv); });
}

template class Attention<float>;
template class Attention<Bf16>;

template <class E>
void pack_heads(const AttentionShape& shape, const E* rows, int ld, E* packed)
{
    const auto d = std::size_t(shape.head_dim);
    for (int b = 0; b < shape.batch; ++b) {
        for (int h = 0; h < shape.heads; ++h) {
            const E* from = rows + std::size_t(b) * std::size_t(shape.sequence) * std::size_t(ld) + std::size_t(h) * d;
            E* to = packed + std::size_t(b * shape.heads + h) * std::size_t(shape.padded()) * d;
            for (std::size_t t = 0; t < std::size_t(shape.sequence); ++t)
                std::memcpy(to + t * d, from + t * std::size_t(ld), d * sizeof(E));
        }
    }
}

template <class E>
void unpack_heads(const AttentionShape& shape, const E* packed, E* rows, int ld)
{
    const auto d = std::size_t(shape.head_dim);
    for (int b = 0; b < shape.batch; ++b) {
        for (int h = 0; h < shape.heads; ++h) {
            const E* from = packed + std::size_t(b * shape.heads + h) * std::size_t(shape.padded()) * d;
            E* to = rows + std::size_t(b) * std::size_t(shape.sequence) * std::size_t(ld) + std::size_t(h) * d;
            for (std::size_t t = 0; t < std::size_t(shape.sequence); ++t)
                std::memcpy(to + t * std::size_t(ld), from + t * d, d * sizeof(E));
        }
    }
}

template void pack_heads(const AttentionShape&, const float*, int, float*);
template void pack_heads(const AttentionShape&, const Bf16*, int, Bf16*);
template void unpack_heads(const AttentionShape&, const float*, float*, int);
template void unpack_heads(const AttentionShape&, const Bf16*, Bf16*, int);

}  // namespace pathloom
