// SPDX-License-Identifier: GPL-3.0-or-later
// A path's passes, in one of two precisions.
#include "engine/model/path_model.h"

#include "engine/model/blocks.h"
#include "engine/model/device_passes.h"
#include "engine/model/head.h"
#include "engine/model/kernels/buffer.h"
#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"
#include "engine/model/passes.h"

#include <algorithm>
#include <optional>
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

/// Tokens that go there and back together. Few keep their activations close, but each part walks through all weights and
/// gradients once more; from some 2,800 parameters a token on that costs more than it saves (docs/performance.md).
int tokens_at_once(const ParameterLayout& layout)
{
    constexpr std::size_t ParametersPerToken = 2800, All = 1 << 20;
    return int(std::clamp<std::size_t>(layout.size() / ParametersPerToken, GradientTokens, All));
}

template <class E>
class PassesOf final : public Passes {
public:
    PassesOf(const ModelSpec& spec, const ParameterLayout& layout, bool recompute)
        : m_tokens_at_once(tokens_at_once(layout))
        , m_d(std::size_t(spec.d_model))
        , m_embedding(layout.at("embedding").offset)
        , m_blocks(spec, layout, recompute)
        , m_head(spec, layout)
    {
    }

    // Sequences meet only in the sum of their gradients, so a few at a time go all the way there and back.
    double loss_and_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const SoftTargets* soft) override
    {
        begin(batch, values);
        const auto counted = std::ranges::count_if(batch.targets, [](std::int32_t t) { return t >= 0; });
        if (counted == 0) {
            std::ranges::fill(grads, 0.0f);
            return 0.0;
        }
        {
            const ProfileScope scope(Kernel::ClearGradients);
            m_blocks.clear(grads.data());
            m_head.clear(grads.data());
        }
        m_blocks.weigh(1.0f / float(batch.inputs.size()));
        const int step = std::max(1, m_tokens_at_once / batch.sequence);
        double sum = 0.0;
        bool add = false;
        for (int row = 0; row < batch.rows; row += step) {
            const Part part = part_of(batch, row, std::min(step, batch.rows - row));
            if (std::ranges::all_of(part.targets, [](std::int32_t t) { return t < 0; })) continue;
            std::optional<SoftTargets> mine;
            if (soft) {
                const auto before = std::size_t(row) * std::size_t(batch.sequence);
                mine = *soft;
                mine->logits
                    = [soft, before](std::size_t first, int tokens, float* out) { soft->logits(before + first, tokens, out); };
            }
            sum += part_gradients(part, values, float(1.0 / double(counted)), grads.data(), add, mine ? &*mine : nullptr);
            add = true;
        }
        return sum / double(counted);
    }

    double output_gradients(
        const TokenBatch& batch, const float* values, std::span<float> grads, const PathModel::OutputLoss& loss) override
    {
        begin(batch, values);
        std::ranges::fill(grads, 0.0f);
        m_blocks.weigh(0.0f);
        const int step = std::max(1, m_tokens_at_once / batch.sequence);
        double sum = 0.0;
        for (int row = 0; row < batch.rows; row += step) {
            const Part part = part_of(batch, row, std::min(step, batch.rows - row));
            const std::size_t tokens = part.inputs.size();
            forward(part, values, true);
            float* dx = m_dx.grow(tokens * m_d);
            sum += loss(std::size_t(row) * std::size_t(batch.sequence), m_head.out(int(tokens)), {dx, tokens * m_d});
            E* copy = std::is_same_v<E, float> ? nullptr : m_copy.grow(tokens * m_d);
            if (copy) convert(dx, tokens * m_d, copy);
            blocks_back(part, dx, copy, grads.data(), true);
        }
        return sum;
    }

    void score(const TokenBatch& batch, const float* values, float* nll) override
    {
        begin(batch, values);
        forward(part_of(batch, 0, batch.rows), values, false);
        m_head.losses(batch.targets, nll);
    }

    void logits(std::span<const float> hidden, const float* values, float* out) override
    {
        const int tokens = int(hidden.size() / m_d);
        m_head.use(values);
        m_head.take(tokens, hidden.data(), nullptr);
        m_head.logits(0, tokens, out);
    }

    std::span<const float> hidden(const TokenBatch& batch, const float* values) override
    {
        begin(batch, values);
        forward(part_of(batch, 0, batch.rows), values, false);
        return m_head.out(int(batch.inputs.size()));
    }

