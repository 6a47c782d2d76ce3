// SPDX-License-Identifier: GPL-3.0-or-later
// One inner step and the state it carries.
#include "engine/training/inner_loop.h"

#include "engine/model/kernels/optimizer.h"
#include "engine/model/kernels/profile.h"

#include <charconv>
#include <cmath>
#include <numbers>

namespace pathloom {

double learning_rate(const v1::InnerOptimizer& inner, std::int64_t step)
{
    if (step < inner.warmup_steps()) return inner.lr() * double(step + 1) / double(inner.warmup_steps());
    const auto span = double(std::max<std::int64_t>(1, inner.total_steps() - inner.warmup_steps()));
    const double progress = std::min(1.0, double(step - inner.warmup_steps()) / span);
    const double floor = inner.lr() * inner.lr_min_ratio();
    return floor + (inner.lr() - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

InnerState zero_state(const ParameterLayout& layout)
{
    return {std::vector<float>(layout.size(), 0.0f), std::vector<float>(layout.size(), 0.0f), 0, {}};
}

std::vector<std::byte> write_state(const ParameterLayout& layout, const InnerState& state)
{
    std::vector<TensorView> views;
    for (int c = 0; c < int(layout.columns().size()); ++c) {
        layout.append_views(c, state.m, "m.", views);
        layout.append_views(c, state.v, "v.", views);
        if (!state.residual.empty()) layout.append_views(c, state.residual, "r.", views);
    }
    return write_safetensors(views, {{"step", std::to_string(state.updates)}});
}

Result<InnerState> read_state(const ParameterLayout& layout, const Safetensors& blob)
{
    InnerState state = zero_state(layout);
    for (int c = 0; c < int(layout.columns().size()); ++c) {
        PATHLOOM_CHECK(layout.load_column(c, blob, state.m, "m."));
        PATHLOOM_CHECK(layout.load_column(c, blob, state.v, "v."));
    }
    const auto found = blob.metadata().find("step");
    const std::string text = found == blob.metadata().end() ? std::string() : found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), state.updates);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || state.updates < 0) {
        return fail(ErrorCode::Corrupt, "the inner state's step is '{}', must be a count of updates", text);
    }
    return state;
}

Result<std::vector<float>> read_residual(const ParameterLayout& layout, const Safetensors& blob)
{
    std::vector<float> residual(layout.size(), 0.0f);
    for (int c = 0; c < int(layout.columns().size()); ++c) PATHLOOM_CHECK(layout.load_column(c, blob, residual, "r."));
    return residual;
}

namespace {

/// The AdamW constants of a step whose gradient is `norm` long. Failed when it, or the loss, is not finite.
Result<AdamWStep> next_update(InnerState& state, const v1::InnerOptimizer& inner, std::int64_t step, double loss, double norm)
{
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
        return fail(ErrorCode::Failed,
            "training diverged at step {} (loss {}, gradient norm {}); lower training.lr or lengthen "
            "training.warmup_steps",
            step, loss, norm);
    }
    AdamWStep adamw{learning_rate(inner, step), inner.beta1(), inner.beta2(), inner.eps(), 0.0, ++state.updates, 1.0};
    if (inner.clip() > 0.0 && norm > inner.clip()) adamw.gradient_scale = inner.clip() / (norm + 1e-6);
    return adamw;
}

}  // namespace

Result<void> apply_gradients(PathModel& model, InnerState& state, const v1::InnerOptimizer& inner, std::int64_t step, double loss)
{
    double norm = 0.0;
    {
        const ProfileScope scope(Kernel::ClipNorm);
        norm = std::sqrt(sum_of_squares(model.gradients()));
    }
    PATHLOOM_TRY(AdamWStep adamw, next_update(state, inner, step, loss, norm));
    const ProfileScope scope(Kernel::AdamW);
    for (const ParameterView& view : model.layout().tensors()) {
        adamw.weight_decay = view.decay ? inner.weight_decay() : 0.0;
        adamw_update(adamw, model.parameters().subspan(view.offset, view.size), model.gradients().subspan(view.offset, view.size),
            std::span(state.m).subspan(view.offset, view.size), std::span(state.v).subspan(view.offset, view.size));
    }
    return {};
}

Result<double> train_step(PathModel& model, InnerState& state, const v1::InnerOptimizer& inner, std::int64_t step,
    const TokenBatch& batch, const SoftTargets* soft)
{
    if (model.on_device()) {
        const DevicePath::Slope slope = model.device_gradients(batch, soft);
        PATHLOOM_TRY(AdamWStep adamw, next_update(state, inner, step, slope.loss, slope.gradient_norm));
        adamw.weight_decay = inner.weight_decay();
        model.device_update(adamw);
        return slope.loss;
    }
    const double loss = soft ? model.distill(batch, *soft) : model.loss_and_gradients(batch);
    PATHLOOM_CHECK(apply_gradients(model, state, inner, step, loss));
    return loss;
}

}  // namespace pathloom
