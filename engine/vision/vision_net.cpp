// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_net.h"

#include "engine/model/kernels/activations.h"
#include "engine/model/kernels/norms.h"
#include "engine/vision/vision_layers.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pathloom {

namespace {

int rows_of(const ConvolutionShape& shape)
{
    return shape.batch * shape.out_height() * shape.out_width();
}

}  // namespace

VisionNet::VisionNet(const VisionSpec& spec, std::vector<float> values)
    : m_spec(spec)
    , m_layout(spec)
    , m_values(std::move(values))
    , m_gradients(m_layout.size(), 0.0f)
{
    if (m_values.size() != m_layout.size()) throw std::logic_error("weights of another frame encoder");
    const auto name = [](const char* kind, int i) { return fmt::format("{}{}", kind, i); };
    for (int i = 0; i < 4; ++i) {
        Stage stage;
        stage.shape.in = i == 0 ? 1 : spec.stem[std::size_t(i - 1)];
        stage.shape.out = spec.stem[std::size_t(i)];
        stage.shape.kernel_h = stage.shape.kernel_w = i == 0 ? 5 : 3;
        stage.shape.stride_w = i == 0 ? 2 : 1;
        stage.shape.stride_h = i == 3 ? 1 : 2;
        stage.filter = m_layout.at(name("stem", i) + ".filter");
        stage.gain = m_layout.at(name("stem", i) + ".gain");
        stage.bias = m_layout.at(name("stem", i) + ".bias");
        m_stages.push_back(std::move(stage));
    }
    const auto block = [&](const std::string& called, int width, int dilation) {
        Block one;
        one.shape = {1, 1, 1, width, width, 1, 5, 1, 1, dilation};
        one.filter = m_layout.at(called + ".filter");
        one.gain = m_layout.at(called + ".gain");
        return one;
    };
    for (int i = 0; i < spec.fine_blocks; ++i) m_fine.push_back(block(name("fine", i), spec.stem[3], 1));
    for (int i = 0; i < spec.blocks; ++i) m_blocks.push_back(block(name("block", i), spec.d_model, 1 << i));
}

void VisionNet::set_shapes(int batch, int height)
{
    if (batch < 1 || height < VisionRowPixels || height % VisionRowPixels != 0)
        throw std::logic_error("pictures of a wrong height");
    m_batch = batch;
    m_height = height;
    int h = height, w = m_spec.width;
    for (Stage& stage : m_stages) {
        stage.shape.batch = batch;
        stage.shape.height = h;
        stage.shape.width = w;
        h = stage.shape.out_height();
        w = stage.shape.out_width();
    }
    const auto spread = [&](std::vector<Block>& blocks, int width) {
        for (Block& block : blocks) {
            block.shape.batch = batch;
            block.shape.width = width;
        }
    };
    spread(m_fine, m_spec.columns());
    spread(m_blocks, m_spec.tokens());
}

void VisionNet::run_stage(Stage& stage, const float* x)
{
    const int rows = rows_of(stage.shape), width = stage.shape.out;
    const auto size = std::size_t(rows) * std::size_t(width);
    stage.convolved.resize(size);
    stage.normed.resize(size);
    stage.active.resize(size);
    stage.rstd.resize(std::size_t(rows));
    m_convolutions.forward(stage.shape, x, at(stage.filter), stage.convolved.data());
    rms_norm_forward(stage.convolved.data(), static_cast<const float*>(nullptr), at(stage.gain), rows, width, nullptr,
        stage.normed.data(), stage.rstd.data());
    add_bias(at(stage.bias), rows, width, stage.normed.data());
    gelu_forward(stage.normed.data(), size, stage.active.data());
}

