// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/memory_reader.h"

#include "engine/model/kernels/activations.h"
#include "engine/model/kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

float dot(const float* a, const float* b, std::size_t n)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

void add_scaled(const float* x, float factor, std::size_t n, float* y)
{
    for (std::size_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

/// out = raw / |raw| row by row; inverse = 1 / |raw|.
void unit_rows(const std::vector<float>& raw, int rows, int width, std::vector<float>& out, std::vector<float>& inverse)
{
    const auto w = std::size_t(width);
    out.resize(std::size_t(rows) * w);
    inverse.resize(std::size_t(rows));
    for (std::size_t r = 0; r < std::size_t(rows); ++r) {
        const float* x = raw.data() + r * w;
        inverse[r] = 1.0f / std::sqrt(dot(x, x, w) + 1e-12f);
        for (std::size_t i = 0; i < w; ++i) out[r * w + i] = x[i] * inverse[r];
    }
}

void norm_rows(const float* x, const float* gain, int rows, int d, float* y, float* rstd)
{
    rms_norm_forward(x, static_cast<const float*>(nullptr), gain, rows, d, nullptr, y, rstd);
}

void norm_rows_backward(
    const float* x, const float* gain, const float* rstd, const float* dy, int rows, int d, float* dx, float* dgain)
{
    rms_norm_backward(x, gain, rstd, dy, rows, d, dx, static_cast<float*>(nullptr), dgain);
}

/// nll of each row; logits become softmax - onehot.
void cross_entropy_rows(
    std::vector<float>& logits, std::span<const std::int32_t> targets, int vocabulary, std::vector<float>& nll)
{
    const LogitTile tile{int(targets.size()), vocabulary, 0};
    std::vector<RowLoss> losses(targets.size());
    std::vector<float> tops(targets.size()), probs(targets.size() * std::size_t(vocabulary));
    cross_entropy_tile(tile, logits.data(), targets.data(), losses.data(), probs.data(), tops.data());
    cross_entropy_gradient(tile, targets.data(), losses.data(), tops.data(), 1.0f, probs.data());
    for (std::size_t r = 0; r < targets.size(); ++r) nll[r] = losses[r].nll();
    logits.swap(probs);
}

/// y += rms norm of x.
void add_normed(const std::vector<float>& x, const float* gain, int rows, int d, std::vector<float>& y, std::vector<float>& rstd)
{
    std::vector<float> normed(std::size_t(rows) * std::size_t(d));
    rstd.resize(std::size_t(rows));
    norm_rows(x.data(), gain, rows, d, normed.data(), rstd.data());
    for (std::size_t i = 0; i < normed.size(); ++i) y[i] += normed[i];
}

/// grad of unit rows -> grad of raw rows, in place.
void unit_rows_backward(const std::vector<float>& unit, const std::vector<float>& inverse, int width, std::vector<float>& grad)
{
    const auto w = std::size_t(width);
    for (std::size_t r = 0; r < inverse.size(); ++r) {
        const float* u = unit.data() + r * w;
        float* g = grad.data() + r * w;
        const float along = dot(u, g, w);
        for (std::size_t i = 0; i < w; ++i) g[i] = (g[i] - along * u[i]) * inverse[r];
    }
}

}  // namespace

MemoryReader::MemoryReader(const ReaderSpec& spec)
    : m_spec(spec)
    , m_at()
{
    const ReaderLayout layout(spec);
    m_at = {layout.at("embedding"), layout.at("memory.norm"), layout.at("memory.bag_norm"), layout.at("reader.bag_norm"),
        layout.at("memory.k"), layout.at("reader.norm1"), layout.at("reader.q"), layout.at("reader.log_scale"),
        layout.at("reader.null"), layout.at("reader.null_bias"), layout.at("reader.null_value"), layout.at("reader.o"),
        layout.at("reader.norm2"), layout.at("reader.ffn.gate_up"), layout.at("reader.ffn.down"), layout.at("reader.gate"),
        layout.at("reader.gate_bias"), layout.at("norm"), spec.selections > 0 ? layout.at("reader.selection") : 0,
        spec.selections > 0 ? layout.at("reader.selection_bias") : 0};
}

float MemoryReader::scale(const ReaderParameters& p) const
{
    return std::exp(*p.at(m_at.log_scale));
}

void MemoryReader::write(const ReaderParameters& p, ReaderProducts& gemm, KeyTape& tape) const
{
    const int d = m_spec.d_model, w = m_spec.key_dim, n = tape.rows;
    tape.normed.resize(std::size_t(n) * std::size_t(d));
    tape.rstd.resize(std::size_t(n));
    tape.raw.resize(std::size_t(n) * std::size_t(w));
    norm_rows(tape.x.data(), p.at(m_at.memory_norm), n, d, tape.normed.data(), tape.rstd.data());
    add_normed(tape.bag, p.at(m_at.memory_bag), n, d, tape.normed, tape.bag_rstd);
    gemm.nt(n, w, d, tape.normed.data(), p.at(m_at.memory_k), tape.raw.data());
    unit_rows(tape.raw, n, w, tape.keys, tape.inverse);
}

void MemoryReader::write_backward(
    const ReaderParameters& p, ReaderProducts& gemm, KeyTape& tape, std::vector<float>& dkeys, float* grads) const
{
    const int d = m_spec.d_model, w = m_spec.key_dim, n = tape.rows;
    unit_rows_backward(tape.keys, tape.inverse, w, dkeys);
    std::vector<float> dnormed(std::size_t(n) * std::size_t(d));
    gemm.tn(w, d, n, dkeys.data(), tape.normed.data(), grads + m_at.memory_k, true);
    gemm.nn(n, d, w, dkeys.data(), p.at(m_at.memory_k), dnormed.data());
    std::vector<float> dx(dnormed.size(), 0.0f);
    norm_rows_backward(
        tape.x.data(), p.at(m_at.memory_norm), tape.rstd.data(), dnormed.data(), n, d, dx.data(), grads + m_at.memory_norm);
    tape.x.swap(dx);
    dx.assign(dnormed.size(), 0.0f);
    norm_rows_backward(
        tape.bag.data(), p.at(m_at.memory_bag), tape.bag_rstd.data(), dnormed.data(), n, d, dx.data(), grads + m_at.memory_bag);
    tape.bag.swap(dx);
}

void MemoryReader::query(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape) const
{
    const int d = m_spec.d_model, w = m_spec.key_dim, n = tape.rows;
    tape.xn1.resize(std::size_t(n) * std::size_t(d));
    tape.rstd1.resize(std::size_t(n));
    tape.raw.resize(std::size_t(n) * std::size_t(w));
    tape.null_logit.resize(std::size_t(n));
    norm_rows(tape.x.data(), p.at(m_at.norm1), n, d, tape.xn1.data(), tape.rstd1.data());
    tape.mixed = tape.xn1;
    add_normed(tape.bag, p.at(m_at.reader_bag), n, d, tape.mixed, tape.bag_rstd);
    gemm.nt(n, w, d, tape.mixed.data(), p.at(m_at.q), tape.raw.data());
    unit_rows(tape.raw, n, w, tape.queries, tape.inverse);
    for (std::size_t r = 0; r < std::size_t(n); ++r)
        tape.null_logit[r] = dot(tape.xn1.data() + r * std::size_t(d), p.at(m_at.null), std::size_t(d)) + *p.at(m_at.null_bias);
    const auto classes = std::size_t(m_spec.selections), wide = std::size_t(d);
    tape.selection.resize(std::size_t(n) * classes);
    for (std::size_t r = 0; r < std::size_t(n); ++r) {
        for (std::size_t c = 0; c < classes; ++c)
            tape.selection[r * classes + c]
                = dot(tape.mixed.data() + r * wide, p.at(m_at.selection + c * wide), wide) + *p.at(m_at.selection_bias + c);
    }
}

void MemoryReader::masses(const ReaderParameters& p, ReadTape& tape) const
{
    const auto k = std::size_t(m_spec.top_k), n = std::size_t(tape.rows);
    const float factor = scale(p);
    tape.p.assign(n * (k + 1), 0.0f);
    tape.copy.assign(n * k, 0.0f);
    for (std::size_t r = 0; r < n; ++r) {
        const auto found = std::size_t(tape.found[r]);
        float top = tape.null_logit[r];
        for (std::size_t j = 0; j < found; ++j) top = std::max(top, factor * tape.cosine[r * k + j]);
        float* mass = tape.p.data() + r * (k + 1);
        float sum = mass[k] = std::exp(tape.null_logit[r] - top);
        float copied = 0.0f;
        for (std::size_t j = 0; j < found; ++j) copied += mass[j] = std::exp(factor * tape.cosine[r * k + j] - top);
        sum += copied;
        // The copy distribution on its own scale: its sum may vanish beside a large null logit.
        float best = -1e30f, total = 0.0f;
        for (std::size_t j = 0; j < found; ++j) best = std::max(best, factor * tape.cosine[r * k + j]);
        for (std::size_t j = 0; j < found; ++j) {
            tape.copy[r * k + j] = std::exp(factor * tape.cosine[r * k + j] - best);
            total += tape.copy[r * k + j];
        }
        for (std::size_t j = 0; j < found; ++j) tape.copy[r * k + j] /= total;
        for (std::size_t j = 0; j <= k; ++j) mass[j] /= sum;
    }
}

void MemoryReader::mix(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape) const
{
    const int d = m_spec.d_model, f = m_spec.hidden, v = m_spec.vocabulary, n = tape.rows;
    const auto wide = std::size_t(d), k = std::size_t(m_spec.top_k), rows = std::size_t(n);
    masses(p, tape);
    tape.read.assign(rows * wide, 0.0f);
    for (std::size_t r = 0; r < rows; ++r) {
        float* out = tape.read.data() + r * wide;
        const float* mass = tape.p.data() + r * (k + 1);
        for (std::size_t j = 0; j < std::size_t(tape.found[r]); ++j)
            add_scaled(p.at(m_at.embedding) + std::size_t(tape.tokens[r * k + j]) * wide, mass[j], wide, out);
        add_scaled(p.at(m_at.null_value), mass[k], wide, out);
    }
    tape.x2.assign(tape.x.begin(), tape.x.begin() + std::ptrdiff_t(rows * wide));
    gemm.nt(n, d, d, tape.read.data(), p.at(m_at.o), tape.x2.data(), true);

    tape.xn2.resize(rows * wide), tape.rstd2.resize(rows), tape.up.resize(rows * 2 * std::size_t(f));
    tape.act.resize(rows * std::size_t(f)), tape.y.resize(rows * wide), tape.rstd3.resize(rows), tape.gate.resize(rows);
    norm_rows(tape.x2.data(), p.at(m_at.norm2), n, d, tape.xn2.data(), tape.rstd2.data());
    gemm.nt(n, 2 * f, d, tape.xn2.data(), p.at(m_at.up), tape.up.data());
    swiglu_forward(tape.up.data(), n, f, tape.act.data());
    tape.x3 = tape.x2;
    gemm.nt(n, d, f, tape.act.data(), p.at(m_at.down), tape.x3.data(), true);

    norm_rows(tape.x3.data(), p.at(m_at.norm), n, d, tape.y.data(), tape.rstd3.data());
    for (std::size_t r = 0; r < rows; ++r) {
        const float logit = dot(tape.y.data() + r * wide, p.at(m_at.gate), wide) + *p.at(m_at.gate_bias);
        tape.gate[r] = tape.found[r] > 0 ? 1.0f / (1.0f + std::exp(-logit)) : 0.0f;
    }
    tape.logits.resize(rows * std::size_t(v));
    gemm.nt(n, v, d, tape.y.data(), p.at(m_at.embedding), tape.logits.data());
}

void MemoryReader::mix_backward(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape,
    std::span<const std::int32_t> targets, std::vector<float>& nll, std::vector<float>& dcosine, std::vector<float>& dx,
    float* grads)
{
    const int d = m_spec.d_model, f = m_spec.hidden, v = m_spec.vocabulary, n = tape.rows;
    const auto wide = std::size_t(d), k = std::size_t(m_spec.top_k), rows = std::size_t(n);
    const float each = 1.0f / float(n);
    nll.resize(rows);
    cross_entropy_rows(tape.logits, targets, v, nll);

    std::vector<float> dcopy(rows * k, 0.0f), dgate(rows);
    for (std::size_t r = 0; r < rows; ++r) {
        const float spoken = std::exp(-nll[r]);
        float copied = 0.0f;
        for (std::size_t j = 0; j < std::size_t(tape.found[r]); ++j) {
            if (tape.tokens[r * k + j] == targets[r]) copied += tape.copy[r * k + j];
        }
        const float g = tape.gate[r], likelihood = std::max(g * copied + (1.0f - g) * spoken, 1e-30f);
        nll[r] = -std::log(likelihood);
        const float through_head = each * (1.0f - g) * spoken / likelihood;
        float* row = tape.logits.data() + r * std::size_t(v);
        for (int i = 0; i < v; ++i) row[i] *= through_head;
        dgate[r] = -each * (copied - spoken) / likelihood * g * (1.0f - g);
        for (std::size_t j = 0; j < std::size_t(tape.found[r]); ++j) {
            if (tape.tokens[r * k + j] == targets[r]) dcopy[r * k + j] = -each * g / likelihood;
        }
    }
    std::vector<float> dy(rows * wide);
    gemm.nn(n, d, v, tape.logits.data(), p.at(m_at.embedding), dy.data());
    gemm.tn(v, d, n, tape.logits.data(), tape.y.data(), grads + m_at.embedding, true);
    for (std::size_t r = 0; r < rows; ++r) {
        add_scaled(p.at(m_at.gate), dgate[r], wide, dy.data() + r * wide);
        add_scaled(tape.y.data() + r * wide, dgate[r], wide, grads + m_at.gate);
        grads[m_at.gate_bias] += dgate[r];
    }
    dx.assign(rows * wide, 0.0f);
    norm_rows_backward(tape.x3.data(), p.at(m_at.norm), tape.rstd3.data(), dy.data(), n, d, dx.data(), grads + m_at.norm);

    gemm.nn(n, f, d, dx.data(), p.at(m_at.down), tape.act.data());
    swiglu_backward(tape.up.data(), n, f, tape.act.data());
    gemm.tn(d, f, n, dx.data(), tape.act.data(), grads + m_at.down, true);
    gemm.tn(2 * f, d, n, tape.up.data(), tape.xn2.data(), grads + m_at.up, true);
    gemm.nn(n, d, 2 * f, tape.up.data(), p.at(m_at.up), dy.data());
    norm_rows_backward(tape.x2.data(), p.at(m_at.norm2), tape.rstd2.data(), dy.data(), n, d, dx.data(), grads + m_at.norm2);

    gemm.tn(d, d, n, dx.data(), tape.read.data(), grads + m_at.o, true);
    gemm.nn(n, d, d, dx.data(), p.at(m_at.o), dy.data());  // dy: gradient of what was read
    const float factor = scale(p);
    dcosine.assign(rows * k, 0.0f);
    m_dnull.assign(rows, 0.0f);
    for (std::size_t r = 0; r < rows; ++r) {
        const auto found = std::size_t(tape.found[r]);
        const float* mass = tape.p.data() + r * (k + 1);
        const float* dread = dy.data() + r * wide;
        std::vector<float> dmass(k + 1, 0.0f);
        float read_mean = 0.0f, copy_mean = 0.0f;
        for (std::size_t j = 0; j < found; ++j) {
            const std::size_t row = m_at.embedding + std::size_t(tape.tokens[r * k + j]) * wide;
            dmass[j] = dot(dread, p.at(row), wide);
            add_scaled(dread, mass[j], wide, grads + row);
            read_mean += mass[j] * dmass[j];
            copy_mean += tape.copy[r * k + j] * dcopy[r * k + j];
        }
        dmass[k] = dot(dread, p.at(m_at.null_value), wide);
        add_scaled(dread, mass[k], wide, grads + m_at.null_value);
        read_mean += mass[k] * dmass[k];
        for (std::size_t j = 0; j < found; ++j) {
            const float dlogit = mass[j] * (dmass[j] - read_mean) + tape.copy[r * k + j] * (dcopy[r * k + j] - copy_mean);
            dcosine[r * k + j] = dlogit * factor;
            grads[m_at.log_scale] += dlogit * factor * tape.cosine[r * k + j];
        }
        m_dnull[r] = mass[k] * (dmass[k] - read_mean);
    }
}

void MemoryReader::query_backward(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape, std::vector<float>& dqueries,
    const std::vector<float>& dselection, std::vector<float>& dx, float* grads)
{
    const int d = m_spec.d_model, w = m_spec.key_dim, n = tape.rows;
    const auto wide = std::size_t(d);
    unit_rows_backward(tape.queries, tape.inverse, w, dqueries);
    std::vector<float> dnormed(std::size_t(n) * wide);
    gemm.tn(w, d, n, dqueries.data(), tape.mixed.data(), grads + m_at.q, true);
    gemm.nn(n, d, w, dqueries.data(), p.at(m_at.q), dnormed.data());
    const auto classes = std::size_t(m_spec.selections);
    for (std::size_t r = 0; r < std::size_t(n); ++r) {
        for (std::size_t c = 0; c < classes; ++c) {
            const float g = dselection[r * classes + c];
            if (g == 0.0f) continue;  // only the first token of an answer asks
            add_scaled(p.at(m_at.selection + c * wide), g, wide, dnormed.data() + r * wide);
            add_scaled(tape.mixed.data() + r * wide, g, wide, grads + m_at.selection + c * wide);
            grads[m_at.selection_bias + c] += g;
        }
    }
    std::vector<float> dbag(dnormed.size(), 0.0f);
    norm_rows_backward(
        tape.bag.data(), p.at(m_at.reader_bag), tape.bag_rstd.data(), dnormed.data(), n, d, dbag.data(), grads + m_at.reader_bag);
    tape.bag.swap(dbag);
    for (std::size_t r = 0; r < std::size_t(n); ++r) {
        add_scaled(p.at(m_at.null), m_dnull[r], wide, dnormed.data() + r * wide);
        add_scaled(tape.xn1.data() + r * wide, m_dnull[r], wide, grads + m_at.null);
        grads[m_at.null_bias] += m_dnull[r];
    }
    norm_rows_backward(tape.x.data(), p.at(m_at.norm1), tape.rstd1.data(), dnormed.data(), n, d, dx.data(), grads + m_at.norm1);
}

}  // namespace pathloom
