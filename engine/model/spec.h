// SPDX-License-Identifier: GPL-3.0-or-later
// The run spec: everything that decides a run, as plain values. JSON in, JSON out, every default written out.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pathloom {

/// Transformer shape (model.md "Blocks"). `blocks[i]` is "full" or "window".
struct ModelSpec {
    int vocabulary = 8192;
    int d_model = 128;
    int heads = 4;
    int head_dim = 32;
    std::string ffn = "swiglu";  ///< "swiglu" (three matrices) or "gelu" (two, hidden 4 d: the paper's block)
    int ffn_hidden = 0;  ///< 0 = 8/3 d rounded to 32 (swiglu) or 4 d (gelu)
    int experts = 0;  ///< token-level mixture (mixture.h): experts in place of each block's feed-forward; 0 = none
    int experts_per_token = 2;
    int expert_hidden = 0;  ///< width of an expert; 0 = hidden / experts_per_token: as many active parameters as without
    double balance_loss = 0.01;  ///< weight of the load-balance loss of each block
    std::vector<std::string> blocks;  ///< one kind per block
    int window = 128;  ///< attention reach of a "window" block, tokens
    int conv = 4;  ///< kernel of its causal depthwise convolution
    double rope_base = 10000.0;
    bool operator==(const ModelSpec&) const = default;
    [[nodiscard]] int hidden() const;  ///< resolved feed-forward width
    [[nodiscard]] int expert_width() const;  ///< resolved width of one expert
    [[nodiscard]] std::int64_t expert_parameters() const;  ///< of one expert
};

/// One level: `modules` interchangeable modules, each holding the consecutive `blocks`.
struct LevelSpec {
    int modules = 1;
    std::vector<int> blocks;
    bool operator==(const LevelSpec&) const = default;
};

struct TopologySpec {
    std::vector<LevelSpec> levels;
    int replicas = 1;  ///< DiLoCo: copies of each path, each with its own shard
    bool path_specific_embedding = false;
    bool path_specific_head = false;  ///< the final norm (the head is tied to the embedding)
    std::vector<int> path_specific_blocks;  ///< block indices that are not shared (paper 2.6.1)
    bool operator==(const TopologySpec&) const = default;
};

struct RoutingSpec {
    std::string router = "kmeans";  ///< "kmeans", "product-kmeans", "discriminative", "random", "round-robin", "none" (one path)
    int prefix = 32;  ///< tokens of the routing prefix; excluded from every score
    int overlap = 1;  ///< a sequence trains the paths of its n best cells; it is scored by the best one only (paper 2.4)
    double balance = 0.25;  ///< the smallest shard holds at least this part of an even share; 0 = only never empty, 1 = all even
    std::string layout = "neighbours";  ///< "neighbours": close clusters share modules; "arbitrary": cluster c is cell c
    // The discriminative router is fitted to what trained paths say, so it needs phases before it.
    std::string start = "kmeans";  ///< router of those first phases
    std::vector<int> reshard;  ///< outer steps after which it is fitted anew; empty = once, after a quarter of the phases
    double router_data = 0.05;  ///< part of the training sequences that no path trains: its data
    bool operator==(const RoutingSpec&) const = default;
};

struct DataSpec {
    std::string corpus = "sample";
    int sequence = 256;
    int batch = 8;
    bool operator==(const DataSpec&) const = default;
};

struct TrainingSpec {
    int warm_start_steps = 100;  ///< dense steps before routing; part of the run's step count
    int phases = 10;  ///< outer steps
    int tau = 20;  ///< inner steps a phase
    double lr = 2e-3;
    double lr_min_ratio = 0.1;
    int warmup_steps = 20;
    double weight_decay = 0.1;
    double beta1 = 0.9;
    double beta2 = 0.95;
    double eps = 1e-8;
    double clip = 1.0;
    std::string precision = "fp32";  ///< "fp32" or "bf16"
    std::string inner_state = "keep";  ///< "keep" or "reset" the path's AdamW state between phases
    bool recompute = false;  ///< keep block inputs only and run each block again on the way back: less memory, equal bits
    std::string device = "auto";  ///< "cpu", "cuda", or "auto": cuda when a worker offers it as the run starts (then written
                                  ///< down), else the CPU; the bits depend on it
    int threads = 1;  ///< of a worker; 0 = its share of the cores, written down when the run starts: the bits depend on it
    int paths_per_phase = 0;  ///< path sampling (paper 2.6.2): so many paths train in each phase, all equally often; 0 = all
    double early_stopping
        = 0.0;  ///< part of each shard held out; a path ends with the version that scores it best; 0 = off (paper 2.7)
    bool operator==(const TrainingSpec&) const = default;
    [[nodiscard]] std::int64_t total_steps() const { return warm_start_steps + std::int64_t(phases) * tau; }
};

struct OuterSpec {
    std::string optimizer
        = "nesterov";  ///< "nesterov", "sgd", "fedavg" (the paths' average is the module) or "none" (copied back)
    double lr = 0.7;
    double momentum = 0.9;
    std::string combine = "shard-weighted";  ///< "mean", "shard-weighted" or "raw-alpha"
    bool sqrt_paths = true;  ///< rescale by sqrt(number of paths through the module), paper 2.7
    std::string codec = "fp32";  ///< how pseudo-gradients travel: "fp32", "bf16", "int8", "int4" or "int2" (codec.h)
    bool error_feedback = true;  ///< a path adds what a codec took away to its next pseudo-gradient; nothing to do for fp32
    bool operator==(const OuterSpec&) const = default;
    [[nodiscard]] bool keeps_residual() const { return error_feedback && codec != "fp32"; }
};

struct EvaluationSpec {
    int valid_sequences = 64;  ///< of the split, scored after each phase, each by its path; 0 = all
    int every = 1;  ///< phases between validations; 0 = only at the end
    int test_sequences = 0;  ///< in all, after the last phase; 0 = all
    bool operator==(const EvaluationSpec&) const = default;
};

/// A run kind of its own: the paths of this run also learn from those of a finished one ("student" and "teacher").
struct DistillationSpec {
    int teacher = 0;  ///< id of the run whose paths teach, each the sequences it is routed; 0 = none
    double temperature = 2.0;
    double mix = 0.5;  ///< weight of the teacher's distribution; 1 - mix is that of the next token
    bool operator==(const DistillationSpec&) const = default;
};

struct RunSpec {
    std::string name;
    std::uint64_t seed = 1;
    ModelSpec model;
    TopologySpec topology;
    RoutingSpec routing;
    DataSpec data;
    TrainingSpec training;
    OuterSpec outer;
    EvaluationSpec evaluation;
    DistillationSpec distillation;
    bool operator==(const RunSpec&) const = default;
};

/// Parse and validate a spec, or the one inside a preset's file. Unknown keys, wrong types and impossible values (K = 0, blocks
/// that no level holds or two hold, heads x head_dim = 0 ...) are Usage errors that name the key ("topology.levels[1].modules
/// must be at least 1, got 0").
Result<RunSpec> parse_run_spec(const std::string& json);

/// Apply "training.tau=20"-style overrides to a JSON document, then parse. Values are JSON; a bare word is a string.
Result<RunSpec> parse_run_spec(const std::string& json, const std::vector<std::string>& overrides);

/// Canonical JSON: every field, sorted keys, so equal specs give equal bytes. "distillation" is left out when nobody teaches,
/// training.device while it is "auto", what says how a mixture is made when there is none.
std::string to_json(const RunSpec& spec);
std::string to_json(const ModelSpec& spec);
Result<ModelSpec> parse_model_spec(const std::string& json);

}  // namespace pathloom