private:
    /// Whole sequences of a batch.
    struct Part {
        PassShape shape;
        std::span<const std::int32_t> inputs, targets;
    };

    static Part part_of(const TokenBatch& batch, int row, int rows)
    {
        const auto first = std::size_t(row) * std::size_t(batch.sequence), n = std::size_t(rows) * std::size_t(batch.sequence);
        return {{rows, batch.sequence}, std::span(batch.inputs).subspan(first, n), std::span(batch.targets).subspan(first, n)};
    }

    void begin(const TokenBatch& batch, const float* values)
    {
        const std::size_t tokens = std::size_t(batch.rows) * std::size_t(batch.sequence);
        if (batch.inputs.size() != tokens || batch.targets.size() != tokens)
            throw std::logic_error("a token batch of the wrong size");
        m_blocks.use(values);
        m_head.use(values);
    }

    void forward(const Part& part, const float* values, bool training)
    {
        m_blocks.begin(part.shape, training);
        {
            const ProfileScope scope(Kernel::Embedding);
            for (std::size_t t = 0; t < part.inputs.size(); ++t)
                std::copy_n(values + m_embedding + std::size_t(part.inputs[t]) * m_d, m_d, m_blocks.input() + t * m_d);
        }
        for (int b = 0; b < m_blocks.count(); ++b) m_blocks.forward(b);
        const bool none = m_blocks.count() == 0;
        m_head.take(part.shape.tokens(), none ? m_blocks.input() : m_blocks.x2(), none ? nullptr : m_blocks.delta());
    }

    // Sum of the part's losses; its gradients, times `scale`.
    double part_gradients(const Part& part, const float* values, float scale, float* grads, bool add, const SoftTargets* soft)
    {
        const std::size_t tokens = part.inputs.size();
        forward(part, values, true);
        float *dx = m_dx.grow(tokens * m_d), *nll = m_nll.grow(tokens);
        E* copy = std::is_same_v<E, float> ? nullptr : m_copy.grow(tokens * m_d);
        m_head.losses_and_gradients(part.targets, scale, nll, dx, copy, grads, add, soft);
        blocks_back(part, dx, copy, grads, add);
        double sum = 0.0;
        for (std::size_t t = 0; t < tokens; ++t) sum += double(nll[t]);
        return sum;
    }

    // From the last block's outputs to the embedding.
    void blocks_back(const Part& part, float* dx, E* copy, float* grads, bool add)
    {
        for (int b = m_blocks.count(); b-- > 0;) m_blocks.backward(b, dx, copy, grads, add);
        const ProfileScope scope(Kernel::Embedding);
        for (std::size_t t = 0; t < part.inputs.size(); ++t) {
            float* row = grads + m_embedding + std::size_t(part.inputs[t]) * m_d;
            for (std::size_t i = 0; i < m_d; ++i) row[i] += dx[t * m_d + i];
        }
    }

    int m_tokens_at_once;
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
    Buffer<float> values, grads;  // on huge pages: every step walks through all of both
    std::unique_ptr<Passes> passes;
    DevicePasses* device = nullptr;  ///< the same object as passes, when that is a device

    Impl(ModelSpec model, ParameterLayout parameters, std::unique_ptr<DevicePath> path)
        : spec(std::move(model))
        , layout(std::move(parameters))
    {
        values.grow_cleared(layout.size());
        grads.grow_cleared(layout.size());
        auto on_device = std::make_unique<DevicePasses>(std::move(path), layout.size(), spec.d_model, spec.vocabulary);
        device = on_device.get();
        passes = std::move(on_device);
    }
    Impl(ModelSpec model, ParameterLayout parameters, Precision precision, bool recompute)
        : spec(std::move(model))
        , layout(std::move(parameters))
    {
        values.grow_cleared(layout.size());
        grads.grow_cleared(layout.size());
        if (precision == Precision::Bf16)
            passes = std::make_unique<PassesOf<Bf16>>(spec, layout, recompute);
        else
            passes = std::make_unique<PassesOf<float>>(spec, layout, recompute);
    }
};

