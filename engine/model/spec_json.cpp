// SPDX-License-Identifier: GPL-3.0-or-later
// Canonical JSON of specs: nlohmann's json sorts its keys, and prints doubles as the shortest text that reads back equal.
#include "engine/model/spec.h"

#include <nlohmann/json.hpp>

namespace pathloom {

namespace {

using nlohmann::json;

json model_json(const ModelSpec& model)
{
    json out{{"vocabulary", model.vocabulary}, {"d_model", model.d_model}, {"heads", model.heads}, {"head_dim", model.head_dim},
        {"ffn", model.ffn}, {"ffn_hidden", model.ffn_hidden}, {"blocks", model.blocks}, {"window", model.window},
        {"conv", model.conv}, {"rope_base", model.rope_base}};
    if (model.experts > 0) {
        out["experts"] = model.experts;
        out["experts_per_token"] = model.experts_per_token;
        out["expert_hidden"] = model.expert_hidden;
        out["balance_loss"] = model.balance_loss;
    }
    return out;
}

json topology_json(const TopologySpec& topology)
{
    json levels = json::array();
    for (const LevelSpec& level : topology.levels) levels.push_back(json{{"modules", level.modules}, {"blocks", level.blocks}});
    return json{{"levels", std::move(levels)}, {"replicas", topology.replicas},
        {"path_specific",
            json{{"embedding", topology.path_specific_embedding}, {"head", topology.path_specific_head},
                {"blocks", topology.path_specific_blocks}}}};
}

json routing_json(const RoutingSpec& routing)
{
    return json{{"router", routing.router}, {"prefix", routing.prefix}, {"overlap", routing.overlap},
        {"balance", routing.balance}, {"layout", routing.layout}, {"start", routing.start}, {"reshard", routing.reshard},
        {"router_data", routing.router_data}};
}

json training_json(const TrainingSpec& training)
{
    json out{{"warm_start_steps", training.warm_start_steps}, {"phases", training.phases}, {"tau", training.tau},
        {"lr", training.lr}, {"lr_min_ratio", training.lr_min_ratio}, {"warmup_steps", training.warmup_steps},
        {"weight_decay", training.weight_decay}, {"beta1", training.beta1}, {"beta2", training.beta2}, {"eps", training.eps},
        {"clip", training.clip}, {"precision", training.precision}, {"inner_state", training.inner_state},
        {"recompute", training.recompute}, {"threads", training.threads}, {"paths_per_phase", training.paths_per_phase},
        {"early_stopping", training.early_stopping}};
    if (training.device != "auto") out["device"] = training.device;
    return out;
}

std::string text_of(const json& value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string to_json(const ModelSpec& spec)
{
    return text_of(model_json(spec));
}

std::string to_json(const RunSpec& spec)
{
    json out{{"name", spec.name}, {"seed", spec.seed}, {"model", model_json(spec.model)},
        {"topology", topology_json(spec.topology)}, {"routing", routing_json(spec.routing)},
        {"data", json{{"corpus", spec.data.corpus}, {"sequence", spec.data.sequence}, {"batch", spec.data.batch}}},
        {"training", training_json(spec.training)},
        {"outer",
            json{{"optimizer", spec.outer.optimizer}, {"lr", spec.outer.lr}, {"momentum", spec.outer.momentum},
                {"combine", spec.outer.combine}, {"sqrt_paths", spec.outer.sqrt_paths}, {"codec", spec.outer.codec},
                {"error_feedback", spec.outer.error_feedback}}},
        {"evaluation",
            json{{"valid_sequences", spec.evaluation.valid_sequences}, {"every", spec.evaluation.every},
                {"test_sequences", spec.evaluation.test_sequences}}}};
    if (spec.distillation.teacher > 0)
        out["distillation"] = json{{"teacher", spec.distillation.teacher}, {"temperature", spec.distillation.temperature},
            {"mix", spec.distillation.mix}};
    return text_of(out);
}

}  // namespace pathloom