/// dy is spent; dx is made unless null.
void VisionNet::unwind_stage(Stage& stage, const float* x, std::vector<float>& dy, std::vector<float>* dx)
{
    const int rows = rows_of(stage.shape), width = stage.shape.out;
    gelu_backward(stage.normed.data(), dy.size(), dy.data());  // `normed` is its gradient from here on
    sum_rows(stage.normed.data(), rows, width, slope(stage.bias));
    std::fill(dy.begin(), dy.end(), 0.0f);
    rms_norm_backward(stage.convolved.data(), at(stage.gain), stage.rstd.data(), stage.normed.data(), rows, width, dy.data(),
        static_cast<float*>(nullptr), slope(stage.gain));
    m_convolutions.backward_weights(stage.shape, x, dy.data(), slope(stage.filter));
    if (!dx) return;
    const ConvolutionShape& s = stage.shape;
    dx->resize(std::size_t(s.batch) * std::size_t(s.height) * std::size_t(s.width) * std::size_t(s.in));
    m_convolutions.backward_input(s, dy.data(), at(stage.filter), dx->data());
}

/// x becomes x + filter(gelu(norm(x))).
void VisionNet::run_block(Block& block, std::vector<float>& x)
{
    const int rows = rows_of(block.shape), width = block.shape.out;
    block.in = x;
    block.normed.resize(x.size());
    block.active.resize(x.size());
    block.rstd.resize(std::size_t(rows));
    rms_norm_forward(x.data(), static_cast<const float*>(nullptr), at(block.gain), rows, width, nullptr, block.normed.data(),
        block.rstd.data());
    gelu_forward(block.normed.data(), x.size(), block.active.data());
    m_convolutions.forward(block.shape, block.active.data(), at(block.filter), x.data());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += block.in[i];
}

void VisionNet::unwind_block(Block& block, std::vector<float>& dy)
{
    std::vector<float> inner(dy.size());
    m_convolutions.backward_weights(block.shape, block.active.data(), dy.data(), slope(block.filter));
    m_convolutions.backward_input(block.shape, dy.data(), at(block.filter), inner.data());
    gelu_backward(block.normed.data(), inner.size(), inner.data());
    rms_norm_backward(block.in.data(), at(block.gain), block.rstd.data(), block.normed.data(), rows_of(block.shape),
        block.shape.out, dy.data(), static_cast<float*>(nullptr), slope(block.gain));
}

const VisionOutputs& VisionNet::forward(std::span<const float> pictures, int batch, int height, std::span<const float> queries)
{
    if (pictures.size() != std::size_t(batch) * std::size_t(height) * std::size_t(m_spec.width))
        throw std::logic_error("pictures of a wrong size");
    if (queries.size() % std::size_t(m_spec.key_dim) != 0) throw std::logic_error("queries of a wrong size");
    set_shapes(batch, height);
    m_pictures.assign(pictures.begin(), pictures.end());
    m_queries.assign(queries.begin(), queries.end());
    const float* x = m_pictures.data();
    for (Stage& stage : m_stages) {
        run_stage(stage, x);
        x = stage.active.data();
    }
    pool_lines();
    m_merged_in = m_pooled;
    for (Block& block : m_fine) run_block(block, m_merged_in);
    const int tokens = batch * m_spec.tokens(), c = m_spec.stem[3], d = m_spec.d_model;
    m_joined.resize(std::size_t(tokens) * std::size_t(d));
    m_products.multiply(Form::NT, tokens, d, SymbolsAToken * c, m_merged_in.data(), at(m_layout.at("merge")), m_joined.data());
    m_last_in = m_joined;
    for (Block& block : m_blocks) run_block(block, m_last_in);
    m_last.resize(m_last_in.size());
    m_last_rstd.resize(std::size_t(tokens));
    rms_norm_forward(m_last_in.data(), static_cast<const float*>(nullptr), at(m_layout.at("last.gain")), tokens, d, nullptr,
        m_last.data(), m_last_rstd.data());
    read_rows();
    look();
    return m_out;
}

