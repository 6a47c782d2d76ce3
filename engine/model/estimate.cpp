// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, from its spec alone.
#include "engine/model/estimate.h"

#include "engine/model/codec.h"

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

/// `recompute`: blocks keep their input only, and one at a time everything.
std::int64_t activation_bytes(const RunSpec& spec, bool recompute)
{
    constexpr std::int64_t head_tokens = 512;
    const ModelSpec& model = spec.model;
    const std::int64_t tokens = std::int64_t(spec.data.batch) * spec.data.sequence;
    const std::int64_t d = model.d_model, a = std::int64_t(model.heads) * model.head_dim,
                       h = model.experts > 0 ? std::int64_t(model.experts_per_token) * model.expert_width() : model.hidden();
    const std::int64_t element = spec.training.precision == "bf16" ? 2 : 4;
    // Of a mixture: probabilities, gates and rows, and the rows that pad each expert's part of 512 tokens.
    const std::int64_t choices = model.experts == 0 ? 0
                                                    : 4LL * model.experts + 12LL * model.experts_per_token
            + element * model.experts * 32 * (model.ffn == "swiglu" ? 2 : 1) * model.expert_width() / 512;
    std::int64_t kept = 0;
    std::int64_t largest = 0;
    for (const std::string& kind : model.blocks) {
        const std::int64_t block = element * (2 * d + 7 * a + (model.ffn == "swiglu" ? 2 : 1) * h + (kind == "window" ? d : 0))
            + 4 * (2 * d + 2 + 3LL * model.heads) + choices;
        kept += block;
        largest = std::max(largest, block);
    }
    if (recompute) kept = std::min(kept, 4 * d * std::int64_t(model.blocks.size()) + largest);
    const std::int64_t shared = element * (4 * d + h + 8 * a) + 16 * d;
    return tokens * (kept + shared) + 4 * std::min(tokens, head_tokens) * model.vocabulary;
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
    if (const ModelSpec& model = spec.model; model.experts > 0)
        text += fmt::format("Each block has {} experts of {} parameters; a token uses {} of them\n", model.experts,
            grouped(model.expert_parameters()), model.experts_per_token);
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

std::string megabytes(std::int64_t bytes)
{
    return bytes >= 10'000'000'000 ? fmt::format("{:.1f} GB", double(bytes) * 1e-9)
                                   : fmt::format("{:.0f} MB", double(bytes) * 1e-6);
}

std::int64_t engine_bytes(const RunEstimate& estimate, std::int64_t memory_bytes)
{
    return engine_program_bytes + std::min(estimate.sum_bytes, memory_bytes / 4);
}

}  // namespace

std::int64_t machine_bytes(const RunEstimate& estimate, int workers, std::int64_t memory_bytes)
{
    return engine_bytes(estimate, memory_bytes) + workers * estimate.worker_bytes;
}

std::string memory_plan(const RunEstimate& estimate, int workers, std::int64_t memory_bytes)
{
    return fmt::format("one worker: {} = weights {}, start of the task {}, gradients {}, AdamW {}, delivery of the last task {}, "
                       "activations {} ({} with training.recompute), program {}\n"
                       "engine: {} = program {}, sums of pseudo-gradients {}\n"
                       "this machine: {} for {} local worker{} and the engine, of {}\n",
        megabytes(estimate.worker_bytes), megabytes(estimate.weight_bytes), megabytes(estimate.start_bytes),
        megabytes(estimate.gradient_bytes), megabytes(estimate.optimizer_bytes), megabytes(estimate.delivery_bytes),
        megabytes(estimate.activation_bytes), megabytes(estimate.activation_bytes_recomputed), megabytes(worker_program_bytes),
        megabytes(engine_bytes(estimate, memory_bytes)), megabytes(engine_program_bytes),
        megabytes(std::min(estimate.sum_bytes, memory_bytes / 4)), megabytes(machine_bytes(estimate, workers, memory_bytes)),
        workers, workers == 1 ? "" : "s", megabytes(memory_bytes));
}

Result<void> check_memory(const RunEstimate& estimate, int workers, std::int64_t memory_bytes)
{
    const std::int64_t needed = machine_bytes(estimate, workers, memory_bytes);
    if (needed <= memory_bytes) return {};
    const bool recompute_helps = estimate.activation_bytes_recomputed < estimate.activation_bytes;
    return fail(ErrorCode::Usage,
        "this run needs {} here and the machine has {}: {} local worker{} of {} (parameters and their optimiser {}, activations "
        "{}) "
        "and {} for the engine; {}lower data.batch or data.sequence{}, or train on machines with more memory",
        megabytes(needed), megabytes(memory_bytes), workers, workers == 1 ? "" : "s", megabytes(estimate.worker_bytes),
        megabytes(estimate.worker_bytes - estimate.activation_bytes), megabytes(estimate.activation_bytes),
        megabytes(engine_bytes(estimate, memory_bytes)), workers > 1 ? "use fewer local workers, " : "",
        recompute_helps
            ? fmt::format(", set training.recompute (activations {})", megabytes(estimate.activation_bytes_recomputed))
            : "");
}

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
    const std::int64_t idle = std::max(0, spec.model.experts - spec.model.experts_per_token) * spec.model.expert_parameters();
    estimate.active_parameters = n - (spec.model.experts > 0 ? idle * std::int64_t(spec.model.blocks.size()) : 0);
    estimate.weight_bytes = (spec.training.precision == "bf16" ? 6 : 4) * n;
    estimate.gradient_bytes = 4 * n;
    const std::int64_t residual = spec.outer.keeps_residual() ? 4 * n : 0;
    estimate.optimizer_bytes = 8 * n + residual;
    estimate.start_bytes = 4 * n;
    estimate.delivery_bytes = 20 * n + 2 * residual;
    estimate.activation_bytes_kept = activation_bytes(spec, false);
    estimate.activation_bytes_recomputed = activation_bytes(spec, true);
    estimate.activation_bytes = spec.training.recompute ? estimate.activation_bytes_recomputed : estimate.activation_bytes_kept;
    estimate.worker_bytes = estimate.weight_bytes + estimate.start_bytes + estimate.gradient_bytes + estimate.optimizer_bytes
        + estimate.delivery_bytes + estimate.activation_bytes + worker_program_bytes;
    estimate.sum_bytes = 12 * estimate.total_parameters;
    estimate.codec = spec.outer.codec;
    if (const auto codec = parse_codec(spec.outer.codec))
        for (const Column& column : topology.columns)
            estimate.delta_bytes_per_path += column_delta_bytes(spec.model, column, *codec);
    estimate.sync_bytes_per_phase = 4 * parameters_of_all_paths + estimate.paths * estimate.delta_bytes_per_path;
    estimate.data_parallel_bytes_per_phase = 2 * 4 * parameters_of_all_paths * spec.training.tau;
    estimate.total_steps_per_path = spec.training.total_steps();

    double attention = 0.0;
    for (const std::string& kind : spec.model.blocks)
        attention += 12.0 * spec.model.heads * spec.model.head_dim * mean_reach(spec, kind);
    const double tokens = double(estimate.total_steps_per_path) * spec.data.batch * spec.data.sequence;
    estimate.flops_per_path = tokens * (6.0 * double(estimate.active_parameters) + attention);
    estimate.warnings = warnings_of(spec, topology);
    estimate.explanation = explain(spec, topology);
    return estimate;
}

}  // namespace pathloom
