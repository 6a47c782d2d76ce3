// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters, gradients and moments are one flat tensor each; autograd sees a view of each tensor. Products are bf16 when asked,
// everything else is fp32, as in our kernels.
#include "engine/model/torch_path.h"

#include "engine/model/kernels/norms.h"
#include "engine/model/path_model.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace pathloom {
namespace {

using torch::Tensor;

/// Logits that may exist at once, in floats: 256 MB, and about three times that with their gradients.
constexpr std::int64_t logits_at_once = std::int64_t(64) << 20;

class TorchPath final : public DevicePath {
public:
    TorchPath(const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string& device)
        : m_model(model)
        , m_layout(layout)
        , m_bf16(precision == Precision::Bf16)
        , m_device(device)
        , m_options(torch::TensorOptions().dtype(torch::kFloat32).device(m_device))
    {
        const auto n = std::int64_t(layout.size());
        m_theta = torch::zeros({n}, m_options);
        m_gradient = torch::zeros({n}, m_options);
        m_m = torch::zeros({n}, m_options);
        m_v = torch::zeros({n}, m_options);
        m_decays = torch::zeros({n}, m_options);
        for (const ParameterView& view : m_layout.tensors()) {
            const auto part = [&](const Tensor& flat) {
                return flat.narrow(0, std::int64_t(view.offset), std::int64_t(view.size)).view(view.shape);
            };
            m_leaves.push_back(part(m_theta).detach().requires_grad_(true));
            m_leaves.back().mutable_grad() = part(m_gradient);  // autograd adds to what is there
            if (view.decay) part(m_decays).fill_(1.0);
        }
    }

    void set_parameters(std::span<const float> values) override { fill(m_theta, values); }
    void get_parameters(std::span<float> values) const override { read(m_theta, values); }
    void set_moments(std::span<const float> m, std::span<const float> v) override
    {
        fill(m_m, m);
        fill(m_v, v);
    }
    void get_moments(std::span<float> m, std::span<float> v) const override
    {
        read(m_m, m);
        read(m_v, v);
    }
    void get_gradients(std::span<float> gradients) const override { read(m_gradient, gradients); }

    Slope find_gradients(const TokenBatch& batch, const SoftTargets* soft) override
    {
        m_gradient.zero_();
        const auto counted = std::ranges::count_if(batch.targets, [](std::int32_t t) { return t >= 0; });
        if (counted == 0) return {};
        double sum = 0.0;
        for (const Part& part : parts_of(batch)) {
            const Tensor logits = logits_of(run_blocks(ids(batch.inputs, part, batch.sequence)));
            const Tensor targets = ids(batch.targets, part, batch.sequence).view({-1});
            const Tensor nll = losses(logits, targets).sum();
            sum += nll.item<double>();
            Tensor slope = nll;
            if (soft)
                slope = (1.0 - double(soft->mix)) * nll + double(soft->mix) * divergence(logits, targets, part, batch, *soft);
            (slope / double(counted)).backward();
        }
        return {sum / double(counted), std::sqrt(m_gradient.to(torch::kFloat64).square().sum().item<double>())};
    }

    // kernels/optimizer.h on whole tensors.
    void update(const AdamWStep& step) override
    {
        const torch::NoGradGuard no_gradients;
        const double correction1 = 1.0 - std::pow(step.beta1, double(step.step));
        const double correction2 = 1.0 - std::pow(step.beta2, double(step.step));
        const Tensor g = m_gradient * step.gradient_scale;
        m_m.mul_(step.beta1).add_(g, 1.0 - step.beta1);
        m_v.mul_(step.beta2).addcmul_(g, g, 1.0 - step.beta2);
        m_theta.mul_(1.0 - m_decays * (step.lr * step.weight_decay));
        m_theta.addcdiv_(m_m, (m_v / correction2).sqrt_().add_(step.eps), -step.lr / correction1);
    }

    void score(const TokenBatch& batch, std::span<float> nll) override
    {
        const torch::NoGradGuard no_gradients;
        for (const Part& part : parts_of(batch)) {
            const Tensor logits = logits_of(run_blocks(ids(batch.inputs, part, batch.sequence)));
            const Tensor each = losses(logits, ids(batch.targets, part, batch.sequence).view({-1}));
            read(each, nll.subspan(first_token(part, batch), std::size_t(each.numel())));
        }
    }

