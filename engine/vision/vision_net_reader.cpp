// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values of frame tokens, and the reader that sees nothing else.
#include "engine/vision/vision_layers.h"
#include "engine/vision/vision_net.h"

#include <algorithm>
#include <utility>

namespace pathloom {

void VisionNet::read_rows()
{
    const int tokens = m_batch * m_spec.tokens(), d = m_spec.d_model, k = m_spec.key_dim, s = SymbolsAToken * FrameSymbols;
    const auto n = std::size_t(tokens), width = std::size_t(k);
    m_keys.resize(n * width);
    m_values_raw.resize(n * width);
    m_products.multiply(Form::NT, tokens, k, d, m_last.data(), at(m_layout.at("key")), m_keys.data());
    m_products.multiply(Form::NT, tokens, k, d, m_last.data(), at(m_layout.at("value")), m_values_raw.data());
    const auto row_width = std::size_t(m_spec.row_dim());
    m_out.rows.resize(n * row_width);
    m_out.wanted.resize(m_queries.size() / width * n);
    m_out.spelled.resize(n * std::size_t(s));
    std::vector<float> values(n * width);
    for (std::size_t i = 0; i < n; ++i) {
        float* const row = &m_out.rows[i * row_width];
        to_unit(&m_keys[i * width], width, row);
        to_unit(&m_values_raw[i * width], width, row + width);
        for (std::size_t q = 0; q * width < m_queries.size(); ++q)
            m_out.wanted[q * n + i] = logit(dot(row, &m_queries[q * width], width));
        std::copy_n(row + width, width, &values[i * width]);
    }
    m_products.multiply(Form::NT, tokens, s, k, values.data(), at(m_layout.at("reader.spell")), m_out.spelled.data());
    add_bias(at(m_layout.at("reader.spell_bias")), tokens, s, m_out.spelled.data());
}

void VisionNet::unwind_reader(const VisionOutputs& slopes, std::vector<float>& dlast)
{
    const int tokens = m_batch * m_spec.tokens(), d = m_spec.d_model, k = m_spec.key_dim, s = SymbolsAToken * FrameSymbols;
    const auto n = std::size_t(tokens), width = std::size_t(k), row_width = std::size_t(m_spec.row_dim());
    std::vector<float> values(n * width), dvalues(n * width), dkeys(n * width), unit_key(width);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(&m_out.rows[i * row_width + width], width, &values[i * width]);
    sum_rows(slopes.spelled.data(), tokens, s, slope(m_layout.at("reader.spell_bias")));
    m_products.multiply(Form::TN, s, k, tokens, slopes.spelled.data(), values.data(), slope(m_layout.at("reader.spell")), true);
    m_products.multiply(Form::NN, tokens, k, s, slopes.spelled.data(), at(m_layout.at("reader.spell")), dvalues.data());
    const float scale = *at(m_layout.at("reader.scale"));
    float &dscale = *slope(m_layout.at("reader.scale")), &dbias = *slope(m_layout.at("reader.bias"));
    for (std::size_t i = 0; i < n; ++i) {
        const float* const key = &m_out.rows[i * row_width];
        std::fill(unit_key.begin(), unit_key.end(), 0.0f);
        for (std::size_t q = 0; q * width < m_queries.size(); ++q) {
            const float down = slopes.wanted[q * n + i];
            dscale += down * dot(key, &m_queries[q * width], width);
            dbias += down;
            add_scaled(&m_queries[q * width], down * scale, width, unit_key.data());
        }
        unwind_unit(&m_keys[i * width], key, unit_key.data(), width, &dkeys[i * width]);
        const std::vector<float> dvalue(&dvalues[i * width], &dvalues[i * width] + width);
        unwind_unit(&m_values_raw[i * width], &values[i * width], dvalue.data(), width, &dvalues[i * width]);
    }
    dlast.resize(n * std::size_t(d));
    for (const auto& [name, slopes_of] : {std::pair{"key", &dkeys}, std::pair{"value", &dvalues}}) {
        const std::size_t offset = m_layout.at(name);
        m_products.multiply(Form::TN, k, d, tokens, slopes_of->data(), m_last.data(), slope(offset), true);
        m_products.multiply(Form::NN, tokens, d, k, slopes_of->data(), at(offset), dlast.data(), slopes_of == &dvalues);
    }
}

float VisionNet::logit(float cosine) const
{
    return *at(m_layout.at("reader.scale")) * cosine + *at(m_layout.at("reader.bias"));
}

std::vector<float> VisionNet::spell(std::span<const float> value) const
{
    const float* const weight = at(m_layout.at("reader.spell"));
    std::vector<float> out(std::size_t(SymbolsAToken * FrameSymbols));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = dot(weight + i * value.size(), value.data(), value.size()) + at(m_layout.at("reader.spell_bias"))[i];
    return out;
}

}  // namespace pathloom
