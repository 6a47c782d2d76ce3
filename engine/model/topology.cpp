// SPDX-License-Identifier: GPL-3.0-or-later
// Columns, modules and paths of a topology, and the tensors of each module.
#include "engine/model/topology.h"

#include <algorithm>
#include <cmath>

namespace pathloom {

namespace {

int path_count(const TopologySpec& topology)
{
    int paths = topology.replicas;
    for (const LevelSpec& level : topology.levels) paths *= level.modules;
    return paths;
}

/// A level in pieces: its path-specific blocks become columns of their own; what is left keeps the level's modules.
std::vector<Column> level_columns(const TopologySpec& topology, int level, int paths)
{
    const LevelSpec& spec = topology.levels[std::size_t(level)];
    std::vector<Column> columns;
    int pieces = 0;
    bool open = false;
    for (const int block : spec.blocks) {
        if (std::count(topology.path_specific_blocks.begin(), topology.path_specific_blocks.end(), block) > 0) {
            columns.push_back({fmt::format("block{}", block), fmt::format("Block {}", block), {block}, paths, true, level});
            open = false;
            continue;
        }
        if (!open) {
            const std::string suffix = pieces == 0 ? ""
                : pieces < 26                      ? std::string(1, char('a' + pieces))
                                                   : fmt::format("_{}", pieces);
            columns.push_back({fmt::format("level{}{}", level, suffix), fmt::format("Level {}{}", level, suffix), {},
                spec.modules, false, level});
            ++pieces;
            open = true;
        }
        columns.back().blocks.push_back(block);
    }
    return columns;
}

void add_modules(Topology& topology, const ModelSpec& model)
{
    for (std::size_t c = 0; c < topology.columns.size(); ++c) {
        const Column& column = topology.columns[c];
        const std::int64_t parameters = column_parameters(model, column);
        for (int i = 0; i < column.modules; ++i)
            topology.modules.push_back({fmt::format("{}.{}", column.name, i), int(c), i, parameters, {}});
    }
}

TensorSpec matrix(std::string name, std::int64_t rows, std::int64_t columns, double std_scale)
{
    return {std::move(name), {rows, columns}, std_scale / std::sqrt(double(columns)), 0.0, false, true};
}

TensorSpec ones(std::string name, std::int64_t size)
{
    return {std::move(name), {size}, 0.0, 1.0, false, false};
}

void add_block_tensors(std::vector<TensorSpec>& tensors, const ModelSpec& model, int block)
{
    const std::string prefix = fmt::format("block{}.", block);
    const std::int64_t d = model.d_model, a = std::int64_t(model.heads) * model.head_dim;
    // What a block adds to the residual stream is scaled by depth, so that the sum over 2 x blocks branches keeps its size.
    const double depth = 1.0 / std::sqrt(2.0 * double(model.blocks.size()));
    tensors.push_back(ones(prefix + "norm1", d));
    if (model.blocks[std::size_t(block)] == "window")
        tensors.push_back({prefix + "conv", {d, model.conv}, 0.0, 0.0, true, false});
    tensors.push_back(matrix(prefix + "attn.q", a, d, 1.0));
    tensors.push_back(matrix(prefix + "attn.k", a, d, 1.0));
    tensors.push_back(matrix(prefix + "attn.v", a, d, 1.0));
    tensors.push_back(matrix(prefix + "attn.o", d, a, depth));
    tensors.push_back(ones(prefix + "attn.q_norm", model.head_dim));
    tensors.push_back(ones(prefix + "attn.k_norm", model.head_dim));
    tensors.push_back(ones(prefix + "norm2", d));
    const auto feed_forward = [&](const std::string& name, std::int64_t width) {
        if (model.ffn == "swiglu") tensors.push_back(matrix(name + "gate", width, d, 1.0));
        tensors.push_back(matrix(name + "up", width, d, 1.0));
        tensors.push_back(matrix(name + "down", d, width, depth));
    };
    if (model.experts == 0) return feed_forward(prefix + "ffn.", model.hidden());
    // 0.02: at first a token likes all experts about equally.
    tensors.push_back({prefix + "ffn.router", {model.experts, d}, 0.02, 0.0, false, true});
    for (int e = 0; e < model.experts; ++e) feed_forward(fmt::format("{}ffn.expert{}.", prefix, e), model.expert_width());
}

}  // namespace

std::int64_t Topology::path_parameters(int path) const
{
    std::int64_t sum = 0;
    for (const int module : path_modules[std::size_t(path)]) sum += modules[std::size_t(module)].parameters;
    return sum;
}

std::int64_t Topology::total_parameters() const
{
    std::int64_t sum = 0;
    for (const Module& module : modules) sum += module.parameters;
    return sum;
}

Topology build_topology(const ModelSpec& model, const TopologySpec& spec)
{
    const int paths = path_count(spec);
    Topology topology;
    topology.replicas = spec.replicas;
    topology.columns.push_back(
        {"embed", "Embed", {}, spec.path_specific_embedding ? paths : 1, spec.path_specific_embedding, -1});
    for (std::size_t level = 0; level < spec.levels.size(); ++level)
        for (Column& column : level_columns(spec, int(level), paths)) topology.columns.push_back(std::move(column));
    topology.columns.push_back({"head", "Head", {}, spec.path_specific_head ? paths : 1, spec.path_specific_head, -1});
    add_modules(topology, model);

    for (int path = 0; path < paths; ++path) {
        std::vector<int> choice(spec.levels.size());
        int cell = path / spec.replicas;
        for (std::size_t level = spec.levels.size(); level-- > 0;) {
            choice[level] = cell % spec.levels[level].modules;
            cell /= spec.levels[level].modules;
        }
        std::vector<int> chosen;
        int first = 0;
        for (const Column& column : topology.columns) {
            const int index = column.path_specific ? path : column.level < 0 ? 0 : choice[std::size_t(column.level)];
            chosen.push_back(first + index);
            topology.modules[std::size_t(first + index)].paths.push_back(path);
            first += column.modules;
        }
        topology.path_modules.push_back(std::move(chosen));
        topology.path_choice.push_back(std::move(choice));
    }
    return topology;
}

Topology warm_topology(const ModelSpec& model)
{
    TopologySpec dense;
    LevelSpec level;
    for (std::size_t block = 0; block < model.blocks.size(); ++block) level.blocks.push_back(int(block));
    dense.levels = {level};
    return build_topology(model, dense);
}

std::vector<TensorSpec> column_tensors(const ModelSpec& model, const Column& column)
{
    std::vector<TensorSpec> tensors;
    // The embedding is also the output head: 0.02 keeps the first logits (std 0.02 sqrt(d)) below 1 at every size we use.
    if (column.name == "embed") tensors.push_back({"embedding", {model.vocabulary, model.d_model}, 0.02, 0.0, false, true});
    if (column.name == "head") tensors.push_back(ones("norm", model.d_model));
    for (const int block : column.blocks) add_block_tensors(tensors, model, block);
    return tensors;
}

std::int64_t column_parameters(const ModelSpec& model, const Column& column)
{
    std::int64_t sum = 0;
    for (const TensorSpec& tensor : column_tensors(model, column)) {
        std::int64_t elements = 1;
        for (const std::int64_t extent : tensor.shape) elements *= extent;
        sum += elements;
    }
    return sum;
}

}  // namespace pathloom
