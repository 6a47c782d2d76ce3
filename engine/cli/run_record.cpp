// SPDX-License-Identifier: GPL-3.0-or-later
// Folding the event log into run records.
#include "engine/cli/run_record.h"

#include "engine/cli/proto_json.h"
#include "engine/cli/session.h"

#include <algorithm>

namespace pathloom {

namespace {

using Stub = v1::Engine::StubInterface;

template <class T>
T number(const nlohmann::json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<T>() : T(0);
}

void fold_shards(RunRecord& record, const v1::ShardsAssigned& assigned)
{
    record.router = assigned.router();
    record.routing = assigned.routing();
    record.domains.assign(assigned.domains().begin(), assigned.domains().end());
    record.shards.clear();
    for (const auto& shard : assigned.shards())
        record.shards.push_back({shard.path(), shard.sequences(), {shard.by_domain().begin(), shard.by_domain().end()}});
}

}  // namespace

Result<EvalRecord> parse_eval(const std::string& result_json)
{
    const auto document = nlohmann::json::parse(result_json, nullptr, false);
    if (!document.is_object()) return fail(ErrorCode::Corrupt, "an evaluation in the engine's log is not a document");
    EvalRecord out;
    out.perplexity = number<double>(document, "perplexity");
    out.nll = number<double>(document, "nll");
    out.tokens = number<std::int64_t>(document, "tokens");
    if (const auto domains = document.find("domains"); domains != document.end() && domains->is_object())
        for (const auto& [name, domain] : domains->items())
            if (domain.is_object()) out.domains[name] = number<double>(domain, "perplexity");
    if (const auto histogram = document.find("histogram"); histogram != document.end() && histogram->is_array())
        for (const auto& count : *histogram) out.histogram.push_back(count.is_number() ? count.get<std::int64_t>() : 0);
    return out;
}

void fold(RunRecord& record, const v1::Event& event)
{
    switch (event.body_case()) {
    case v1::Event::kRunPlanned:
        record.phases = event.run_planned().phases();
        record.tau = event.run_planned().tau();
        record.path_parameters = event.run_planned().path_parameters();
        record.total_parameters = event.run_planned().total_parameters();
        break;
    case v1::Event::kShards:
        fold_shards(record, event.shards());
        break;
    case v1::Event::kTaskCommitted: {
        const auto& done = event.task_committed();
        if (done.worker() != 0) record.compute_seconds += done.compute_seconds();
        if (done.worker() != 0 && done.stage() == "train") {
            ++record.train_tasks;
            record.train_task_bytes += done.wire().modules_down() + done.wire().modules_hit() + done.wire().deltas_up();
        }
        if (done.stage() == "train" || done.stage() == "warm") record.tokens += done.tokens();
        break;
    }
    case v1::Event::kTrainPoints: {
        const auto& points = event.train_points();
        for (int i = 0; i < points.losses_size(); ++i) {
            auto& at = record.train[points.step_begin() + i];
            at.sum += points.losses(i);
            at.weight += 1;
        }
        break;
    }
    case v1::Event::kValidPoint: {
        auto& at = record.valid[event.valid_point().phase()];
        at.sum += event.valid_point().nll() * double(event.valid_point().tokens());
        at.weight += double(event.valid_point().tokens());
        break;
    }
    case v1::Event::kEvalDone:
        if (const auto eval = parse_eval(event.eval_done().result_json()))
            record.evals[{event.eval_done().split(), event.eval_done().route()}] = *eval;
        break;
    default:
        break;
    }
}

void fold(RunRecord& record, const v1::Run& run)
{
    record.id = run.id();
    record.name = run.name();
    record.preset = run.preset();
    const auto json = to_json(run);
    record.state = json["state"].get<std::string>();
    record.spec = json.value("spec", nlohmann::json::object());
    if (record.spec.is_object()) record.seed = number<std::uint64_t>(record.spec, "seed");
    record.paths = run.paths();
    record.bytes_down = run.bytes_down();
    record.bytes_up = run.bytes_up();
    record.faults = run.faults();
    record.goodput = run.goodput();
    record.created_ms = run.created_ms();
    record.finished_ms = run.finished_ms();
    record.module_bytes = record.module_hits = 0;
    for (const auto& phase : run.traffic()) {
        record.module_bytes += phase.measured();
        record.module_hits += phase.hits();
    }
}

Result<std::vector<RunRecord>> fetch_records(Session& session, std::span<const std::int64_t> ids)
{
    std::map<std::int64_t, RunRecord> records;
    for (const auto id : ids) {
        v1::GetRunRequest request;
        request.set_id(id);
        PATHLOOM_TRY(const auto run, session.call(&Stub::GetRun, request));
        fold(records[id], run);
    }
    PATHLOOM_TRY(const auto info, session.call(&Stub::GetInfo, v1::GetInfoRequest()));
    if (info.last_seq() > 0) {
        v1::WatchRequest request;
        request.set_from_seq(1);
        PATHLOOM_CHECK((session.stream<v1::WatchRequest, v1::WatchResponse>(
            &Stub::Watch, request, [&](const v1::WatchResponse& batch) -> Result<bool> {
                bool more = true;
                for (const auto& event : batch.events()) {
                    if (event.seq() > info.last_seq()) return false;
                    if (const auto found = records.find(event.run()); found != records.end()) fold(found->second, event);
                    more = event.seq() < info.last_seq();
                }
                return more;
            })));
    }
    std::vector<RunRecord> out;
    for (const auto id : ids) out.push_back(records[id]);
    return out;
}

std::int64_t tokens_a_step(const RunRecord& record)
{
    const auto data = record.spec.value("data", nlohmann::json::object());
    return number<std::int64_t>(data, "sequence") * number<std::int64_t>(data, "batch");
}

}  // namespace pathloom
