// SPDX-License-Identifier: GPL-3.0-or-later
// The looks of frame tokens: one map of what a strip shows, and its slopes.
#include "engine/vision/scene_features.h"
#include "engine/vision/vision_layers.h"
#include "engine/vision/vision_net.h"

#include <algorithm>
#include <stdexcept>

namespace pathloom {

std::vector<float> unit_looks(const VisionSpec& spec, std::span<const float> rows)
{
    const auto wide = std::size_t(spec.row_dim()), width = std::size_t(spec.look_dim), n = rows.size() / wide;
    std::vector<float> out(n * width);
    for (std::size_t i = 0; i < n; ++i) to_unit(&rows[(i + 1) * wide - width], width, &out[i * width]);
    return out;
}

void VisionNet::look()
{
    const int tokens = m_batch * m_spec.tokens(), inputs = int(look_inputs(m_spec));
    const auto width = std::size_t(m_spec.look_dim), row_width = std::size_t(m_spec.row_dim());
    scene_features(m_spec, m_batch, m_height, m_pictures, m_stages.back().active, m_look_inputs);
    m_looks_raw.resize(std::size_t(tokens) * width);
    m_products.multiply(
        Form::NT, tokens, m_spec.look_dim, inputs, m_look_inputs.data(), at(m_layout.at("look")), m_looks_raw.data());
    for (std::size_t i = 0; i < std::size_t(tokens); ++i) {
        float* const part = &m_out.rows[(i + 1) * row_width - width];
        to_unit(&m_looks_raw[i * width], width, part);
        for (std::size_t k = 0; k < width; ++k) part[k] *= 0.5f;
    }
}

void VisionNet::backward_looks(std::span<const float> slopes)
{
    const int tokens = m_batch * m_spec.tokens(), inputs = int(look_inputs(m_spec));
    const auto width = std::size_t(m_spec.look_dim);
    if (slopes.size() != m_looks_raw.size()) throw std::logic_error("slopes of other looks");
    std::fill(m_gradients.begin(), m_gradients.end(), 0.0f);
    std::vector<float> down(slopes.size()), unit(width);
    for (std::size_t i = 0; i < std::size_t(tokens); ++i) {
        to_unit(&m_looks_raw[i * width], width, unit.data());
        unwind_unit(&m_looks_raw[i * width], unit.data(), &slopes[i * width], width, &down[i * width]);
    }
    m_products.multiply(
        Form::TN, m_spec.look_dim, inputs, tokens, down.data(), m_look_inputs.data(), slope(m_layout.at("look")), true);
}

}  // namespace pathloom
