// SPDX-License-Identifier: GPL-3.0-or-later
// A path's passes, in one of two precisions.
#include "engine/model/path_model.h"

#include "engine/model/blocks.h"
#include "engine/model/head.h"
#include "engine/model/kernels/profile.h"

#include <algorithm>
#include <stdexcept>
#include <type_traits>

namespace pathloom {

Result<Precision> parse_precision(const std::string& name)
{
    if (name == "fp32" || name.empty()) return Precision::Fp32;
    if (name == "bf16") return Precision::Bf16;
    return fail(ErrorCode::Usage, "training.precision must be fp32 or bf16, got '{}'", name);
}

namespace {

/// The passes of one precision behind one door.
class Passes {
public:
    virtual ~Passes() = default;
    virtual double loss_and_gradients(const TokenBatch& batch, const float* values, std::span<float> grads) = 0;
    virtual void score(const TokenBatch& batch, const float* values, float* nll) = 0;
    virtual std::span<const float> hidden(const TokenBatch& batch, const float* values) = 0;
};

template <class E>
class PassesOf final : public Passes {
public:
    PassesOf(const ModelSpec& spec, const ParameterLayout& layout, bool recompute)
        : m_d(std::size_t(spec.d_model))
        , m_embedding(layout.at("embedding").offset)
        , m_blocks(spec, layout, recompute)
        , m_head(spec, layout)
    {
    }

    double loss_and_gradients(const TokenBatch& batch, const float* values, std::span<float> grads) override
    {
        const std::size_t tokens = batch.inputs.size();
        const auto counted = std::ranges::count_if(batch.targets, [](std::int32_t t) { return t >= 0; });
        forward(batch, values, true);
        if (counted == 0) {
            std::ranges::fill(grads, 0.0f);
            return 0.0;
        }
        {
            const ProfileScope scope(Kernel::ClearGradients);
            m_blocks.clear(grads.data());
            m_head.clear(grads.data());
        }
        float *dx = m_dx.grow(tokens * m_d), *nll = m_nll.grow(tokens);
        E* copy = std::is_same_v<E, float> ? nullptr : m_copy.grow(tokens * m_d);
        m_head.losses_and_gradients(batch.targets, float(1.0 / double(counted)), nll, dx, copy, grads.data());
        for (int b = m_blocks.count(); b-- > 0;) m_blocks.backward(b, dx, copy, grads.data());
        const ProfileScope scope(Kernel::Embedding);
        for (std::size_t t = 0; t < tokens; ++t) {
            float* row = grads.data() + m_embedding + std::size_t(batch.inputs[t]) * m_d;
            for (std::size_t i = 0; i < m_d; ++i) row[i] += dx[t * m_d + i];
        }
        double sum = 0.0;
        for (std::size_t t = 0; t < tokens; ++t) sum += double(nll[t]);
        return sum / double(counted);
    }

    void score(const TokenBatch& batch, const float* values, float* nll) override
    {
        forward(batch, values, false);
        m_head.losses(batch.targets, nll);
    }

    std::span<const float> hidden(const TokenBatch& batch, const float* values) override
    {
        forward(batch, values, false);
        return m_head.out(int(batch.inputs.size()));
    }

private:
    void forward(const TokenBatch& batch, const float* values, bool training)
    {
        const PassShape shape{batch.rows, batch.sequence};
        if (batch.inputs.size() != std::size_t(shape.tokens()) || batch.targets.size() != batch.inputs.size())
            throw std::logic_error("a token batch of the wrong size");
        m_blocks.begin(shape, values, training);
        m_head.begin(values);
        {
            const ProfileScope scope(Kernel::Embedding);
            for (std::size_t t = 0; t < batch.inputs.size(); ++t)
                std::copy_n(values + m_embedding + std::size_t(batch.inputs[t]) * m_d, m_d, m_blocks.input() + t * m_d);
        }
        for (int b = 0; b < m_blocks.count(); ++b) m_blocks.forward(b);
        const bool none = m_blocks.count() == 0;
        m_head.take(shape.tokens(), none ? m_blocks.input() : m_blocks.x2(), none ? nullptr : m_blocks.delta());
    }

    std::size_t m_d, m_embedding;
    Blocks<E> m_blocks;
    Head<E> m_head;
    Buffer<float> m_dx, m_nll;
    Buffer<E> m_copy;
};

}  // namespace

struct PathModel::Impl {
    ModelSpec spec;
    ParameterLayout layout;
    std::vector<float> values, grads;
    std::unique_ptr<Passes> passes;

    Impl(ModelSpec model, ParameterLayout parameters, Precision precision, bool recompute)
        : spec(std::move(model))
        , layout(std::move(parameters))
        , values(layout.size(), 0.0f)
    {
        if (precision == Precision::Bf16)
            passes = std::make_unique<PassesOf<Bf16>>(spec, layout, recompute);
        else
            passes = std::make_unique<PassesOf<float>>(spec, layout, recompute);
    }
};

Result<PathModel> PathModel::create(const ModelSpec& model, std::vector<Column> columns, Precision precision, bool recompute)
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
    return PathModel(std::make_unique<Impl>(model, std::move(layout), precision, recompute));
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
    m_impl->grads.resize(m_impl->values.size());
    return m_impl->passes->loss_and_gradients(batch, m_impl->values.data(), m_impl->grads);
}

void PathModel::score(const TokenBatch& batch, std::span<float> nll)
{
    m_impl->passes->score(batch, m_impl->values.data(), nll.data());
}

std::span<const float> PathModel::hidden(const TokenBatch& batch)
{
    return m_impl->passes->hidden(batch, m_impl->values.data());
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
