// SPDX-License-Identifier: GPL-3.0-or-later
// Combine pseudo-gradients and take the outer step, tensor by tensor over mmapped blobs.
#include "engine/training/outer.h"

#include "engine/model/kernels/simd.h"
#include "engine/store/safetensors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace pathloom {
namespace {

constexpr std::size_t Lanes = 8;

// Sum of squares in eight fixed lanes: vectorises without reordering, so every CPU gives the same bits.
PATHLOOM_CLONES double square_sum(const float* __restrict x, std::size_t n)
{
    std::array<double, Lanes> lane{};
    const std::size_t whole = n - n % Lanes;
    for (std::size_t i = 0; i < whole; i += Lanes) {
        for (std::size_t j = 0; j < Lanes; ++j) lane[j] += double(x[i + j]) * double(x[i + j]);
    }
    for (std::size_t i = whole; i < n; ++i) lane[i - whole] += double(x[i]) * double(x[i]);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

PATHLOOM_CLONES double square_sum(const double* __restrict x, std::size_t n)
{
    std::array<double, Lanes> lane{};
    const std::size_t whole = n - n % Lanes;
    for (std::size_t i = 0; i < whole; i += Lanes) {
        for (std::size_t j = 0; j < Lanes; ++j) lane[j] += x[i + j] * x[i + j];
    }
    for (std::size_t i = whole; i < n; ++i) lane[i - whole] += x[i] * x[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

PATHLOOM_CLONES void accumulate(const float* __restrict delta, std::size_t n, float weight, double unit,
    float* __restrict gradient, double* __restrict direction)
{
    for (std::size_t i = 0; i < n; ++i) {
        gradient[i] += weight * delta[i];
        direction[i] += unit * double(delta[i]);
    }
}

PATHLOOM_CLONES void plain_step(float* __restrict theta, const float* __restrict gradient, std::size_t n, float lr)
{
    for (std::size_t i = 0; i < n; ++i) theta[i] -= lr * gradient[i];
}

PATHLOOM_CLONES void nesterov_step(
    float* __restrict theta, const float* __restrict gradient, float* __restrict buffer, std::size_t n, float lr, float momentum)
{
    for (std::size_t i = 0; i < n; ++i) {
        buffer[i] = momentum * buffer[i] + gradient[i];
        theta[i] -= lr * (gradient[i] + momentum * buffer[i]);
    }
}

std::string shape_text(const std::vector<std::int64_t>& shape)
{
    std::string text;
    for (const std::int64_t extent : shape) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text;
}

Result<std::span<const float>> same_tensor(const Safetensors& blob, const TensorView& wanted, const std::string& what)
{
    auto found = blob.expect(wanted.name, DType::F32);
    if (!found) return fail(found.error().code, "{}: {}", what, found.error().message);
    if ((*found)->shape != wanted.shape) {
        return fail(ErrorCode::Corrupt, "{}: tensor '{}' has shape [{}], the module has [{}]; it belongs to another module", what,
            wanted.name, shape_text((*found)->shape), shape_text(wanted.shape));
    }
    return (*found)->as<float>();
}

/// Everything of one module as spans, checked against the module's tensors.
struct Inputs {
    std::vector<Safetensors> blobs;  // keep the mappings alive
    std::vector<std::vector<std::span<const float>>> deltas;  // [contribution][tensor]
    std::vector<std::span<const float>> momentum;  // [tensor], empty on the first step
};

Result<Inputs> read_inputs(
    const Safetensors& module, const std::optional<std::filesystem::path>& momentum, std::span<const Contribution> contributions)
{
    Inputs inputs;
    for (const Contribution& contribution : contributions) {
        PATHLOOM_TRY(Safetensors blob, Safetensors::open(contribution.delta));
        std::vector<std::span<const float>> tensors;
        for (const TensorView& tensor : module.tensors()) {
            PATHLOOM_TRY(
                const auto values, same_tensor(blob, tensor, fmt::format("pseudo-gradient of path {}", contribution.path)));
            tensors.push_back(values);
        }
        inputs.deltas.push_back(std::move(tensors));
        inputs.blobs.push_back(std::move(blob));
    }
    if (momentum) {
        PATHLOOM_TRY(Safetensors blob, Safetensors::open(*momentum));
        for (const TensorView& tensor : module.tensors()) {
            PATHLOOM_TRY(const auto values, same_tensor(blob, tensor, "outer momentum"));
            inputs.momentum.push_back(values);
        }
        inputs.blobs.push_back(std::move(blob));
    }
    return inputs;
}

std::vector<std::byte> write_like(const Safetensors& module, const std::vector<std::vector<float>>& values)
{
    std::vector<TensorView> views = module.tensors();
    for (std::size_t t = 0; t < views.size(); ++t) views[t].data = std::as_bytes(std::span(values[t]));
    return write_safetensors(views, module.metadata());
}

}  // namespace

std::vector<double> combine_weights(const OuterSpec& outer, std::span<const std::int64_t> shard_sizes, std::int64_t total)
{
    const auto n = shard_sizes.size();
    const std::int64_t own = std::accumulate(shard_sizes.begin(), shard_sizes.end(), std::int64_t(0));
    const std::int64_t denominator = outer.combine == "raw-alpha" ? total : own;
    // Shards without a single sequence say nothing about weights: fall back to the mean.
    const bool mean = outer.combine == "mean" || denominator <= 0;
    std::vector<double> weights(n);
    for (std::size_t i = 0; i < n; ++i) {
        weights[i] = mean ? 1.0 / double(n) : double(shard_sizes[i]) / double(denominator);
        if (outer.sqrt_paths) weights[i] *= std::sqrt(double(n));
    }
    return weights;
}

Result<OuterResult> outer_step(const OuterSpec& outer, const std::filesystem::path& module,
    const std::optional<std::filesystem::path>& momentum, std::span<const Contribution> contributions)
{
    const bool nesterov = outer.optimizer == "nesterov";
    if (!nesterov && outer.optimizer != "sgd" && outer.optimizer != "fedavg" && outer.optimizer != "none") {
        return fail(ErrorCode::Usage, "outer.optimizer must be nesterov, sgd, fedavg or none, got '{}'", outer.optimizer);
    }
    if (contributions.empty())
        return fail(ErrorCode::Usage, "an outer step of {} needs at least one contribution", module.filename().string());
    PATHLOOM_TRY(const Safetensors old, Safetensors::open(module));
    for (const TensorView& tensor : old.tensors()) {
        if (tensor.dtype != DType::F32)
            return fail(ErrorCode::Corrupt, "module tensor '{}' is {}, must be F32", tensor.name, dtype_name(tensor.dtype));
    }
    PATHLOOM_TRY(const Inputs inputs, read_inputs(old, nesterov ? momentum : std::nullopt, contributions));

    OuterResult result;
    for (const auto& tensors : inputs.deltas) {
        double squares = 0.0;
        for (const auto& values : tensors) squares += square_sum(values.data(), values.size());
        if (!std::isfinite(squares)) {
            return fail(ErrorCode::Corrupt,
                "the pseudo-gradient of path {} is not finite; lower training.lr or set training.clip",
                contributions[result.path_norms.size()].path);
        }
        result.path_norms.push_back(std::sqrt(squares));
    }

    std::vector<std::vector<float>> theta, buffers;
    double gradient_squares = 0.0, direction_squares = 0.0;
    for (std::size_t t = 0; t < old.tensors().size(); ++t) {
        const auto before = old.tensors()[t].as<float>();
        const std::size_t n = before.size();
        std::vector<float> gradient(n, 0.0f);
        std::vector<double> direction(n, 0.0);  // sum of unit pseudo-gradients: its length gives the mean pairwise cosine
        for (std::size_t c = 0; c < contributions.size(); ++c) {
            const double norm = result.path_norms[c];
            accumulate(inputs.deltas[c][t].data(), n, float(contributions[c].weight), norm > 0.0 ? 1.0 / norm : 0.0,
                gradient.data(), direction.data());
        }
        gradient_squares += square_sum(gradient.data(), n);
        direction_squares += square_sum(direction.data(), n);
        theta.emplace_back(before.begin(), before.end());
        if (nesterov) {
            if (inputs.momentum.empty())
                buffers.emplace_back(n, 0.0f);
            else
                buffers.emplace_back(inputs.momentum[t].begin(), inputs.momentum[t].end());
            nesterov_step(theta.back().data(), gradient.data(), buffers.back().data(), n, float(outer.lr), float(outer.momentum));
        } else {
            plain_step(theta.back().data(), gradient.data(), n, outer.optimizer == "sgd" ? float(outer.lr) : 1.0f);
        }
    }
    result.gradient_norm = std::sqrt(gradient_squares);
    if (const auto n = double(contributions.size()); n > 1) {
        const auto moving = double(std::ranges::count_if(result.path_norms, [](double norm) { return norm > 0.0; }));
        result.mean_cosine = std::clamp((direction_squares - moving) / (n * (n - 1.0)), -1.0, 1.0);
    }
    result.module = write_like(old, theta);
    if (nesterov) result.momentum = write_like(old, buffers);
    return result;
}

}  // namespace pathloom
