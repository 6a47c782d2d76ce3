// SPDX-License-Identifier: GPL-3.0-or-later
// Forward and backward of a whole path. Blocks: x2 = x + attention(norm(x)); y = x2 + ffn(norm(x2)).
#include "engine/model/path_model.h"

#include "engine/model/kernels/attention.h"
#include "engine/model/kernels/elementwise.h"
#include "engine/model/kernels/optimizer.h"

#include <algorithm>
#include <stdexcept>

namespace pathloom {
namespace {

using Buffer = std::vector<float>;

constexpr int HeadTileRows = 256;  // logits never exist for more tokens than this

void grow(Buffer& buffer, std::size_t n)
{
    if (buffer.size() < n) buffer.resize(n);
}

/// Offsets of one block's tensors in the flat buffer.
struct BlockOffsets {
    std::size_t norm1, conv, qkv, o, q_norm, k_norm, norm2, up, down;
    bool window = false;
};

/// What the backward pass needs of one block's forward pass.
struct BlockCache {
    Buffer x, rstd1, xn1, xc, qkv, qk, rstd_q, rstd_k, lse, o, x2, rstd2, xn2, up;
};

}  // namespace

Result<Precision> parse_precision(const std::string& name)
{
    if (name == "fp32" || name.empty()) return Precision::Fp32;
    if (name == "bf16") return Precision::Bf16;
    return fail(ErrorCode::Usage, "training.precision must be fp32 or bf16, got '{}'", name);
}

struct PathModel::Impl {
    ModelSpec spec;
    ParameterLayout layout;
    Gemm gemm;
    Buffer values, grads;
    std::vector<std::uint16_t> half;  // bf16 copy of `values`, refreshed by each pass
    std::vector<BlockOffsets> blocks;
    std::size_t embedding = 0, final_norm = 0;
    int d, attention_width, ffn_width, up_width;  // up_width: 2 F for swiglu (gate first), F for gelu
    bool swiglu;

    std::vector<BlockCache> caches;
    RopeTable rope;
    Buffer out, normed, rstd, logits, dx, scratch, dqkv, dwide, nll;

    Impl(ModelSpec model, ParameterLayout parameters, Precision precision)
        : spec(std::move(model))
        , layout(std::move(parameters))
        , gemm(precision)
        , values(layout.size(), 0.0f)
        , d(spec.d_model)
        , attention_width(spec.heads * spec.head_dim)
        , ffn_width(spec.hidden())
        , swiglu(spec.ffn == "swiglu")
    {
        up_width = swiglu ? 2 * ffn_width : ffn_width;
        embedding = layout.at("embedding").offset;
        final_norm = layout.at("norm").offset;
        for (std::size_t b = 0; b < spec.blocks.size(); ++b) blocks.push_back(offsets_of(b));
    }

    [[nodiscard]] BlockOffsets offsets_of(std::size_t b) const
    {
        const std::string name = fmt::format("block{}.", b);
        const auto offset = [&](const char* tensor) { return layout.at(name + tensor).offset; };
        // Neighbours in the buffer are multiplied as one matrix.
        const auto adjacent = [&](const char* first, const char* second) {
            const ParameterView& view = layout.at(name + first);
            if (view.offset + view.size != offset(second)) throw std::logic_error(name + second + " must follow " + first);
        };
        adjacent("attn.q", "attn.k");
        adjacent("attn.k", "attn.v");
        if (swiglu) adjacent("ffn.gate", "ffn.up");
        const bool window = spec.blocks[b] == "window";
        return {offset("norm1"), window ? offset("conv") : 0, offset("attn.q"), offset("attn.o"), offset("attn.q_norm"),
            offset("attn.k_norm"), offset("norm2"), offset(swiglu ? "ffn.gate" : "ffn.up"), offset("ffn.down"), window};
    }

    [[nodiscard]] const float* value(std::size_t offset) const { return values.data() + offset; }
    [[nodiscard]] float* grad(std::size_t offset) { return grads.data() + offset; }
    [[nodiscard]] Matrix weight(std::size_t offset, int ld) const
    {
        return {values.data() + offset, ld, half.empty() ? nullptr : half.data() + offset};
    }

    void begin(const TokenBatch& batch, std::size_t cached_blocks)
    {
        const auto tokens = std::size_t(batch.rows) * std::size_t(batch.sequence);
        if (batch.inputs.size() != tokens || batch.targets.size() != tokens)
            throw std::logic_error("a token batch of the wrong size");
        if (rope.sequence < batch.sequence) rope = RopeTable::make(batch.sequence, spec.head_dim, spec.rope_base);
        if (caches.size() < cached_blocks) caches.resize(cached_blocks);
        if (gemm.precision() == Precision::Bf16) {
            half.resize(values.size());
            round_to_bf16(values.data(), half.data(), values.size());
        }
    }

