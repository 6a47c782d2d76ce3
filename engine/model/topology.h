// SPDX-License-Identifier: GPL-3.0-or-later
// A topology laid out as columns: embed, runs of blocks, head. A path picks one module in each column.
// DiPaCo (2403.10616) section 2.3: P = product of K_l; DiLoCo and the dense path are special cases (model.md).
#pragma once

#include "engine/model/spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// A column of interchangeable modules. Levels, path-specific blocks cut out of levels, embed and head are all columns.
struct Column {
    std::string name;  ///< "embed", "level0", "block5" (path-specific), "head"; "level0b" when a level is cut in two
    std::string title;  ///< "Embed", "Level 0", "Block 5", "Head"
    std::vector<int> blocks;  ///< empty for embed and head
    int modules = 1;
    bool path_specific = false;
    int level = -1;  ///< index into TopologySpec::levels, -1 for embed and head
    bool operator==(const Column&) const = default;
};

/// One module: column `column`, number `index` within it. Its flat id is its position in Topology::modules.
struct Module {
    std::string name;  ///< "level0.1"
    int column = 0;
    int index = 0;
    std::int64_t parameters = 0;
    std::vector<int> paths;  ///< paths through it, ascending
    bool operator==(const Module&) const = default;
};

struct Topology {
    std::vector<Column> columns;
    std::vector<Module> modules;  ///< ordered by column, then index
    std::vector<std::vector<int>> path_modules;  ///< [path][column] -> module id
    std::vector<std::vector<int>> path_choice;  ///< [path][level] -> module of that level
    int replicas = 1;
    [[nodiscard]] int paths() const { return int(path_modules.size()); }
    /// Combination of level choices without the replica: paths with the same cell share every shared module.
    [[nodiscard]] int cell_of(int path) const { return path / replicas; }
    [[nodiscard]] int cells() const { return paths() / replicas; }
    [[nodiscard]] std::int64_t path_parameters(int path) const;
    [[nodiscard]] std::int64_t total_parameters() const;
    bool operator==(const Topology&) const = default;
};

/// Lay out `spec`. path = cell * replicas + replica; cell is mixed radix over the levels, the first level most significant.
Topology build_topology(const ModelSpec& model, const TopologySpec& topology);

/// The dense model of the warm start: embed, all blocks as one column, head. The same for every topology of a model, so runs that
/// differ only in their paths share one warm start; each module then takes its own tensors out of it.
Topology warm_topology(const ModelSpec& model);

/// Name, shape and initialiser of each tensor that a column's module holds, in safetensors order.
struct TensorSpec {
    std::string name;  ///< "block3.attn.q", "embedding", "norm" ...
    std::vector<std::int64_t> shape;
    double init_std = 0.0;  ///< truncated normal (cut at 2 std); 0 = constant `init_value`
    double init_value = 0.0;
    bool identity_conv = false;  ///< [d, kernel] that starts as the identity: 1 at the last tap (the current token), 0 before it
    bool decay = true;  ///< takes weight decay (matrices do, norms and convolutions' gains do not)
    bool operator==(const TensorSpec&) const = default;
};
std::vector<TensorSpec> column_tensors(const ModelSpec& model, const Column& column);
std::int64_t column_parameters(const ModelSpec& model, const Column& column);

}  // namespace pathloom
