// SPDX-License-Identifier: GPL-3.0-or-later
// Parsing of specs: strict keys and types, ranges, overrides.
#include "engine/model/spec.h"

#include "engine/core/one_line.h"
#include "engine/model/spec_reader.h"
#include "engine/model/spec_validate.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

namespace pathloom {

namespace {

using nlohmann::json;

constexpr double any_number = std::numeric_limits<double>::max();
constexpr int most_blocks = 4096;

void read_blocks(SpecReader& reader, std::vector<std::string>& blocks, std::optional<Error>& error)
{
    const json* value = reader.value("blocks");
    if (!value) return;
    blocks.clear();
    if (value->is_object()) {
        SpecReader shorthand(*value, "model.blocks", error);
        int count = 0;
        std::string kind = "full";
        shorthand.integer("count", count, 1, most_blocks);
        shorthand.choice("kind", kind, {"full", "window"});
        shorthand.finish();
        blocks.assign(std::size_t(count), kind);
        return;
    }
    if (!value->is_array() || value->size() > most_blocks)
        return reader.complain(
            "model.blocks must be an array of kinds or {{\"count\":N,\"kind\":K}} with at most {} blocks", most_blocks);
    for (std::size_t i = 0; i < value->size(); ++i) {
        const json& kind = (*value)[i];
        if (kind != "full" && kind != "window")
            return reader.complain("model.blocks[{}] must be one of full, window, got {}", i,
                kind.dump(-1, ' ', false, json::error_handler_t::replace));
        blocks.push_back(kind.get<std::string>());
    }
}

ModelSpec read_model(const json& object, std::optional<Error>& error)
{
    ModelSpec model;
    SpecReader reader(object, "model", error);
    reader.integer("vocabulary", model.vocabulary, 2, 10'000'000);
    reader.integer("d_model", model.d_model, 1, 1 << 20);
    reader.integer("heads", model.heads, 1, 4096);
    reader.integer("head_dim", model.head_dim, 1, 4096);
    reader.choice("ffn", model.ffn, {"swiglu", "gelu"});
    reader.integer("ffn_hidden", model.ffn_hidden, 0, 1 << 22);
    reader.integer("experts", model.experts, 0, 1024);
    reader.integer("experts_per_token", model.experts_per_token, 1, 1024);
    reader.integer("expert_hidden", model.expert_hidden, 0, 1 << 22);
    reader.number("balance_loss", model.balance_loss, 0.0, 100.0);
    if (model.experts == 0) {
        const ModelSpec none;
        model.experts_per_token = none.experts_per_token;
        model.expert_hidden = none.expert_hidden;
        model.balance_loss = none.balance_loss;
    }
    read_blocks(reader, model.blocks, error);
    reader.integer("window", model.window, 1, 1 << 20);
    reader.integer("conv", model.conv, 1, 64);
    reader.number("rope_base", model.rope_base, 1.0, 1e12, false);
    reader.finish();
    return model;
}

std::vector<LevelSpec> read_levels(const json& value, std::optional<Error>& error)
{
    std::vector<LevelSpec> levels;
    for (std::size_t i = 0; i < value.size(); ++i) {
        SpecReader reader(value[i], fmt::format("topology.levels[{}]", i), error);
        LevelSpec level;
        reader.integer("modules", level.modules, 1);
        reader.integers("blocks", level.blocks, 0, most_blocks);
        reader.finish();
        levels.push_back(std::move(level));
    }
    return levels;
}

/// Block indices, or "level-ends": the first and the last block of each level, as in the paper's path-specific runs (4.2).
void read_specific_blocks(SpecReader& reader, TopologySpec& topology)
{
    const json* value = reader.value("blocks");
    if (!value) return;
    if (!value->is_string()) return reader.integers("blocks", topology.path_specific_blocks, 0, most_blocks);
    if (*value != "level-ends")
        return reader.complain("topology.path_specific.blocks must be a list of block indices or \"level-ends\", got {}",
            value->dump(-1, ' ', false, json::error_handler_t::replace));
    for (const LevelSpec& level : topology.levels) {
        if (level.blocks.empty()) continue;
        topology.path_specific_blocks.push_back(level.blocks.front());
        if (level.blocks.size() > 1) topology.path_specific_blocks.push_back(level.blocks.back());
    }
}

TopologySpec read_topology(const json& object, int blocks, std::optional<Error>& error)
{
    TopologySpec topology;
    SpecReader reader(object, "topology", error);
    if (const json* levels = reader.value("levels")) {
        if (!levels->is_array() || levels->size() > most_blocks)
            reader.complain("topology.levels must be an array of at most {} levels", most_blocks);
        else
            topology.levels = read_levels(*levels, error);
    } else {  // the dense path: one level of one module that holds everything
        topology.levels.resize(1);
        topology.levels[0].blocks.resize(std::size_t(blocks));
        std::iota(topology.levels[0].blocks.begin(), topology.levels[0].blocks.end(), 0);
    }
    reader.integer("replicas", topology.replicas, 1, most_paths);
    if (const json* value = reader.value("path_specific")) {
        SpecReader specific(*value, "topology.path_specific", error);
        specific.flag("embedding", topology.path_specific_embedding);
        specific.flag("head", topology.path_specific_head);
        read_specific_blocks(specific, topology);
        specific.finish();
        std::sort(topology.path_specific_blocks.begin(), topology.path_specific_blocks.end());
    }
    reader.finish();
    return topology;
}

void read_routing(const json& object, RoutingSpec& routing, std::optional<Error>& error)
{
    SpecReader reader(object, "routing", error);
    reader.choice("router", routing.router, {"kmeans", "product-kmeans", "discriminative", "random", "round-robin", "none"});
    reader.integer("prefix", routing.prefix, 1, 1 << 20);
    reader.integer("overlap", routing.overlap, 1, most_paths);
    reader.number("balance", routing.balance, 0.0, 1.0);
    reader.choice("layout", routing.layout, {"neighbours", "arbitrary"});
    reader.choice("start", routing.start, {"kmeans", "product-kmeans", "random", "round-robin"});
    reader.integers("reshard", routing.reshard, 1, 1'000'000);
    reader.number("router_data", routing.router_data, 0.0, 0.5, false);
    reader.finish();
}

void read_training(const json& object, TrainingSpec& training, std::optional<Error>& error)
{
    SpecReader reader(object, "training", error);
    reader.integer("warm_start_steps", training.warm_start_steps, 0);
    reader.integer("phases", training.phases, 1, 1'000'000);
    reader.integer("tau", training.tau, 1, 10'000'000);
    reader.number("lr", training.lr, 0.0, 100.0, false);
    reader.number("lr_min_ratio", training.lr_min_ratio, 0.0, 1.0);
    reader.integer("warmup_steps", training.warmup_steps, 0);
    reader.number("weight_decay", training.weight_decay, 0.0, 100.0);
    reader.number("beta1", training.beta1, 0.0, 0.999999);
    reader.number("beta2", training.beta2, 0.0, 0.99999999);
    reader.number("eps", training.eps, 0.0, 1.0, false);
    reader.number("clip", training.clip, 0.0, any_number);
    reader.choice("precision", training.precision, {"fp32", "bf16"});
    reader.choice("inner_state", training.inner_state, {"keep", "reset"});
    reader.flag("recompute", training.recompute);
    reader.choice("device", training.device, {"auto", "cpu", "cuda"});
    reader.integer("threads", training.threads, 0, 1024);
    reader.number("early_stopping", training.early_stopping, 0.0, 0.5);
    reader.integer("paths_per_phase", training.paths_per_phase, 0, most_paths);
    reader.finish();
}

RunSpec read_run(const json& document, std::optional<Error>& error)
{
    RunSpec spec;
    SpecReader reader(document, "", error);
    const json empty = json::object();
    const auto section = [&](const char* key) -> const json& {
        const json* value = reader.value(key);
        return value ? *value : empty;
    };
    reader.text("name", spec.name);
    reader.seed("seed", spec.seed);
    spec.model = read_model(section("model"), error);
    spec.topology = read_topology(section("topology"), int(spec.model.blocks.size()), error);
    read_routing(section("routing"), spec.routing, error);
    {
        SpecReader data(section("data"), "data", error);
        data.text("corpus", spec.data.corpus);
        data.integer("sequence", spec.data.sequence, 2, 1 << 24);
        data.integer("batch", spec.data.batch, 1, 1 << 20);
        data.finish();
    }
    read_training(section("training"), spec.training, error);
    if (spec.routing.router == "discriminative" && spec.routing.reshard.empty())
        spec.routing.reshard = {std::max(1, spec.training.phases / 4)};
    {
        SpecReader outer(section("outer"), "outer", error);
        outer.choice("optimizer", spec.outer.optimizer, {"nesterov", "sgd", "fedavg", "none"});
        outer.number("lr", spec.outer.lr, 0.0, 100.0, false);
        outer.number("momentum", spec.outer.momentum, 0.0, 0.999999);
        outer.choice("combine", spec.outer.combine, {"mean", "shard-weighted", "raw-alpha"});
        outer.flag("sqrt_paths", spec.outer.sqrt_paths);
        outer.choice("codec", spec.outer.codec, {"fp32", "bf16", "int8", "int4", "int2"});
        outer.flag("error_feedback", spec.outer.error_feedback);
        outer.finish();
    }
    {
        SpecReader evaluation(section("evaluation"), "evaluation", error);
        evaluation.integer("valid_sequences", spec.evaluation.valid_sequences, 0);
        evaluation.integer("every", spec.evaluation.every, 0);
        evaluation.integer("test_sequences", spec.evaluation.test_sequences, 0);
        evaluation.finish();
    }
    {
        SpecReader distillation(section("distillation"), "distillation", error);
        distillation.integer("teacher", spec.distillation.teacher, 0);
        distillation.number("temperature", spec.distillation.temperature, 0.0, 100.0, false);
        distillation.number("mix", spec.distillation.mix, 0.0, 1.0);
        distillation.finish();
        if (spec.distillation.teacher == 0) spec.distillation = {};
    }
    reader.finish();
    return spec;
}

Result<json> parse_document(const std::string& text)
{
    try {
        return json::parse(text);
    } catch (const json::exception& problem) {  // a parse error, or a number that no double holds
        const std::string what = problem.what();  // "[json.exception.parse_error.101] parse error at line ..."
        const std::size_t start = what.find("] ");
        return fail(ErrorCode::Usage, "the spec is not valid JSON: {}",
            start == std::string::npos ? one_line(what) : one_line(what.substr(start + 2)));
    }
}

/// One step of an override's path: "levels" or [0].
struct Step {
    std::string key;
    std::optional<std::size_t> index;
};

Result<std::vector<Step>> parse_steps(const std::string& path, const std::string& whole)
{
    std::vector<Step> steps;
    std::size_t at = 0;
    while (at < path.size()) {
        if (path[at] == '[') {
            std::size_t index = 0;
            const std::size_t close = path.find(']', at);
            const char* end = close == std::string::npos ? nullptr : path.data() + close;
            if (steps.empty() || !end || std::from_chars(path.data() + at + 1, end, index).ptr != end || close == at + 1)
                return fail(ErrorCode::Usage, "override '{}' has a bad index; write it as levels[0]", whole);
            steps.push_back({"", index});
            at = close + 1;
            continue;
        }
        if (path[at] == '.' && !steps.empty()) ++at;
        const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
        if (end == at) return fail(ErrorCode::Usage, "override '{}' has an empty key; write section.key=value", whole);
        steps.push_back({path.substr(at, end - at), std::nullopt});
        at = end;
    }
    if (steps.empty() || path.back() == '.')
        return fail(ErrorCode::Usage, "override '{}' has an empty key; write section.key=value", whole);
    return steps;
}

Result<void> apply_override(json& document, const std::string& text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return fail(ErrorCode::Usage, "override '{}' has no '='; write section.key=value", text);
    PATHLOOM_TRY(const std::vector<Step> steps, parse_steps(text.substr(0, equals), text));
    json* at = &document;
    for (const Step& step : steps) {
        if (step.index) {
            if (!at->is_array() || *step.index >= at->size())
                return fail(ErrorCode::Usage, "override '{}': there is no element [{}]", text, *step.index);
            at = &(*at)[*step.index];
            continue;
        }
        if (at->is_null()) *at = json::object();
        if (!at->is_object())
            return fail(ErrorCode::Usage, "override '{}': '{}' is below something that has no keys", text, step.key);
        at = &(*at)[step.key];
    }
    const std::string value = text.substr(equals + 1);
    json parsed = json::parse(value, nullptr, false);
    *at = parsed.is_discarded() ? json(value) : std::move(parsed);
    return {};
}

/// A file of resources/presets wraps its spec in a title and a description: what is inside is meant.
Result<void> unwrap_preset(json& document)
{
    if (!document.is_object() || !document.contains("spec")) return {};
    for (const auto& [key, value] : document.items())
        if (key != "spec" && key != "title" && key != "description" && key != "order")
            return fail(ErrorCode::Usage, "unknown key '{}' beside 'spec'; a preset holds title, description, order and spec",
                one_line(std::string(key)));
    document = json(document["spec"]);
    return {};
}

Result<RunSpec> finish_run(const json& document)
{
    std::optional<Error> error;
    RunSpec spec = read_run(document, error);
    if (!error) error = validate_run(spec);
    if (error) return fail(Error{error->code, one_line(std::move(error->message))});
    return spec;
}

}  // namespace

int ModelSpec::hidden() const
{
    if (ffn_hidden > 0) return ffn_hidden;
    if (ffn == "gelu") return 4 * d_model;
    return std::max(32, (8 * d_model / 3 + 16) / 32 * 32);
}

int ModelSpec::expert_width() const
{
    return expert_hidden > 0 ? expert_hidden : hidden() / std::max(1, experts_per_token);
}

std::int64_t ModelSpec::expert_parameters() const
{
    return std::int64_t(ffn == "swiglu" ? 3 : 2) * expert_width() * d_model;
}

Result<RunSpec> parse_run_spec(const std::string& text)
{
    return parse_run_spec(text, {});
}

Result<RunSpec> parse_run_spec(const std::string& text, const std::vector<std::string>& overrides)
{
    PATHLOOM_TRY(json document, parse_document(text));
    PATHLOOM_CHECK(unwrap_preset(document));
    for (const std::string& one : overrides) PATHLOOM_CHECK(apply_override(document, one));
    return finish_run(document);
}

Result<ModelSpec> parse_model_spec(const std::string& text)
{
    PATHLOOM_TRY(const json document, parse_document(text));
    std::optional<Error> error;
    ModelSpec model = read_model(document, error);
    if (!error) error = validate_model(model);
    if (error) return fail(Error{error->code, one_line(std::move(error->message))});
    return model;
}

}  // namespace pathloom
