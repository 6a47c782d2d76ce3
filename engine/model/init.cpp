// SPDX-License-Identifier: GPL-3.0-or-later
// First weights of a module.
#include "engine/model/init.h"

#include "engine/core/rng.h"
#include "engine/store/safetensors.h"

#include <algorithm>

namespace pathloom {

namespace {

std::vector<float> initial_values(const TensorSpec& tensor, std::uint64_t seed)
{
    std::size_t elements = 1;
    for (const std::int64_t extent : tensor.shape) elements *= std::size_t(extent);
    std::vector<float> values(elements, float(tensor.init_value));
    if (tensor.identity_conv) {
        const std::size_t kernel = std::size_t(tensor.shape.back());
        for (std::size_t i = kernel - 1; i < elements; i += kernel) values[i] = 1.0f;
    } else if (tensor.init_std > 0.0) {
        Rng rng(mix(seed, text_key(tensor.name)));
        std::generate(values.begin(), values.end(), [&] { return float(tensor.init_std * rng.truncated_normal(2.0)); });
    }
    return values;
}

}  // namespace

std::vector<std::byte> init_column(const ModelSpec& model, const Column& column, std::uint64_t seed)
{
    const std::vector<TensorSpec> tensors = column_tensors(model, column);
    std::vector<std::vector<float>> values;
    std::vector<TensorView> views;
    values.reserve(tensors.size());
    for (const TensorSpec& tensor : tensors) {
        values.push_back(initial_values(tensor, seed));
        views.push_back({tensor.name, DType::F32, tensor.shape, std::as_bytes(std::span(values.back()))});
    }
    return write_safetensors(views);
}

}  // namespace pathloom