    void embed(const TokenBatch& batch, Buffer& x)
    {
        grow(x, batch.inputs.size() * std::size_t(d));
        for (std::size_t t = 0; t < batch.inputs.size(); ++t) {
            std::copy_n(value(embedding) + std::size_t(batch.inputs[t]) * std::size_t(d), d, x.data() + t * std::size_t(d));
        }
    }

    [[nodiscard]] AttentionShape shape_of(const BlockOffsets& block, const TokenBatch& batch) const
    {
        return {batch.rows, batch.sequence, spec.heads, spec.head_dim, block.window ? spec.window : 0};
    }

    // c.x in, y out.
    void block_forward(const BlockOffsets& block, BlockCache& c, const TokenBatch& batch, Buffer& y)
    {
        const int tokens = batch.rows * batch.sequence, a = attention_width;
        const auto n = std::size_t(tokens);
        grow(c.rstd1, n), grow(c.rstd2, n), grow(c.xn1, n * d), grow(c.xn2, n * d), grow(c.x2, n * d), grow(y, n * d);
        grow(c.qkv, n * 3 * a), grow(c.qk, n * 2 * a), grow(c.o, n * a), grow(c.up, n * up_width), grow(scratch, n * ffn_width);
        grow(c.rstd_q, n * spec.heads), grow(c.rstd_k, n * spec.heads), grow(c.lse, n * spec.heads);

        rms_norm_forward(c.x.data(), value(block.norm1), tokens, d, c.xn1.data(), c.rstd1.data());
        const float* input = c.xn1.data();
        if (block.window) {
            grow(c.xc, n * d);
            conv_forward(c.xn1.data(), value(block.conv), batch.rows, batch.sequence, d, spec.conv, c.xc.data());
            input = c.xc.data();
        }
        gemm.nt(tokens, 3 * a, d, {input, d}, weight(block.qkv, d), 0.0f, c.qkv.data(), 3 * a);
        qk_norm_rope_forward(c.qkv.data(), 3 * a, value(block.q_norm), rope, batch.rows, batch.sequence, spec.heads,
            spec.head_dim, c.qk.data(), 2 * a, c.rstd_q.data());
        qk_norm_rope_forward(c.qkv.data() + a, 3 * a, value(block.k_norm), rope, batch.rows, batch.sequence, spec.heads,
            spec.head_dim, c.qk.data() + a, 2 * a, c.rstd_k.data());
        attention_forward(shape_of(block, batch), {c.qk.data(), 2 * a}, {c.qk.data() + a, 2 * a}, {c.qkv.data() + 2 * a, 3 * a},
            {c.o.data(), a}, c.lse.data());
        std::copy_n(c.x.data(), n * d, c.x2.data());
        gemm.nt(tokens, d, a, {c.o.data(), a}, weight(block.o, a), 1.0f, c.x2.data(), d);

        rms_norm_forward(c.x2.data(), value(block.norm2), tokens, d, c.xn2.data(), c.rstd2.data());
        gemm.nt(tokens, up_width, d, {c.xn2.data(), d}, weight(block.up, d), 0.0f, c.up.data(), up_width);
        if (swiglu)
            swiglu_forward(c.up.data(), tokens, ffn_width, scratch.data());
        else
            gelu_forward(c.up.data(), n * ffn_width, scratch.data());
        std::copy_n(c.x2.data(), n * d, y.data());
        gemm.nt(tokens, d, ffn_width, {scratch.data(), ffn_width}, weight(block.down, ffn_width), 1.0f, y.data(), d);
    }

