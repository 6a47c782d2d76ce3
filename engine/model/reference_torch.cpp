// SPDX-License-Identifier: GPL-3.0-or-later
// Straightforward autograd version of PathModel; clarity over speed.
#include "engine/model/reference_torch.h"

#include "engine/model/kernels/norms.h"

#include <cmath>

namespace pathloom {
namespace {

/// Parameters as leaf tensors, by name.
class Parameters {
public:
    Parameters(const ParameterLayout& layout, std::span<const float> values)
        : m_layout(layout)
    {
        for (const ParameterView& view : layout.tensors()) {
            auto* data = const_cast<float*>(values.data() + view.offset);
            m_tensors.push_back(torch::from_blob(data, view.shape, torch::kFloat32).to(torch::kFloat64).requires_grad_(true));
        }
    }
    [[nodiscard]] const torch::Tensor& at(const std::string& name) const
    {
        return m_tensors[std::size_t(&m_layout.at(name) - m_layout.tensors().data())];
    }
    [[nodiscard]] const std::vector<torch::Tensor>& tensors() const { return m_tensors; }

private:
    const ParameterLayout& m_layout;
    std::vector<torch::Tensor> m_tensors;
};

torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& gain)
{
    return x * torch::rsqrt(x.pow(2).mean(-1, true) + double(NormEpsilon)) * gain;
}

// [rows, heads, sequence, head_dim] rotated by position.
torch::Tensor rotate(const torch::Tensor& x, double base)
{
    const std::int64_t sequence = x.size(2), half = x.size(3) / 2;
    const auto options = torch::TensorOptions().dtype(torch::kFloat64);
    const auto frequencies = torch::pow(base, torch::arange(half, options) * (-1.0 / double(half)));
    const auto angles = torch::arange(sequence, options).unsqueeze(1) * frequencies.unsqueeze(0);
    const auto cosine = angles.cos(), sine = angles.sin();
    const auto a = x.narrow(3, 0, half), b = x.narrow(3, half, half);
    return torch::cat({a * cosine - b * sine, b * cosine + a * sine}, 3);
}

torch::Tensor attend(const ModelSpec& model, const Parameters& p, const std::string& name, const torch::Tensor& x, bool window)
{
    const std::int64_t rows = x.size(0), sequence = x.size(1);
    const auto heads = [&](const torch::Tensor& y) {
        return y.view({rows, sequence, model.heads, model.head_dim}).transpose(1, 2);
    };
    const auto project = [&](const char* w) { return heads(torch::matmul(x, p.at(name + w).t())); };
    const auto q = rotate(rms_norm(project("attn.q"), p.at(name + "attn.q_norm")), model.rope_base);
    const auto k = rotate(rms_norm(project("attn.k"), p.at(name + "attn.k_norm")), model.rope_base);
    const auto v = project("attn.v");
    const auto age = torch::arange(sequence).unsqueeze(1) - torch::arange(sequence).unsqueeze(0);
    auto hidden = age.lt(0);
    if (window) hidden = hidden.logical_or(age.ge(model.window));
    const auto scores = (torch::matmul(q, k.transpose(2, 3)) / std::sqrt(double(model.head_dim)))
                            .masked_fill(hidden, -std::numeric_limits<double>::infinity());
    const auto out = torch::matmul(scores.softmax(-1), v)
                         .transpose(1, 2)
                         .reshape({rows, sequence, std::int64_t(model.heads) * model.head_dim});
    return torch::matmul(out, p.at(name + "attn.o").t());
}

// Causal depthwise convolution.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& w)
{
    const std::int64_t kernel = w.size(1), sequence = x.size(1);
    const auto padded = torch::constant_pad_nd(x, {0, 0, kernel - 1, 0});
    auto y = torch::zeros_like(x);
    for (std::int64_t k = 0; k < kernel; ++k) y = y + padded.narrow(1, k, sequence) * w.select(1, k);
    return y;
}

torch::Tensor dense_forward(const ModelSpec& model, const Parameters& p, const std::string& name, const torch::Tensor& x)
{
    const auto up = torch::matmul(x, p.at(name + "up").t());
    const auto act = model.ffn == "gelu" ? torch::gelu(up, "tanh") : torch::silu(torch::matmul(x, p.at(name + "gate").t())) * up;
    return torch::matmul(act, p.at(name + "down").t());
}

/// Every expert on every token, weighed by gates that are zero for all but the chosen ones. `balance` is added to.
torch::Tensor feed_forward(
    const ModelSpec& model, const Parameters& p, const std::string& name, const torch::Tensor& x, torch::Tensor& balance)
{
    if (model.experts == 0) return dense_forward(model, p, name + "ffn.", x);
    const auto probabilities = torch::matmul(x, p.at(name + "ffn.router").t()).softmax(-1);
    const auto chosen = std::get<1>(probabilities.topk(model.experts_per_token, -1));
    const auto mask = torch::zeros_like(probabilities.detach()).scatter(-1, chosen, 1.0);
    auto gates = probabilities * mask;
    if (model.experts_per_token > 1) gates = gates / gates.sum(-1, true);
    const auto mean = [](const torch::Tensor& values) { return values.flatten(0, 1).mean(0); };
    const auto share = mean(mask) / double(model.experts_per_token);
    balance = balance + model.balance_loss * model.experts * (share * mean(probabilities)).sum();
    auto y = torch::zeros_like(x);
    for (int e = 0; e < model.experts; ++e)
        y = y + gates.select(-1, e).unsqueeze(-1) * dense_forward(model, p, fmt::format("{}ffn.expert{}.", name, e), x);
    return y;
}

std::vector<double> values_of(const torch::Tensor& x)
{
    const auto flat = x.detach().contiguous().view({-1});
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

torch::Tensor ids_of(const TokenBatch& batch, const std::vector<std::int32_t>& ids)
{
    return torch::tensor(std::vector<std::int64_t>(ids.begin(), ids.end())).view({batch.rows, batch.sequence});
}

/// Output of the last block, [rows, sequence, d_model], and the balance losses of its mixtures.
torch::Tensor run_blocks(const ModelSpec& model, const Parameters& p, const TokenBatch& batch, torch::Tensor& balance)
{
    balance = torch::zeros({}, torch::kFloat64);
    auto x = torch::embedding(p.at("embedding"), ids_of(batch, batch.inputs));
    for (std::size_t b = 0; b < model.blocks.size(); ++b) {
        const std::string name = fmt::format("block{}.", b);
        const bool window = model.blocks[b] == "window";
        auto input = rms_norm(x, p.at(name + "norm1"));
        if (window) input = convolve(input, p.at(name + "conv"));
        x = x + attend(model, p, name, input, window);
        x = x + feed_forward(model, p, name, rms_norm(x, p.at(name + "norm2")), balance);
    }
    return x;
}

ReferenceResult finish(const Parameters& p, const torch::Tensor& hidden, const torch::Tensor& loss, const torch::Tensor& balance)
{
    ReferenceResult result;
    result.hidden = values_of(hidden);
    (loss + balance).backward();
    result.loss = loss.item<double>();
    for (const torch::Tensor& tensor : p.tensors()) {
        const auto gradient = values_of(tensor.grad().defined() ? tensor.grad() : torch::zeros_like(tensor));
        result.gradients.insert(result.gradients.end(), gradient.begin(), gradient.end());
    }
    return result;
}

}  // namespace

ReferenceResult reference_loss(
    const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters, const TokenBatch& batch)
{
    const Parameters p(layout, parameters);
    torch::Tensor balance;
    const auto x = run_blocks(model, p, batch, balance);
    const auto logits = torch::matmul(rms_norm(x, p.at("norm")), p.at("embedding").t());
    return finish(p, x,
        torch::nn::functional::cross_entropy(logits.view({-1, model.vocabulary}), ids_of(batch, batch.targets).view({-1}),
            torch::nn::functional::CrossEntropyFuncOptions().ignore_index(-1)),
        balance);
}

ReferenceResult reference_distillation(const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters,
    const TokenBatch& batch, std::span<const float> teacher, double temperature, double mix)
{
    const Parameters p(layout, parameters);
    torch::Tensor balance;
    const auto x = run_blocks(model, p, batch, balance);
    const auto logits = torch::matmul(rms_norm(x, p.at("norm")), p.at("embedding").t()).view({-1, model.vocabulary});
    const auto other = torch::from_blob(const_cast<float*>(teacher.data()), logits.sizes(), torch::kFloat32).to(torch::kFloat64);
    const auto targets = ids_of(batch, batch.targets).view({-1});
    const auto hard = torch::nn::functional::cross_entropy(
        logits, targets, torch::nn::functional::CrossEntropyFuncOptions().ignore_index(-1));
    const auto wanted = (other / temperature).log_softmax(-1);
    const auto divergence = (wanted.exp() * (wanted - (logits / temperature).log_softmax(-1))).sum(-1);
    const auto counted = targets.ge(0).to(torch::kFloat64);
    const auto soft = (divergence * counted).sum() / counted.sum();
    return finish(p, x, (1.0 - mix) * hard + mix * temperature * temperature * soft, balance);
}

ReferenceResult reference_outputs(const ModelSpec& model, const ParameterLayout& layout, std::span<const float> parameters,
    const TokenBatch& batch, std::span<const float> weights)
{
    const Parameters p(layout, parameters);
    torch::Tensor balance;
    const auto x = run_blocks(model, p, batch, balance);
    const auto by = torch::from_blob(const_cast<float*>(weights.data()), x.sizes(), torch::kFloat32).to(torch::kFloat64);
    return finish(p, x, (x * by).sum(), torch::zeros({}, torch::kFloat64));
}

std::vector<float> reference_adamw(
    std::vector<float> parameters, const std::vector<std::vector<float>>& gradients, const AdamWStep& settings)
{
    auto theta = torch::tensor(parameters).requires_grad_(true);
    torch::optim::AdamW optimizer({theta},
        torch::optim::AdamWOptions(settings.lr)
            .betas({settings.beta1, settings.beta2})
            .eps(settings.eps)
            .weight_decay(settings.weight_decay));
    for (const auto& gradient : gradients) {
        theta.mutable_grad() = torch::tensor(gradient);
        optimizer.step();
    }
    const auto flat = theta.detach().contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace pathloom