    void hidden(const TokenBatch& batch, std::span<float> out) override
    {
        const torch::NoGradGuard no_gradients;
        const auto d = std::size_t(m_model.d_model);
        for (const Part& part : parts_of(batch)) {
            const Tensor x = run_blocks(ids(batch.inputs, part, batch.sequence));
            read(x, out.subspan(first_token(part, batch) * d, std::size_t(x.numel())));
        }
    }

    void logits(std::span<const float> hidden, std::span<float> out) override
    {
        const torch::NoGradGuard no_gradients;
        Tensor x = torch::empty({std::int64_t(hidden.size()) / m_model.d_model, m_model.d_model}, m_options);
        fill(x, hidden);
        read(logits_of(x), out);
    }

private:
    /// Whole sequences of a batch.
    struct Part {
        std::int64_t first = 0, rows = 0;
    };

    [[nodiscard]] std::vector<Part> parts_of(const TokenBatch& batch) const
    {
        const auto step = std::max<std::int64_t>(
            1, logits_at_once / std::max<std::int64_t>(1, std::int64_t(batch.sequence) * m_model.vocabulary));
        std::vector<Part> parts;
        for (std::int64_t row = 0; row < batch.rows; row += step) parts.push_back({row, std::min(step, batch.rows - row)});
        return parts;
    }
    static std::size_t first_token(const Part& part, const TokenBatch& batch)
    {
        return std::size_t(part.first) * std::size_t(batch.sequence);
    }

    static void fill(Tensor& tensor, std::span<const float> values)
    {
        const torch::NoGradGuard no_gradients;
        tensor.view({-1}).copy_(torch::from_blob(const_cast<float*>(values.data()), {std::int64_t(values.size())}));
    }
    static void read(const Tensor& tensor, std::span<float> values)
    {
        torch::from_blob(values.data(), {std::int64_t(values.size())}).copy_(tensor.detach().reshape({-1}));
    }
    [[nodiscard]] const Tensor& at(const std::string& name) const
    {
        return m_leaves[std::size_t(&m_layout.at(name) - m_layout.tensors().data())];
    }
    [[nodiscard]] Tensor ids(const std::vector<std::int32_t>& all, const Part& part, int sequence) const
    {
        auto* data = const_cast<std::int32_t*>(all.data() + part.first * sequence);
        return torch::from_blob(data, {part.rows, sequence}, torch::kInt32).to(torch::kInt64).to(m_device);
    }

    /// In the precision of the products.
    [[nodiscard]] Tensor in(const Tensor& x) const { return m_bf16 ? x.to(torch::kBFloat16) : x; }
    [[nodiscard]] Tensor product(const Tensor& a, const Tensor& b) const
    {
        return torch::matmul(in(a), in(b)).to(torch::kFloat32);
    }
    static Tensor rms_norm(const Tensor& x, const Tensor& gain)
    {
        return x * torch::rsqrt(x.square().mean(-1, true) + double(NormEpsilon)) * gain;
    }

    // [rows, heads, sequence, head_dim] turned by position.
    [[nodiscard]] Tensor rotate(const Tensor& x) const
    {
        const std::int64_t sequence = x.size(2), half = x.size(3) / 2;
        const auto wide = m_options.dtype(torch::kFloat64);
        const auto frequencies = torch::pow(m_model.rope_base, torch::arange(half, wide) * (-1.0 / double(half)));
        const auto angles = torch::arange(sequence, wide).unsqueeze(1) * frequencies.unsqueeze(0);
        const auto cosine = angles.cos().to(torch::kFloat32), sine = angles.sin().to(torch::kFloat32);
        const auto a = x.narrow(3, 0, half), b = x.narrow(3, half, half);
        return torch::cat({a * cosine - b * sine, b * cosine + a * sine}, 3);
    }

    [[nodiscard]] Tensor attend(const std::string& name, const Tensor& x, bool window) const
    {
        const std::int64_t rows = x.size(0), sequence = x.size(1);
        const auto project = [&](const char* w) {
            return product(x, at(name + w).t()).view({rows, sequence, m_model.heads, m_model.head_dim}).transpose(1, 2);
        };
        const auto q = rotate(rms_norm(project("attn.q"), at(name + "attn.q_norm")));
        const auto k = rotate(rms_norm(project("attn.k"), at(name + "attn.k_norm")));
        const auto places = torch::arange(sequence, torch::TensorOptions().device(m_device));
        const auto age = places.unsqueeze(1) - places.unsqueeze(0);
        auto hidden = age.lt(0);
        if (window) hidden = hidden.logical_or(age.ge(m_model.window));
        const auto scores = (product(q, k.transpose(2, 3)) / std::sqrt(double(m_model.head_dim)))
                                .masked_fill(hidden, -std::numeric_limits<double>::infinity());
        const auto out = product(scores.softmax(-1), project("attn.v"))
                             .transpose(1, 2)
                             .reshape({rows, sequence, std::int64_t(m_model.heads) * m_model.head_dim});
        return product(out, at(name + "attn.o").t());
    }

