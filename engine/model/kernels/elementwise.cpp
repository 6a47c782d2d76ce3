// SPDX-License-Identifier: GPL-3.0-or-later
// Contiguous loops that gcc vectorises; sums use `omp simd reduction`, whose order is fixed by the instruction set.
#include "engine/model/kernels/elementwise.h"

#include "engine/model/kernels/simd.h"

#include <algorithm>
#include <cmath>

namespace pathloom {
namespace {

[[gnu::always_inline]] inline float sum_of_squares(const float* __restrict x, int n)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; ++i) sum += x[i] * x[i];
    return sum;
}

// Weights [d, kernel] turned so that the loop over channels is contiguous.
std::vector<float> turned(const float* w, int d, int kernel)
{
    std::vector<float> out(std::size_t(d) * std::size_t(kernel));
    for (int i = 0; i < d; ++i) {
        for (int k = 0; k < kernel; ++k) out[std::size_t(k) * d + i] = w[std::size_t(i) * kernel + k];
    }
    return out;
}

PATHLOOM_CLONES void multiply_add(const float* __restrict a, const float* __restrict b, int n, float* __restrict y)
{
    for (int i = 0; i < n; ++i) y[i] += a[i] * b[i];
}

}  // namespace

PATHLOOM_CLONES void rms_norm_forward(
    const float* __restrict x, const float* __restrict gain, int rows, int d, float* __restrict y, float* __restrict rstd)
{
    for (int r = 0; r < rows; ++r) {
        const float* __restrict row = x + std::size_t(r) * d;
        float* __restrict out = y + std::size_t(r) * d;
        const float scale = 1.0f / std::sqrt(sum_of_squares(row, d) / float(d) + NormEpsilon);
        rstd[r] = scale;
        for (int i = 0; i < d; ++i) out[i] = row[i] * scale * gain[i];
    }
}

PATHLOOM_CLONES void rms_norm_backward(const float* __restrict x, const float* __restrict gain, const float* __restrict rstd,
    const float* __restrict dy, int rows, int d, float* __restrict dx, float* __restrict dgain)
{
    for (int r = 0; r < rows; ++r) {
        const float* __restrict row = x + std::size_t(r) * d;
        const float* __restrict grad = dy + std::size_t(r) * d;
        float* __restrict out = dx + std::size_t(r) * d;
        const float scale = rstd[r];
        float dot = 0.0f;
#pragma omp simd reduction(+ : dot)
        for (int i = 0; i < d; ++i) dot += grad[i] * gain[i] * row[i];
        const float pull = dot * scale * scale / float(d);
        for (int i = 0; i < d; ++i) {
            out[i] += scale * (grad[i] * gain[i] - row[i] * pull);
            dgain[i] += grad[i] * row[i] * scale;
        }
    }
}

RopeTable RopeTable::make(int sequence, int head_dim, double base)
{
    RopeTable table;
    table.sequence = sequence;
    table.half = head_dim / 2;
    const auto n = std::size_t(sequence) * std::size_t(table.half);
    table.cosine.resize(n);
    table.sine.resize(n);
    for (int s = 0; s < sequence; ++s) {
        for (int j = 0; j < table.half; ++j) {
            const double angle = double(s) * std::pow(base, -2.0 * j / head_dim);
            table.cosine[std::size_t(s) * table.half + j] = float(std::cos(angle));
            table.sine[std::size_t(s) * table.half + j] = float(std::sin(angle));
        }
    }
    return table;
}

PATHLOOM_CLONES void qk_norm_rope_forward(const float* raw, int ld_raw, const float* gain, const RopeTable& rope, int batch,
    int sequence, int heads, int head_dim, float* out, int ld_out, float* rstd)
{
    const int half = head_dim / 2;
    for (int t = 0; t < batch * sequence; ++t) {
        const float* __restrict cosine = rope.cosine.data() + std::size_t(t % sequence) * half;
        const float* __restrict sine = rope.sine.data() + std::size_t(t % sequence) * half;
        for (int h = 0; h < heads; ++h) {
            const float* __restrict x = raw + std::size_t(t) * ld_raw + std::size_t(h) * head_dim;
            float* __restrict y = out + std::size_t(t) * ld_out + std::size_t(h) * head_dim;
            const float scale = 1.0f / std::sqrt(sum_of_squares(x, head_dim) / float(head_dim) + NormEpsilon);
            rstd[std::size_t(t) * heads + h] = scale;
            for (int j = 0; j < half; ++j) {
                const float a = x[j] * scale * gain[j];
                const float b = x[j + half] * scale * gain[j + half];
                y[j] = a * cosine[j] - b * sine[j];
                y[j + half] = b * cosine[j] + a * sine[j];
            }
        }
    }
}

