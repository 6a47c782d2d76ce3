// SPDX-License-Identifier: GPL-3.0-or-later
// Flat parameter buffers and module blobs.
#include "engine/model/parameters.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace pathloom {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape)
{
    std::string text;
    for (const std::int64_t extent : shape) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text;
}

Result<void> check_columns(const ModelSpec& model, const std::vector<Column>& columns)
{
    std::vector<int> holders(model.blocks.size(), 0);
    int embeds = 0, heads = 0;
    for (const Column& column : columns) {
        embeds += column.blocks.empty() && column.name == "embed";
        heads += column.blocks.empty() && column.name == "head";
        for (const int block : column.blocks) {
            if (block < 0 || block >= int(holders.size())) {
                return fail(ErrorCode::Usage, "column '{}' holds block {}, but the model has {} blocks", column.name, block,
                    holders.size());
            }
            ++holders[std::size_t(block)];
        }
    }
    if (embeds != 1 || heads != 1) {
        return fail(ErrorCode::Usage, "a path needs one column 'embed' and one column 'head', got {} and {}", embeds, heads);
    }
    for (std::size_t b = 0; b < holders.size(); ++b) {
        if (holders[b] != 1)
            return fail(ErrorCode::Usage, "block {} is held by {} columns of the path, must be 1", b, holders[b]);
    }
    return {};
}

}  // namespace

Column make_column(const std::string& name, std::vector<int> blocks)
{
    Column column;
    column.name = name;
    column.title = name;
    column.blocks = std::move(blocks);
    return column;
}

Result<ParameterLayout> ParameterLayout::build(const ModelSpec& model, std::vector<Column> columns)
{
    PATHLOOM_CHECK(check_columns(model, columns));
    ParameterLayout layout;
    layout.m_columns = std::move(columns);
    for (std::size_t c = 0; c < layout.m_columns.size(); ++c) {
        for (const TensorSpec& spec : column_tensors(model, layout.m_columns[c])) {
            ParameterView view;
            view.name = spec.name;
            view.shape = spec.shape;
            view.offset = layout.m_size;
            view.size = 1;
            for (const std::int64_t extent : spec.shape) view.size *= std::size_t(extent);
            view.column = int(c);
            view.decay = spec.decay;
            layout.m_size += view.size;
            layout.m_index.emplace(view.name, layout.m_tensors.size());
            layout.m_tensors.push_back(std::move(view));
        }
    }
    return layout;
}

const ParameterView& ParameterLayout::at(std::string_view name) const
{
    const auto found = m_index.find(name);
    if (found == m_index.end()) throw std::logic_error(fmt::format("no parameter '{}' in this model", name));
    return m_tensors[found->second];
}

Result<void> ParameterLayout::load_column(
    int column, const Safetensors& blob, std::span<float> values, const std::string& prefix) const
{
    for (const ParameterView& view : m_tensors) {
        if (view.column != column) continue;
        PATHLOOM_TRY(const TensorView* tensor, blob.expect(prefix + view.name, DType::F32));
        if (tensor->shape != view.shape) {
            return fail(ErrorCode::Corrupt,
                "tensor '{}' of column '{}' has shape [{}], the model needs [{}]; the blob belongs to another model",
                tensor->name, m_columns[std::size_t(column)].name, shape_text(tensor->shape), shape_text(view.shape));
        }
        std::memcpy(values.data() + view.offset, tensor->data.data(), view.size * sizeof(float));
    }
    return {};
}

void ParameterLayout::append_views(
    int column, std::span<const float> values, const std::string& prefix, std::vector<TensorView>& views) const
{
    for (const ParameterView& view : m_tensors) {
        if (view.column != column) continue;
        views.push_back({prefix + view.name, DType::F32, view.shape, std::as_bytes(values.subspan(view.offset, view.size))});
    }
}

std::vector<std::byte> ParameterLayout::save_column(int column, std::span<const float> values) const
{
    std::vector<TensorView> views;
    append_views(column, values, {}, views);
    return write_safetensors(views);
}

}  // namespace pathloom
