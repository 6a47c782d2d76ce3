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

/// Whether the cells are a product of two numbers that both leave a choice: what product k-means needs.
bool is_product(const TopologySpec& topology)
{
    int wide = 0, last = 1;
    for (const LevelSpec& level : topology.levels)
        if (level.modules > 1) {
            ++wide;
            last = level.modules;
        }
    if (wide != 1) return wide > 1;
    for (int factor = 2; factor * factor <= last; ++factor)
        if (last % factor == 0) return true;
    return false;
}

std::optional<Error> validate_routing(const RunSpec& spec)
{
    const RoutingSpec& routing = spec.routing;
    std::int64_t cells = 1;
    for (const LevelSpec& level : spec.topology.levels) cells *= level.modules;
    if (routing.router == "none" && cells > 1)
        return usage("routing.router 'none' sends everything to one cell, but the topology has {}; use kmeans or random", cells);
    if (routing.overlap > cells)
        return usage("routing.overlap gives each sequence to {} of the topology's {} cells; set it to {} at most",
            routing.overlap, cells, cells);
    const bool discriminative = routing.router == "discriminative";
    const bool product = routing.router == "product-kmeans" || (discriminative && routing.start == "product-kmeans");
    if (product && cells > 1 && !is_product(spec.topology))
        return usage("routing.{} 'product-kmeans' needs a x b cells with a and b at least 2, the topology has {}; use kmeans",
            discriminative ? "start" : "router", cells);
    if (discriminative && cells == 1)
        return usage("routing.router 'discriminative' chooses between paths, but the topology has one cell; use none");
    if (!discriminative && !routing.reshard.empty())
        return usage("routing.reshard fits the discriminative router anew; set routing.router=discriminative or leave it empty");
    for (std::size_t i = 0; i < routing.reshard.size(); ++i) {
        if (routing.reshard[i] >= spec.training.phases)
            return usage("routing.reshard names outer step {}, but the last one that a phase follows is {} (training.phases {})",
                routing.reshard[i], spec.training.phases - 1, spec.training.phases);
        if (i > 0 && routing.reshard[i] <= routing.reshard[i - 1])
            return usage("routing.reshard must ascend, got {} after {}", routing.reshard[i], routing.reshard[i - 1]);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Error> validate_model(const ModelSpec& model)
{
    if (model.blocks.empty())
        return usage("model.blocks must name at least one block, for example {{\"count\":4,\"kind\":\"full\"}}");
    if (model.head_dim % 2 != 0)
        return usage("model.head_dim must be even (rotary positions turn pairs), got {}", model.head_dim);
    if (model.experts == 0) return std::nullopt;
    if (model.experts < 2)
        return usage(
            "model.experts must be 0 (no mixture) or at least 2, got {}; one expert is the feed-forward itself", model.experts);
    if (model.experts_per_token > model.experts)
        return usage("model.experts_per_token gives each token to {} of {} experts; set it to {} at most",
            model.experts_per_token, model.experts, model.experts);
    if (model.expert_hidden == 0 && model.hidden() % model.experts_per_token != 0)
        return usage("model.expert_hidden 0 divides the feed-forward's width {} by model.experts_per_token {}, which leaves a "
                     "rest; set model.expert_hidden",
            model.hidden(), model.experts_per_token);
    return std::nullopt;
}

std::optional<Error> validate_run(const RunSpec& spec)
{
    if (auto error = validate_model(spec.model)) return error;
    if (auto error = validate_topology(spec.topology, int(spec.model.blocks.size()))) return error;
    if (auto error = validate_routing(spec)) return error;
    if (spec.data.corpus.empty()) return usage("data.corpus must name a corpus; see corpus list");
    if (spec.data.sequence < spec.routing.prefix + 8)
        return usage(
            "data.sequence must be at least routing.prefix + 8 = {}, got {}", spec.routing.prefix + 8, spec.data.sequence);
    std::int64_t paths = spec.topology.replicas;
    for (const LevelSpec& level : spec.topology.levels) paths *= level.modules;
    const std::int64_t sampled = spec.training.paths_per_phase;
    if (sampled > paths)
        return usage("training.paths_per_phase samples {} paths, but the topology has {}; set it to {} at most, or 0 for all",
            sampled, paths, paths);
    if (sampled > 0 && sampled * spec.training.phases < paths)
        return usage("training.paths_per_phase {} in {} phases leaves some of {} paths untrained; use {} phases or more", sampled,
            spec.training.phases, paths, (paths + sampled - 1) / sampled);
    if (spec.model.experts > 0 && spec.training.device == "cuda")
        return usage("training.device 'cuda' does not compute token-level mixtures; set training.device=cpu, or model.experts=0");
    if (spec.outer.optimizer == "fedavg" && (spec.outer.sqrt_paths || spec.outer.combine == "raw-alpha"))
        return usage("outer.optimizer 'fedavg' averages paths, so their weights must sum to 1; set outer.sqrt_paths=false and "
                     "outer.combine to mean or shard-weighted");
    if (spec.outer.optimizer == "none" && shares_modules(spec.topology))
        return usage("outer.optimizer 'none' copies paths back, but paths of this topology share modules; use nesterov or sgd");
    return std::nullopt;
}

}  // namespace pathloom
