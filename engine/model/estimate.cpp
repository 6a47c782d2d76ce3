// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, from its spec alone.
#include "engine/model/estimate.h"

#include <algorithm>

namespace pathloom {

namespace {

/// 1234567 -> "1,234,567".
std::string grouped(std::int64_t n)
{
    const std::string digits = std::to_string(n);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::int64_t activation_bytes(const RunSpec& spec)
{
    const ModelSpec& model = spec.model;
    const std::int64_t tokens = std::int64_t(spec.data.batch) * spec.data.sequence;
    const std::int64_t a = std::int64_t(model.heads) * model.head_dim;
    std::int64_t per_token = 0;
    for (const std::string& kind : model.blocks) {
        const std::int64_t reach
            = kind == "window" ? std::min<std::int64_t>(spec.data.sequence, 2LL * model.window) : spec.data.sequence;
        per_token += 6LL * model.d_model + 8 * a + (model.ffn == "swiglu" ? 4 : 2) * std::int64_t(model.hidden())
            + 2LL * model.heads * reach;
    }
    const std::int64_t element = spec.training.precision == "bf16" ? 2 : 4;
    return element * tokens * per_token + 12 * tokens * model.vocabulary;
}

/// Mean over the positions of a sequence of how many positions one attends to, itself included.
double mean_reach(const RunSpec& spec, const std::string& kind)
{
    const double n = spec.data.sequence;
    if (kind != "window" || spec.model.window >= spec.data.sequence) return (n + 1) / 2;
    const double w = spec.model.window;
    return (w * (w + 1) / 2 + (n - w) * w) / n;
}

std::string blocks_of(const Column& column)
{
    if (column.blocks.empty()) return "";
    if (column.blocks.size() == 1) return fmt::format(" (block {})", column.blocks.front());
    return fmt::format(" (blocks {}-{})", column.blocks.front(), column.blocks.back());
}

std::string explain(const RunSpec& spec, const Topology& topology)
{
    std::string text;
    for (const Column& column : topology.columns) {
        const std::int64_t one = column_parameters(spec.model, column);
        text += fmt::format("{}{}: {} {} x {} = {}{}\n", column.title, blocks_of(column), column.modules,
            column.modules == 1 ? "module" : "modules", grouped(one), grouped(one * column.modules),
            column.path_specific ? ", one for each path"
                : topology.paths() > 1 && column.modules < topology.paths()
                ? fmt::format(", {} paths through each", topology.paths() / column.modules)
                : "");
    }
    text
        += fmt::format("A path: {}; all modules: {}", grouped(topology.path_parameters(0)), grouped(topology.total_parameters()));
    return text;
}

std::vector<std::string> warnings_of(const RunSpec& spec, const Topology& topology)
{
    std::vector<std::string> warnings;
    const bool windowed = std::count(spec.model.blocks.begin(), spec.model.blocks.end(), "window") > 0;
    if (windowed && spec.model.window >= spec.data.sequence)
        warnings.push_back(
            fmt::format("model.window {} reaches over the whole sequence of {}: window blocks attend like full ones",
                spec.model.window, spec.data.sequence));
    if (spec.training.warmup_steps >= spec.training.total_steps())
        warnings.push_back(
            fmt::format("training.warmup_steps {} is not shorter than the run ({} steps): the full rate is never reached",
                spec.training.warmup_steps, spec.training.total_steps()));
    if (2 * spec.routing.prefix > spec.data.sequence)
        warnings.push_back(fmt::format("routing.prefix {} is more than half of data.sequence {}: most tokens are never scored",
            spec.routing.prefix, spec.data.sequence));
    const bool clusters = spec.routing.router == "kmeans" || spec.routing.router == "product-kmeans";
    if (clusters && topology.cells() > 1 && spec.training.warm_start_steps == 0)
        warnings.emplace_back("training.warm_start_steps is 0: k-means will cluster the features of an untrained model");
    return warnings;
}

}  // namespace

RunEstimate estimate_run(const RunSpec& spec)
{
    const Topology topology = build_topology(spec.model, spec.topology);
    RunEstimate estimate;
    estimate.paths = topology.paths();
    estimate.modules = int(topology.modules.size());
    estimate.embedding_parameters = std::int64_t(spec.model.vocabulary) * spec.model.d_model;
    estimate.total_parameters = topology.total_parameters();
    std::int64_t parameters_of_all_paths = 0;
    for (int path = 0; path < topology.paths(); ++path) {
        const std::int64_t n = topology.path_parameters(path);
        estimate.path_parameters = std::max(estimate.path_parameters, n);
        parameters_of_all_paths += n;
    }
    const std::int64_t n = estimate.path_parameters;
    estimate.weight_bytes = (spec.training.precision == "bf16" ? 6 : 4) * n;
    estimate.gradient_bytes = 4 * n;
    estimate.optimizer_bytes = 8 * n;
    estimate.activation_bytes = activation_bytes(spec);
    estimate.worker_bytes
        = estimate.weight_bytes + estimate.gradient_bytes + estimate.optimizer_bytes + estimate.activation_bytes;
    estimate.sync_bytes_per_phase = 2 * 4 * parameters_of_all_paths;
    estimate.data_parallel_bytes_per_phase = estimate.sync_bytes_per_phase * spec.training.tau;
    estimate.total_steps_per_path = spec.training.total_steps();

    double attention = 0.0;
    for (const std::string& kind : spec.model.blocks)
        attention += 12.0 * spec.model.heads * spec.model.head_dim * mean_reach(spec, kind);
    const double tokens = double(estimate.total_steps_per_path) * spec.data.batch * spec.data.sequence;
    estimate.flops_per_path = tokens * (6.0 * double(n) + attention);
    estimate.warnings = warnings_of(spec, topology);
    estimate.explanation = explain(spec, topology);
    return estimate;
}

}  // namespace pathloom
