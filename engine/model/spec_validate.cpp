// SPDX-License-Identifier: GPL-3.0-or-later
// Checks that need more than one key of a spec. Each message names the key to change.
#include "engine/model/spec_validate.h"

#include <algorithm>

namespace pathloom {

namespace {

template <class... Args>
Error usage(fmt::format_string<Args...> format, Args&&... args)
{
    return Error{ErrorCode::Usage, fmt::format(format, std::forward<Args>(args)...)};
}

std::optional<Error> validate_levels(const TopologySpec& topology, int blocks)
{
    std::vector<int> holder(std::size_t(blocks), -1);
    int next = 0;
    for (std::size_t l = 0; l < topology.levels.size(); ++l) {
        const LevelSpec& level = topology.levels[l];
        if (level.blocks.empty()) return usage("topology.levels[{}].blocks must hold at least one block", l);
        for (const int block : level.blocks) {
            if (block < 0 || block >= blocks)
                return usage(
                    "topology.levels[{}].blocks names block {}, but model.blocks has {} (0 to {})", l, block, blocks, blocks - 1);
            if (holder[std::size_t(block)] >= 0)
                return usage("block {} is in topology.levels[{}] and in topology.levels[{}]; a block belongs to one level", block,
                    holder[std::size_t(block)], l);
            holder[std::size_t(block)] = int(l);
        }
    }
    for (int block = 0; block < blocks; ++block)
        if (holder[std::size_t(block)] < 0) return usage("no level of topology.levels holds block {}", block);
    for (std::size_t l = 0; l < topology.levels.size(); ++l)
        for (const int block : topology.levels[l].blocks)
            if (block != next++)
                return usage("topology.levels[{}].blocks must go on with block {}, got {}; levels hold consecutive blocks", l,
                    next - 1, block);
    return std::nullopt;
}

std::optional<Error> validate_topology(const TopologySpec& topology, int blocks)
{
    if (topology.levels.empty()) return usage("topology.levels must have at least one level");
    if (auto error = validate_levels(topology, blocks)) return error;
    std::int64_t paths = topology.replicas;
    for (const LevelSpec& level : topology.levels)
        if (__builtin_mul_overflow(paths, std::int64_t(level.modules), &paths) || paths > most_paths)
            return usage("topology has more than {} paths; use fewer modules a level or fewer levels", most_paths);
    for (std::size_t i = 0; i < topology.path_specific_blocks.size(); ++i) {
        const int block = topology.path_specific_blocks[i];
        if (block < 0 || block >= blocks)
            return usage(
                "topology.path_specific.blocks names block {}, but model.blocks has {} (0 to {})", block, blocks, blocks - 1);
        if (i > 0 && block == topology.path_specific_blocks[i - 1])
            return usage("topology.path_specific.blocks names block {} twice", block);
    }
    return std::nullopt;
}

/// Whether some module has several paths through it.
bool shares_modules(const TopologySpec& topology)
{
    std::int64_t paths = topology.replicas;
    for (const LevelSpec& level : topology.levels) paths *= level.modules;
    if (paths == 1) return false;
    if (!topology.path_specific_embedding || !topology.path_specific_head) return true;
    for (const LevelSpec& level : topology.levels) {
        const bool all_specific = std::all_of(level.blocks.begin(), level.blocks.end(), [&](int block) {
            return std::count(topology.path_specific_blocks.begin(), topology.path_specific_blocks.end(), block) > 0;
        });
        if (!all_specific && level.modules < paths) return true;
    }
    return false;
}

}  // namespace

std::optional<Error> validate_model(const ModelSpec& model)
{
    if (model.blocks.empty())
        return usage("model.blocks must name at least one block, for example {{\"count\":4,\"kind\":\"full\"}}");
    if (model.head_dim % 2 != 0)
        return usage("model.head_dim must be even (rotary positions turn pairs), got {}", model.head_dim);
    return std::nullopt;
}

std::optional<Error> validate_run(const RunSpec& spec)
{
    if (auto error = validate_model(spec.model)) return error;
    if (auto error = validate_topology(spec.topology, int(spec.model.blocks.size()))) return error;
    std::int64_t cells = 1;
    for (const LevelSpec& level : spec.topology.levels) cells *= level.modules;
    if (spec.routing.router == "none" && cells > 1)
        return usage("routing.router 'none' sends everything to one cell, but the topology has {}; use kmeans or random", cells);
    if (spec.data.corpus.empty()) return usage("data.corpus must name a corpus; see corpus list");
    if (spec.data.sequence < spec.routing.prefix + 8)
        return usage(
            "data.sequence must be at least routing.prefix + 8 = {}, got {}", spec.routing.prefix + 8, spec.data.sequence);
    if (spec.outer.optimizer == "none" && shares_modules(spec.topology))
        return usage("outer.optimizer 'none' copies paths back, but paths of this topology share modules; use nesterov or sgd");
    return std::nullopt;
}

}  // namespace pathloom
