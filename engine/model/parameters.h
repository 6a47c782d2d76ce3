// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of one path in one flat buffer, and their way in and out of module blobs.
#pragma once

#include "engine/core/result.h"
#include "engine/model/spec.h"
#include "engine/model/topology.h"
#include "engine/store/safetensors.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// One tensor inside the flat buffer.
struct ParameterView {
    std::string name;
    std::vector<std::int64_t> shape;
    std::size_t offset = 0;  ///< in floats
    std::size_t size = 0;
    int column = 0;
    bool decay = true;
};

/// Where each tensor of a path lives. Columns follow one another in the order given, tensors in column_tensors() order.
class ParameterLayout {
public:
    /// Usage error when the columns do not hold embed, head and every block exactly once.
    static Result<ParameterLayout> build(const ModelSpec& model, std::vector<Column> columns);

    [[nodiscard]] const std::vector<ParameterView>& tensors() const { return m_tensors; }
    [[nodiscard]] const std::vector<Column>& columns() const { return m_columns; }
    [[nodiscard]] std::size_t size() const { return m_size; }
    /// The tensor of that name; a missing one is a bug.
    [[nodiscard]] const ParameterView& at(std::string_view name) const;

    /// Copy the tensors of `column` out of a module blob. Corrupt naming the tensor when it is missing, not F32 or of another
    /// shape. `prefix` goes before each name ("m." for a first moment).
    Result<void> load_column(int column, const Safetensors& blob, std::span<float> values, const std::string& prefix = {}) const;
    /// The tensors of `column` as a module blob.
    [[nodiscard]] std::vector<std::byte> save_column(int column, std::span<const float> values) const;
    /// Views of `column`'s tensors in `values`, named prefix + name, for a blob of several buffers.
    void append_views(int column, std::span<const float> values, const std::string& prefix, std::vector<TensorView>& views) const;

private:
    std::vector<Column> m_columns;
    std::vector<ParameterView> m_tensors;
    std::map<std::string, std::size_t, std::less<>> m_index;
    std::size_t m_size = 0;
};

/// A column of a task: "embed", "head" or any name with blocks.
Column make_column(const std::string& name, std::vector<int> blocks);

}  // namespace pathloom