    // dx: d loss / d y in, d loss / d x out. Leaves the cache's `up` changed.
    void block_backward(const BlockOffsets& block, BlockCache& c, const TokenBatch& batch)
    {
        const int tokens = batch.rows * batch.sequence, a = attention_width, f = ffn_width;
        const auto n = std::size_t(tokens);
        grow(dqkv, n * 3 * a), grow(dwide, n * std::size_t(std::max(a, d))), grow(scratch, n * f);

        gemm.nn(tokens, f, d, {dx.data(), d}, weight(block.down, f), 0.0f, scratch.data(), f);
        if (swiglu)
            swiglu_backward(c.up.data(), tokens, f, scratch.data());
        else
            gelu_backward(c.up.data(), n * f, scratch.data());
        gemm.tn(d, f, tokens, {dx.data(), d}, {scratch.data(), f}, 0.0f, grad(block.down), f);
        gemm.tn(up_width, d, tokens, {c.up.data(), up_width}, {c.xn2.data(), d}, 0.0f, grad(block.up), d);
        gemm.nn(tokens, d, up_width, {c.up.data(), up_width}, weight(block.up, d), 0.0f, dwide.data(), d);
        rms_norm_backward(c.x2.data(), value(block.norm2), c.rstd2.data(), dwide.data(), tokens, d, dx.data(), grad(block.norm2));

        gemm.tn(d, a, tokens, {dx.data(), d}, {c.o.data(), a}, 0.0f, grad(block.o), a);
        gemm.nn(tokens, a, d, {dx.data(), d}, weight(block.o, a), 0.0f, dwide.data(), a);
        attention_backward(shape_of(block, batch), {c.qk.data(), 2 * a}, {c.qk.data() + a, 2 * a}, {c.qkv.data() + 2 * a, 3 * a},
            {c.o.data(), a}, c.lse.data(), {dwide.data(), a}, {dqkv.data(), 3 * a}, {dqkv.data() + a, 3 * a},
            {dqkv.data() + 2 * a, 3 * a});
        qk_norm_rope_backward(c.qkv.data(), 3 * a, value(block.q_norm), rope, c.rstd_q.data(), batch.rows, batch.sequence,
            spec.heads, spec.head_dim, dqkv.data(), 3 * a, grad(block.q_norm));
        qk_norm_rope_backward(c.qkv.data() + a, 3 * a, value(block.k_norm), rope, c.rstd_k.data(), batch.rows, batch.sequence,
            spec.heads, spec.head_dim, dqkv.data() + a, 3 * a, grad(block.k_norm));
        const float* input = block.window ? c.xc.data() : c.xn1.data();
        gemm.tn(3 * a, d, tokens, {dqkv.data(), 3 * a}, {input, d}, 0.0f, grad(block.qkv), d);
        gemm.nn(tokens, d, 3 * a, {dqkv.data(), 3 * a}, weight(block.qkv, d), 0.0f, dwide.data(), d);
        const float* dnormed = dwide.data();
        if (block.window) {
            conv_backward(c.xn1.data(), value(block.conv), dwide.data(), batch.rows, batch.sequence, d, spec.conv, c.xc.data(),
                grad(block.conv));
            dnormed = c.xc.data();
        }
        rms_norm_backward(c.x.data(), value(block.norm1), c.rstd1.data(), dnormed, tokens, d, dx.data(), grad(block.norm1));
    }

    // Blocks without a tape: one cache serves all. The result is in `out`.
    void infer(const TokenBatch& batch)
    {
        begin(batch, 1);
        embed(batch, out);
        for (const BlockOffsets& block : blocks) {
            std::swap(caches[0].x, out);
            block_forward(block, caches[0], batch, out);
        }
    }

    // Runs `tile(first, rows)` over tiles of tokens that have a target, logits filled.
    template <class F>
    void for_logit_tiles(const TokenBatch& batch, F&& tile)
    {
        const int tokens = batch.rows * batch.sequence, v = spec.vocabulary;
        grow(normed, std::size_t(tokens) * d), grow(rstd, std::size_t(tokens));
        grow(logits, std::size_t(std::min(tokens, HeadTileRows)) * std::size_t(v));
        rms_norm_forward(out.data(), value(final_norm), tokens, d, normed.data(), rstd.data());
        for (int first = 0; first < tokens; first += HeadTileRows) {
            const int rows = std::min(HeadTileRows, tokens - first);
            const std::span targets = std::span(batch.targets).subspan(std::size_t(first), std::size_t(rows));
            if (std::ranges::all_of(targets, [](std::int32_t t) { return t < 0; })) continue;
            gemm.nt(rows, v, d, {normed.data() + std::size_t(first) * d, d}, weight(embedding, d), 0.0f, logits.data(), v);
            tile(first, rows, targets);
        }
    }

