// SPDX-License-Identifier: GPL-3.0-or-later
// Tiled softmax attention over small products; each (sequence, head) is independent, so threads never share a sum.
#include "engine/model/kernels/attention.h"

#include "engine/model/kernels/gemm.h"
#include "engine/model/kernels/simd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace pathloom {
namespace {

constexpr int TileRows = 64;

/// One tile: query rows [i0, i1) against keys [j0, i1).
struct Tile {
    int i0, i1, j0, window;
    [[nodiscard]] int rows() const { return i1 - i0; }
    [[nodiscard]] int keys() const { return i1 - j0; }
};

Tile tile_at(const AttentionShape& shape, int i0)
{
    const int first = shape.window > 0 ? std::max(0, i0 - shape.window + 1) : 0;
    return {i0, std::min(shape.sequence, i0 + TileRows), first, shape.window};
}

[[gnu::always_inline]] inline int first_key(const Tile& tile, int r)
{
    return tile.window > 0 ? std::max(0, tile.i0 + r - tile.window + 1 - tile.j0) : 0;
}

// Scores to probabilities in place; positions a row may not see become 0.
PATHLOOM_CLONES void softmax_tile(const Tile tile, float scale, float* __restrict scores, float* __restrict lse)
{
    const int keys = tile.i1 - tile.j0;
    for (int r = 0; r < tile.i1 - tile.i0; ++r) {
        float* __restrict row = scores + std::size_t(r) * keys;
        const int lo = first_key(tile, r), hi = tile.i0 + r + 1 - tile.j0;
        float top = row[lo];
#pragma omp simd reduction(max : top)
        for (int j = lo; j < hi; ++j) top = row[j] > top ? row[j] : top;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int j = lo; j < hi; ++j) {
            row[j] = fast_exp((row[j] - top) * scale);
            sum += row[j];
        }
        const float inverse = 1.0f / sum;
        for (int j = 0; j < lo; ++j) row[j] = 0.0f;
        for (int j = lo; j < hi; ++j) row[j] *= inverse;
        for (int j = hi; j < keys; ++j) row[j] = 0.0f;
        lse[r] = top * scale + std::log(sum);
    }
}

// scores -> probabilities, dprob -> d loss / d score. `out` and `dout` are the tile's rows (their dot is sum_j p_j dp_j).
PATHLOOM_CLONES void softmax_tile_backward(const Tile tile, float scale, const float* __restrict lse, const float* __restrict out,
    int ld_out, const float* __restrict dout, int ld_dout, int head_dim, float* __restrict scores, float* __restrict dprob)
{
    const int keys = tile.i1 - tile.j0;
    for (int r = 0; r < tile.i1 - tile.i0; ++r) {
        float* __restrict p = scores + std::size_t(r) * keys;
        float* __restrict ds = dprob + std::size_t(r) * keys;
        const float* __restrict o = out + std::size_t(r) * ld_out;
        const float* __restrict g = dout + std::size_t(r) * ld_dout;
        const int lo = first_key(tile, r), hi = tile.i0 + r + 1 - tile.j0;
        float dot = 0.0f;
#pragma omp simd reduction(+ : dot)
        for (int j = 0; j < head_dim; ++j) dot += o[j] * g[j];
        const float shift = lse[r];
        for (int j = 0; j < lo; ++j) p[j] = ds[j] = 0.0f;
        for (int j = lo; j < hi; ++j) {
            p[j] = fast_exp(p[j] * scale - shift);
            ds[j] = p[j] * (ds[j] - dot) * scale;
        }
        for (int j = hi; j < keys; ++j) p[j] = ds[j] = 0.0f;
    }
}

float* at(HeadRows rows, const AttentionShape& shape, int index)
{
    const int b = index / shape.heads, h = index % shape.heads;
    return rows.data + std::size_t(b) * shape.sequence * rows.ld + std::size_t(h) * shape.head_dim;
}

std::size_t tile_floats(const AttentionShape& shape)
{
    const int reach = shape.window > 0 ? std::min(shape.sequence, shape.window + TileRows) : shape.sequence;
    return std::size_t(TileRows) * std::size_t(reach);
}