namespace {

Result<void> check_shape(const ModelSpec& model)
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
    return {};
}

}  // namespace

Result<PathModel> PathModel::create(const ModelSpec& model, std::vector<Column> columns, Precision precision, bool recompute)
{
    PATHLOOM_CHECK(check_shape(model));
    PATHLOOM_TRY(ParameterLayout layout, ParameterLayout::build(model, std::move(columns)));
    return PathModel(std::make_unique<Impl>(model, std::move(layout), precision, recompute));
}

Result<PathModel> PathModel::create_on(
    DeviceBackend& backend, const std::string& device, const ModelSpec& model, std::vector<Column> columns, Precision precision)
{
    PATHLOOM_CHECK(check_shape(model));
    if (model.experts > 0)
        return fail(ErrorCode::Unsupported, "a token-level mixture computes on the CPU only; set training.device=cpu");
    PATHLOOM_TRY(ParameterLayout layout, ParameterLayout::build(model, std::move(columns)));
    PATHLOOM_TRY(auto path, backend.make_path(model, layout, precision, device));
    return PathModel(std::make_unique<Impl>(model, std::move(layout), std::move(path)));
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
    const std::span<float> values{m_impl->values.data(), m_impl->layout.size()};
    if (m_impl->device) m_impl->device->hand_over(values);
    return values;
}
std::span<const float> PathModel::gradients() const
{
    return {m_impl->grads.data(), m_impl->layout.size()};
}

double PathModel::loss_and_gradients(const TokenBatch& batch)
{
    return m_impl->passes->loss_and_gradients(
        batch, m_impl->values.data(), {m_impl->grads.data(), m_impl->layout.size()}, nullptr);
}

double PathModel::distill(const TokenBatch& batch, const SoftTargets& soft)
{
    return m_impl->passes->loss_and_gradients(batch, m_impl->values.data(), {m_impl->grads.data(), m_impl->layout.size()}, &soft);
}

double PathModel::output_gradients(const TokenBatch& batch, const OutputLoss& loss)
{
    return m_impl->passes->output_gradients(batch, m_impl->values.data(), {m_impl->grads.data(), m_impl->layout.size()}, loss);
}

void PathModel::logits(std::span<const float> hidden, std::span<float> out)
{
    m_impl->passes->logits(hidden, m_impl->values.data(), out.data());
}

void PathModel::score(const TokenBatch& batch, std::span<float> nll)
{
    m_impl->passes->score(batch, m_impl->values.data(), nll.data());
}

std::span<const float> PathModel::hidden(const TokenBatch& batch)
{
    return m_impl->passes->hidden(batch, m_impl->values.data());
}

bool PathModel::on_device() const
{
    return m_impl->device != nullptr;
}

void PathModel::set_moments(std::span<const float> m, std::span<const float> v)
{
    m_impl->device->path().set_moments(m, v);
}

void PathModel::get_moments(std::span<float> m, std::span<float> v)
{
    m_impl->device->path().get_moments(m, v);
}

DevicePath::Slope PathModel::device_gradients(const TokenBatch& batch, const SoftTargets* soft)
{
    return m_impl->device->find_gradients(batch, m_impl->values.data(), soft);
}

void PathModel::device_update(const AdamWStep& step)
{
    m_impl->device->update(step);
}

double training_flops_per_token(const ModelSpec& model, int sequence)
{
    const double a = double(model.heads) * model.head_dim, d = model.d_model;
    const double f = model.experts > 0 ? double(model.experts_per_token) * model.expert_width() : model.hidden();
    double total = 6.0 * model.vocabulary * d;
    for (const std::string& kind : model.blocks) {
        const double s = sequence, w = kind == "window" ? std::min<double>(s, model.window) : s;
        const double seen = (w * (w + 1) / 2 + (s - w) * w) / s;  // mean over positions
        total += 6.0 * (4.0 * a * d + (model.ffn == "gelu" ? 2.0 : 3.0) * f * d + double(model.experts) * d) + 12.0 * a * seen;
    }
    return total;
}

}  // namespace pathloom