PATHLOOM_CLONES void qk_norm_rope_backward(const float* raw, int ld_raw, const float* gain, const RopeTable& rope,
    const float* rstd, int batch, int sequence, int heads, int head_dim, float* grad, int ld_grad, float* dgain)
{
    const int half = head_dim / 2;
    for (int t = 0; t < batch * sequence; ++t) {
        const float* __restrict cosine = rope.cosine.data() + std::size_t(t % sequence) * half;
        const float* __restrict sine = rope.sine.data() + std::size_t(t % sequence) * half;
        for (int h = 0; h < heads; ++h) {
            const float* __restrict x = raw + std::size_t(t) * ld_raw + std::size_t(h) * head_dim;
            float* __restrict g = grad + std::size_t(t) * ld_grad + std::size_t(h) * head_dim;
            const float scale = rstd[std::size_t(t) * heads + h];
            float dot = 0.0f;
#pragma omp simd reduction(+ : dot)
            for (int j = 0; j < half; ++j) {
                const float a = g[j] * cosine[j] + g[j + half] * sine[j];  // the rotation's transpose
                const float b = g[j + half] * cosine[j] - g[j] * sine[j];
                g[j] = a;
                g[j + half] = b;
                dot += a * gain[j] * x[j] + b * gain[j + half] * x[j + half];
            }
            const float pull = dot * scale * scale / float(head_dim);
            for (int j = 0; j < head_dim; ++j) {
                const float dy = g[j];
                dgain[j] += dy * x[j] * scale;
                g[j] = scale * (dy * gain[j] - x[j] * pull);
            }
        }
    }
}

void conv_forward(const float* x, const float* w, int batch, int sequence, int d, int kernel, float* y)
{
    const std::vector<float> taps = turned(w, d, kernel);
    std::fill_n(y, std::size_t(batch) * sequence * d, 0.0f);
    for (int b = 0; b < batch; ++b) {
        for (int t = 0; t < sequence; ++t) {
            float* out = y + (std::size_t(b) * sequence + t) * d;
            for (int k = std::max(0, kernel - 1 - t); k < kernel; ++k) {
                multiply_add(
                    taps.data() + std::size_t(k) * d, x + (std::size_t(b) * sequence + t - (kernel - 1) + k) * d, d, out);
            }
        }
    }
}

void conv_backward(
    const float* x, const float* w, const float* dy, int batch, int sequence, int d, int kernel, float* dx, float* dw)
{
    const std::vector<float> taps = turned(w, d, kernel);
    std::vector<float> dtaps(taps.size(), 0.0f);
    std::fill_n(dx, std::size_t(batch) * sequence * d, 0.0f);
    for (int b = 0; b < batch; ++b) {
        for (int t = 0; t < sequence; ++t) {
            const float* grad = dy + (std::size_t(b) * sequence + t) * d;
            for (int k = std::max(0, kernel - 1 - t); k < kernel; ++k) {
                const std::size_t source = (std::size_t(b) * sequence + t - (kernel - 1) + k) * d;
                multiply_add(taps.data() + std::size_t(k) * d, grad, d, dx + source);
                multiply_add(x + source, grad, d, dtaps.data() + std::size_t(k) * d);
            }
        }
    }
    for (int i = 0; i < d; ++i) {
        for (int k = 0; k < kernel; ++k) dw[std::size_t(i) * kernel + k] += dtaps[std::size_t(k) * d + i];
    }
}

PATHLOOM_CLONES void swiglu_forward(const float* __restrict gate_up, int rows, int hidden, float* __restrict act)
{
    for (int r = 0; r < rows; ++r) {
        const float* __restrict gate = gate_up + std::size_t(r) * 2 * hidden;
        const float* __restrict up = gate + hidden;
        float* __restrict out = act + std::size_t(r) * hidden;
        for (int i = 0; i < hidden; ++i) out[i] = gate[i] * fast_sigmoid(gate[i]) * up[i];
    }
}

PATHLOOM_CLONES void swiglu_backward(float* __restrict gate_up, int rows, int hidden, float* __restrict grad_act)
{
    for (int r = 0; r < rows; ++r) {
        float* __restrict gate = gate_up + std::size_t(r) * 2 * hidden;
        float* __restrict up = gate + hidden;
        float* __restrict grad = grad_act + std::size_t(r) * hidden;
#pragma omp simd
        for (int i = 0; i < hidden; ++i) {
            const float g = gate[i], u = up[i], dy = grad[i];
            const float s = fast_sigmoid(g);
            grad[i] = g * s * u;
            gate[i] = dy * u * s * (1.0f + g * (1.0f - s));
            up[i] = dy * g * s;
        }
    }
}

namespace {
constexpr float GeluScale = 0.7978845608028654f;  // sqrt(2 / pi)
constexpr float GeluCube = 0.044715f;
}  // namespace

PATHLOOM_CLONES void gelu_forward(const float* __restrict up, std::size_t n, float* __restrict act)
{
    for (std::size_t i = 0; i < n; ++i) {
        const float x = up[i];
        act[i] = 0.5f * x * (1.0f + fast_tanh(GeluScale * (x + GeluCube * x * x * x)));
    }
}

PATHLOOM_CLONES void gelu_backward(float* __restrict up, std::size_t n, float* __restrict grad_act)
{
    for (std::size_t i = 0; i < n; ++i) {
        const float x = up[i];
        const float t = fast_tanh(GeluScale * (x + GeluCube * x * x * x));
        const float slope = 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * GeluScale * (1.0f + 3.0f * GeluCube * x * x);
        up[i] = grad_act[i] * slope;
        grad_act[i] = 0.5f * x * (1.0f + t);
    }
}

}  // namespace pathloom