void clear_rows(float* x, int ld, int rows, int width)
{
    for (int r = 0; r < rows; ++r) std::fill_n(x + std::size_t(r) * ld, width, 0.0f);
}

}  // namespace

void attention_forward(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out, float* lse)
{
    const float scale = 1.0f / std::sqrt(float(shape.head_dim));
    const int d = shape.head_dim;
#pragma omp parallel for schedule(static)
    for (int index = 0; index < shape.batch * shape.heads; ++index) {
        static thread_local std::vector<float> scores;
        scores.resize(std::max(scores.size(), tile_floats(shape)));
        const float *qh = at(q, shape, index), *kh = at(k, shape, index), *vh = at(v, shape, index);
        float* oh = at(out, shape, index);
        for (int i0 = 0; i0 < shape.sequence; i0 += TileRows) {
            const Tile tile = tile_at(shape, i0);
            const int keys = tile.keys();
            sgemm_nt(tile.rows(), keys, d, qh + std::size_t(i0) * q.ld, q.ld, kh + std::size_t(tile.j0) * k.ld, k.ld, 0.0f,
                scores.data(), keys);
            softmax_tile(tile, scale, scores.data(), lse + std::size_t(index) * shape.sequence + i0);
            sgemm_nn(tile.rows(), d, keys, scores.data(), keys, vh + std::size_t(tile.j0) * v.ld, v.ld, 0.0f,
                oh + std::size_t(i0) * out.ld, out.ld);
        }
    }
}

void attention_backward(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out, const float* lse,
    HeadRows dout, HeadRows dq, HeadRows dk, HeadRows dv)
{
    const float scale = 1.0f / std::sqrt(float(shape.head_dim));
    const int d = shape.head_dim;
#pragma omp parallel for schedule(static)
    for (int index = 0; index < shape.batch * shape.heads; ++index) {
        static thread_local std::vector<float> scores, dprob;
        scores.resize(std::max(scores.size(), tile_floats(shape)));
        dprob.resize(std::max(dprob.size(), tile_floats(shape)));
        const float *qh = at(q, shape, index), *kh = at(k, shape, index), *vh = at(v, shape, index), *oh = at(out, shape, index);
        const float* gh = at(dout, shape, index);
        float *dqh = at(dq, shape, index), *dkh = at(dk, shape, index), *dvh = at(dv, shape, index);
        clear_rows(dkh, dk.ld, shape.sequence, d);
        clear_rows(dvh, dv.ld, shape.sequence, d);
        for (int i0 = 0; i0 < shape.sequence; i0 += TileRows) {
            const Tile tile = tile_at(shape, i0);
            const int keys = tile.keys(), rows = tile.rows();
            const float *qt = qh + std::size_t(i0) * q.ld, *kt = kh + std::size_t(tile.j0) * k.ld;
            const float *vt = vh + std::size_t(tile.j0) * v.ld, *gt = gh + std::size_t(i0) * dout.ld;
            sgemm_nt(rows, keys, d, qt, q.ld, kt, k.ld, 0.0f, scores.data(), keys);
            sgemm_nt(rows, keys, d, gt, dout.ld, vt, v.ld, 0.0f, dprob.data(), keys);
            softmax_tile_backward(tile, scale, lse + std::size_t(index) * shape.sequence + i0, oh + std::size_t(i0) * out.ld,
                out.ld, gt, dout.ld, d, scores.data(), dprob.data());
            sgemm_nn(rows, d, keys, dprob.data(), keys, kt, k.ld, 0.0f, dqh + std::size_t(i0) * dq.ld, dq.ld);
            sgemm_tn(keys, d, rows, dprob.data(), keys, qt, q.ld, 1.0f, dkh + std::size_t(tile.j0) * dk.ld, dk.ld);
            sgemm_tn(keys, d, rows, scores.data(), keys, gt, dout.ld, 1.0f, dvh + std::size_t(tile.j0) * dv.ld, dv.ld);
        }
    }
}

}  // namespace pathloom