    // Causal, depthwise.
    static Tensor convolve(const Tensor& x, const Tensor& w)
    {
        const std::int64_t kernel = w.size(1), sequence = x.size(1);
        const auto padded = torch::constant_pad_nd(x, {0, 0, kernel - 1, 0});
        auto y = torch::zeros_like(x);
        for (std::int64_t k = 0; k < kernel; ++k) y = y + padded.narrow(1, k, sequence) * w.select(1, k);
        return y;
    }

    [[nodiscard]] Tensor feed_forward(const std::string& name, const Tensor& x) const
    {
        const auto up = product(x, at(name + "ffn.up").t());
        const auto act
            = m_model.ffn == "gelu" ? torch::gelu(up, "tanh") : torch::silu(product(x, at(name + "ffn.gate").t())) * up;
        return product(act, at(name + "ffn.down").t());
    }

    /// Output of the last block, [rows, sequence, d_model].
    [[nodiscard]] Tensor run_blocks(const Tensor& inputs) const
    {
        auto x = torch::embedding(at("embedding"), inputs);
        for (std::size_t b = 0; b < m_model.blocks.size(); ++b) {
            const std::string name = fmt::format("block{}.", b);
            const bool window = m_model.blocks[b] == "window";
            auto input = rms_norm(x, at(name + "norm1"));
            if (window) input = convolve(input, at(name + "conv"));
            x = x + attend(name, input, window);
            x = x + feed_forward(name, rms_norm(x, at(name + "norm2")));
        }
        return x;
    }
    /// [tokens, vocabulary]
    [[nodiscard]] Tensor logits_of(const Tensor& hidden) const
    {
        return product(rms_norm(hidden, at("norm")), at("embedding").t()).view({-1, m_model.vocabulary});
    }
    /// Of each target; 0 where there is none.
    static Tensor losses(const Tensor& logits, const Tensor& targets)
    {
        return torch::nn::functional::cross_entropy(
            logits, targets, torch::nn::functional::CrossEntropyFuncOptions().ignore_index(-1).reduction(torch::kNone));
    }

    /// Sum over the targets of T^2 KL(teacher || student) at temperature T.
    [[nodiscard]] Tensor divergence(
        const Tensor& logits, const Tensor& targets, const Part& part, const TokenBatch& batch, const SoftTargets& soft) const
    {
        std::vector<float> teacher(std::size_t(logits.numel()));
        soft.logits(first_token(part, batch), int(logits.size(0)), teacher.data());
        Tensor other = torch::empty(logits.sizes(), m_options);
        fill(other, teacher);
        const auto temperature = double(soft.temperature);
        const auto wanted = (other / temperature).log_softmax(-1);
        const auto each = (wanted.exp() * (wanted - (logits / temperature).log_softmax(-1))).sum(-1);
        return temperature * temperature * (each * targets.ge(0)).sum();
    }

    ModelSpec m_model;
    ParameterLayout m_layout;
    bool m_bf16;
    torch::Device m_device;
    torch::TensorOptions m_options;
    Tensor m_theta, m_gradient, m_m, m_v, m_decays;
    std::vector<Tensor> m_leaves;
};

}  // namespace

std::unique_ptr<DevicePath> make_torch_path(
    const ModelSpec& model, const ParameterLayout& layout, Precision precision, const std::string& device)
{
    return std::make_unique<TorchPath>(model, layout, precision, device);
}

bool torch_computes_bf16(const std::string& device)
{
    try {
        const auto options = torch::TensorOptions().dtype(torch::kBFloat16).device(torch::Device(device));
        const auto product = torch::matmul(torch::full({64, 64}, 0.5, options), torch::full({64, 64}, 2.0, options));
        return product.to(torch::kFloat32).eq(64.0).all().item<bool>();
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace pathloom