    double loss_and_gradients(const TokenBatch& batch)
    {
        const int tokens = batch.rows * batch.sequence, v = spec.vocabulary;
        const auto counted = std::ranges::count_if(batch.targets, [](std::int32_t t) { return t >= 0; });
        begin(batch, blocks.size());
        grads.assign(values.size(), 0.0f);
        embed(batch, blocks.empty() ? out : caches[0].x);
        for (std::size_t b = 0; b < blocks.size(); ++b) {
            block_forward(blocks[b], caches[b], batch, b + 1 < blocks.size() ? caches[b + 1].x : out);
        }
        if (counted == 0) return 0.0;

        grow(nll, std::size_t(tokens)), grow(dwide, std::size_t(tokens) * std::size_t(std::max(attention_width, d)));
        std::fill_n(nll.data(), tokens, 0.0f);
        std::fill_n(dwide.data(), std::size_t(tokens) * d, 0.0f);
        const float scale = float(1.0 / double(counted));
        for_logit_tiles(batch, [&](int first, int rows, std::span<const std::int32_t> targets) {
            cross_entropy_backward(logits.data(), targets, v, scale, nll.data() + first);
            const auto at = std::size_t(first) * d;
            Matrix dlogits{logits.data(), v};
            if (gemm.precision() == Precision::Bf16) {  // used twice: rounded once
                half_logits.resize(std::size_t(rows) * std::size_t(v));
                round_to_bf16(logits.data(), half_logits.data(), half_logits.size());
                dlogits.half = half_logits.data();
            }
            gemm.nn(rows, d, v, dlogits, weight(embedding, d), 0.0f, dwide.data() + at, d);
            gemm.tn(v, d, rows, dlogits, {normed.data() + at, d}, 1.0f, grad(embedding), d);
        });
        dx.assign(std::size_t(tokens) * d, 0.0f);
        rms_norm_backward(out.data(), value(final_norm), rstd.data(), dwide.data(), tokens, d, dx.data(), grad(final_norm));
        for (std::size_t b = blocks.size(); b-- > 0;) block_backward(blocks[b], caches[b], batch);
        for (std::size_t t = 0; t < std::size_t(tokens); ++t) {
            float* row = grad(embedding) + std::size_t(batch.inputs[t]) * std::size_t(d);
            for (int i = 0; i < d; ++i) row[i] += dx[t * std::size_t(d) + std::size_t(i)];
        }
        double sum = 0.0;
        for (int t = 0; t < tokens; ++t) sum += double(nll[std::size_t(t)]);
        return sum / double(counted);
    }

    std::vector<std::uint16_t> half_logits;
};

Result<PathModel> PathModel::create(const ModelSpec& model, std::vector<Column> columns, Precision precision)
{
    if (model.ffn != "swiglu" && model.ffn != "gelu")
        return fail(ErrorCode::Usage, "model.ffn must be swiglu or gelu, got '{}'", model.ffn);
    if (model.head_dim < 2 || model.head_dim % 2 != 0 || model.heads < 1) {
        return fail(ErrorCode::Usage, "model.head_dim must be even and model.heads at least 1, got {} and {}", model.head_dim,
            model.heads);
    }
    for (const std::string& kind : model.blocks) {
        if (kind != "full" && kind != "window")
            return fail(ErrorCode::Usage, "model.blocks knows full and window, got '{}'", kind);
        if (kind == "window" && (model.window < 1 || model.conv < 1)) {
            return fail(
                ErrorCode::Usage, "model.window and model.conv must be at least 1, got {} and {}", model.window, model.conv);
        }
    }
    PATHLOOM_TRY(ParameterLayout layout, ParameterLayout::build(model, std::move(columns)));
    return PathModel(std::make_unique<Impl>(model, std::move(layout), precision));
}

PathModel::PathModel(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
PathModel::PathModel(PathModel&&) noexcept = default;
PathModel& PathModel::operator=(PathModel&&) noexcept = default;
PathModel::~PathModel() = default;

const ModelSpec& PathModel::spec() const
{
    return m_impl->spec;
}
const ParameterLayout& PathModel::layout() const
{
    return m_impl->layout;
}
std::span<float> PathModel::parameters()
{
    return m_impl->values;
}
std::span<const float> PathModel::gradients() const
{
    return m_impl->grads;
}

double PathModel::loss_and_gradients(const TokenBatch& batch)
{
    return m_impl->loss_and_gradients(batch);
}

void PathModel::score(const TokenBatch& batch, std::span<float> nll)
{
    m_impl->infer(batch);
    std::ranges::fill(nll, 0.0f);
    m_impl->for_logit_tiles(batch, [&](int first, int, std::span<const std::int32_t> targets) {
        cross_entropy_forward(m_impl->logits.data(), targets, m_impl->spec.vocabulary, nll.data() + first);
    });
}

std::span<const float> PathModel::hidden(const TokenBatch& batch)
{
    m_impl->infer(batch);
    return std::span<const float>(m_impl->out).first(batch.inputs.size() * std::size_t(m_impl->d));
}

double training_flops_per_token(const ModelSpec& model, int sequence)
{
    const double a = double(model.heads) * model.head_dim, d = model.d_model, f = model.hidden();
    double total = 6.0 * model.vocabulary * d;
    for (const std::string& kind : model.blocks) {
        const double s = sequence, w = kind == "window" ? std::min<double>(s, model.window) : s;
        const double seen = (w * (w + 1) / 2 + (s - w) * w) / s;  // mean over positions
        total += 6.0 * (4.0 * a * d + (model.ffn == "gelu" ? 2.0 : 3.0) * f * d) + 12.0 * a * seen;
    }
    return total;
}

}  // namespace pathloom