/// Where in each column the line of letters is: its rows share what the column's feature becomes.
void VisionNet::pool_lines()
{
    const auto rows = std::size_t(m_height / VisionRowPixels), columns = std::size_t(m_spec.columns()),
               c = std::size_t(m_spec.stem[3]), pictures = std::size_t(m_batch);
    const std::vector<float>& features = m_stages.back().active;
    const float* const weight = at(m_layout.at("line.weight"));
    const float bias = *at(m_layout.at("line.bias"));
    m_out.line.resize(pictures * rows * columns);
    m_share.resize(m_out.line.size());
    m_pooled.assign(pictures * columns * c, 0.0f);
    for (std::size_t i = 0; i < m_out.line.size(); ++i) m_out.line[i] = dot(&features[i * c], weight, c) + bias;
    for (std::size_t b = 0; b < pictures; ++b) {
        for (std::size_t x = 0; x < columns; ++x) {
            float sum = 0.0f;
            const auto place = [&](std::size_t r) { return (b * rows + r) * columns + x; };
            float top = m_out.line[place(0)];
            for (std::size_t r = 1; r < rows; ++r) top = std::max(top, m_out.line[place(r)]);
            for (std::size_t r = 0; r < rows; ++r) sum += m_share[place(r)] = std::exp(m_out.line[place(r)] - top);
            for (std::size_t r = 0; r < rows; ++r) {
                m_share[place(r)] /= sum;
                add_scaled(&features[place(r) * c], m_share[place(r)], c, &m_pooled[(b * columns + x) * c]);
            }
        }
    }
}

void VisionNet::unwind_pool(std::span<const float> dpooled, std::span<const float> dline, std::vector<float>& dfeatures)
{
    const auto rows = std::size_t(m_height / VisionRowPixels), columns = std::size_t(m_spec.columns()),
               c = std::size_t(m_spec.stem[3]), pictures = std::size_t(m_batch);
    const std::vector<float>& features = m_stages.back().active;
    const float* const weight = at(m_layout.at("line.weight"));
    float* const dweight = slope(m_layout.at("line.weight"));
    float& dbias = *slope(m_layout.at("line.bias"));
    dfeatures.assign(features.size(), 0.0f);
    std::vector<float> along(rows);
    for (std::size_t b = 0; b < pictures; ++b) {
        for (std::size_t x = 0; x < columns; ++x) {
            const float* const dp = &dpooled[(b * columns + x) * c];
            float mean = 0.0f;
            const auto place = [&](std::size_t r) { return (b * rows + r) * columns + x; };
            for (std::size_t r = 0; r < rows; ++r) {
                along[r] = dot(&features[place(r) * c], dp, c);
                mean += m_share[place(r)] * along[r];
            }
            for (std::size_t r = 0; r < rows; ++r) {
                const std::size_t i = place(r);
                const float d = dline[i] + m_share[i] * (along[r] - mean);
                dbias += d;
                add_scaled(&features[i * c], d, c, dweight);
                add_scaled(weight, d, c, &dfeatures[i * c]);
                add_scaled(dp, m_share[i], c, &dfeatures[i * c]);
            }
        }
    }
}

void VisionNet::backward(const VisionOutputs& slopes)
{
    std::fill(m_gradients.begin(), m_gradients.end(), 0.0f);
    const int tokens = m_batch * m_spec.tokens(), c = m_spec.stem[3], d = m_spec.d_model;
    std::vector<float> dlast;
    unwind_reader(slopes, dlast);
    std::vector<float> down(m_last_in.size(), 0.0f);
    rms_norm_backward(m_last_in.data(), at(m_layout.at("last.gain")), m_last_rstd.data(), dlast.data(), tokens, d, down.data(),
        static_cast<float*>(nullptr), slope(m_layout.at("last.gain")));
    for (auto block = m_blocks.rbegin(); block != m_blocks.rend(); ++block) unwind_block(*block, down);
    const std::size_t merge = m_layout.at("merge");
    m_products.multiply(Form::TN, d, SymbolsAToken * c, tokens, down.data(), m_merged_in.data(), slope(merge), true);
    std::vector<float> fine(m_merged_in.size());
    m_products.multiply(Form::NN, tokens, SymbolsAToken * c, d, down.data(), at(merge), fine.data());
    for (auto block = m_fine.rbegin(); block != m_fine.rend(); ++block) unwind_block(*block, fine);
    std::vector<float> features, below;
    unwind_pool(fine, slopes.line, features);
    for (std::size_t i = m_stages.size(); i-- > 0;) {
        const float* const x = i == 0 ? m_pictures.data() : m_stages[i - 1].active.data();
        unwind_stage(m_stages[i], x, features, i == 0 ? nullptr : &below);
        features.swap(below);
    }
}

}  // namespace pathloom
