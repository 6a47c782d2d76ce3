// SPDX-License-Identifier: GPL-3.0-or-later
// Run records to JSON and back.
#include "engine/cli/run_record_json.h"

#include <algorithm>

namespace pathloom {

namespace {

using RecordJson = nlohmann::json;

constexpr std::size_t curve_points = 100;

RecordJson curve_json(const std::map<std::int64_t, CurveSum>& curve)
{
    const std::size_t stride = std::max<std::size_t>(1, curve.size() / curve_points);
    RecordJson out = RecordJson::array();
    std::size_t index = 0;
    for (const auto& [step, sum] : curve)
        if (index++ % stride == 0 || index == curve.size()) out.push_back({step, sum.sum, sum.weight});
    return out;
}

}  // namespace

nlohmann::json eval_json(const EvalRecord& eval)
{
    return {{"perplexity", eval.perplexity}, {"nll", eval.nll}, {"tokens", eval.tokens}, {"domains", eval.domains},
        {"histogram", eval.histogram}};
}

nlohmann::json record_json(const RunRecord& run)
{
    RecordJson valid = RecordJson::array(), shards = RecordJson::array(), evals = RecordJson::array();
    for (const auto& [phase, sum] : run.valid) valid.push_back({{"phase", phase}, {"nll", sum.mean()}, {"tokens", sum.weight}});
    for (const ShardRow& shard : run.shards)
        shards.push_back({{"path", shard.path}, {"sequences", shard.sequences}, {"by_domain", shard.by_domain}});
    for (const auto& [at, eval] : run.evals) {
        evals.push_back(eval_json(eval));
        evals.back()["split"] = at.first;
        evals.back()["route"] = at.second;
    }
    return {{"run", run.id}, {"name", run.name}, {"preset", run.preset}, {"state", run.state}, {"seed", run.seed},
        {"paths", run.paths}, {"phases", run.phases}, {"tau", run.tau}, {"path_parameters", run.path_parameters},
        {"total_parameters", run.total_parameters}, {"bytes_down", run.bytes_down}, {"bytes_up", run.bytes_up},
        {"module_bytes", run.module_bytes}, {"module_bytes_in_caches", run.module_hits}, {"train_tasks", run.train_tasks},
        {"train_task_bytes", run.train_task_bytes}, {"faults", run.faults}, {"goodput", run.goodput},
        {"compute_seconds", run.compute_seconds}, {"tokens", run.tokens}, {"created_ms", run.created_ms},
        {"finished_ms", run.finished_ms}, {"router", run.router}, {"routing", run.routing}, {"domains", run.domains},
        {"shards", shards}, {"train", curve_json(run.train)}, {"valid", valid}, {"evals", evals}, {"spec", run.spec}};
}

Result<EvalRecord> parse_kept_eval(const nlohmann::json& json)
{
    try {
        EvalRecord out;
        json.at("perplexity").get_to(out.perplexity);
        json.at("nll").get_to(out.nll);
        json.at("tokens").get_to(out.tokens);
        json.at("domains").get_to(out.domains);
        json.at("histogram").get_to(out.histogram);
        return out;
    } catch (const RecordJson::exception& error) {
        return fail(ErrorCode::Corrupt, "a kept evaluation cannot be read: {}", error.what());
    }
}

Result<RunRecord> parse_record(const nlohmann::json& json)
{
    try {
        RunRecord run;
        json.at("run").get_to(run.id);
        json.at("name").get_to(run.name);
        json.at("preset").get_to(run.preset);
        json.at("state").get_to(run.state);
        json.at("seed").get_to(run.seed);
        json.at("paths").get_to(run.paths);
        json.at("phases").get_to(run.phases);
        json.at("tau").get_to(run.tau);
        json.at("path_parameters").get_to(run.path_parameters);
        json.at("total_parameters").get_to(run.total_parameters);
        json.at("bytes_down").get_to(run.bytes_down);
        json.at("bytes_up").get_to(run.bytes_up);
        json.at("module_bytes").get_to(run.module_bytes);
        json.at("module_bytes_in_caches").get_to(run.module_hits);
        json.at("train_tasks").get_to(run.train_tasks);
        json.at("train_task_bytes").get_to(run.train_task_bytes);
        json.at("faults").get_to(run.faults);
        json.at("goodput").get_to(run.goodput);
        json.at("compute_seconds").get_to(run.compute_seconds);
        json.at("tokens").get_to(run.tokens);
        json.at("created_ms").get_to(run.created_ms);
        json.at("finished_ms").get_to(run.finished_ms);
        json.at("router").get_to(run.router);
        json.at("routing").get_to(run.routing);
        json.at("domains").get_to(run.domains);
        run.spec = json.at("spec");
        for (const RecordJson& shard : json.at("shards"))
            run.shards.push_back({shard.at("path").get<int>(), shard.at("sequences").get<std::int64_t>(),
                shard.at("by_domain").get<std::vector<std::int64_t>>()});
        for (const RecordJson& point : json.at("train"))
            run.train[point.at(0).get<std::int64_t>()] = {point.at(1).get<double>(), point.at(2).get<double>()};
        for (const RecordJson& point : json.at("valid")) {
            const double tokens = point.at("tokens").get<double>();
            run.valid[point.at("phase").get<int>()] = {point.at("nll").get<double>() * tokens, tokens};
        }
        for (const RecordJson& eval : json.at("evals")) {
            auto parsed = parse_kept_eval(eval);
            if (!parsed) return fail(parsed.error());
            run.evals[{eval.at("split").get<std::string>(), eval.at("route").get<std::string>()}] = std::move(*parsed);
        }
        return run;
    } catch (const RecordJson::exception& error) {
        return fail(ErrorCode::Corrupt, "a kept run cannot be read: {}", error.what());
    }
}

}  // namespace pathloom
