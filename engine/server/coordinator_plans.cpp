// SPDX-License-Identifier: GPL-3.0-or-later
// What a run would take, and its plan.
#include "engine/core/isa.h"
#include "engine/core/machine.h"
#include "engine/corpus/document_list.h"
#include "engine/model/estimate.h"
#include "engine/server/coordinator.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pathloom {

Result<v1::RunEstimate> Coordinator::estimate(const v1::EstimateRunRequest& request)
{
    PATHLOOM_TRY(const auto spec, parse_run_spec(request.spec_json(), {request.set().begin(), request.set().end()}));
    const RunEstimate estimate = estimate_run(spec);
    v1::RunEstimate out;
    out.set_spec_json(to_json(spec));
    out.set_paths(estimate.paths);
    out.set_modules(estimate.modules);
    out.set_path_parameters(estimate.path_parameters);
    out.set_embedding_parameters(estimate.embedding_parameters);
    out.set_total_parameters(estimate.total_parameters);
    out.set_worker_bytes(estimate.worker_bytes);
    out.set_weight_bytes(estimate.weight_bytes);
    out.set_optimizer_bytes(estimate.optimizer_bytes);
    out.set_activation_bytes(estimate.activation_bytes);
    out.set_sync_bytes_per_phase(estimate.sync_bytes_per_phase);
    out.set_data_parallel_bytes_per_phase(estimate.data_parallel_bytes_per_phase);
    out.set_total_steps_per_path(estimate.total_steps_per_path);
    out.set_flops_per_path(estimate.flops_per_path);
    for (const auto& warning : estimate.warnings) out.add_warnings(warning);
    out.set_explanation(estimate.explanation);
    out.set_gradient_bytes(estimate.gradient_bytes);
    out.set_start_bytes(estimate.start_bytes);
    out.set_delivery_bytes(estimate.delivery_bytes);
    out.set_activation_bytes_kept(estimate.activation_bytes_kept);
    out.set_activation_bytes_recomputed(estimate.activation_bytes_recomputed);
    out.set_codec(estimate.codec);
    out.set_active_parameters(estimate.active_parameters);
    out.set_delta_bytes_per_path(estimate.delta_bytes_per_path);
    const auto memory = std::int64_t(this_machine().memory_bytes);
    const std::lock_guard lock(m_mutex);
    const int workers = workers_to_plan_for();
    out.set_machine_memory_bytes(memory);
    out.set_local_workers(workers);
    out.set_engine_bytes(machine_bytes(estimate, 0, memory));
    out.set_machine_bytes(machine_bytes(estimate, workers, memory));
    out.set_memory_plan(memory_plan(estimate, workers, memory));
    const auto fits = check_memory(estimate, workers, memory);
    out.set_fits(fits.has_value());
    if (!fits) out.add_warnings(fits.error().message);
    const auto share = cores_of_worker(this_machine().cores, std::max(1, workers), 0).size();
    if (spec.training.threads > int(share))
        out.add_warnings(
            fmt::format("training.threads is {}, but {} local worker{} here would have {} core{} each: threads will take "
                        "turns; 0 takes what there is when the run starts",
                spec.training.threads, std::max(1, workers), workers > 1 ? "s" : "", share, share > 1 ? "s" : ""));
    if (spec.training.device == "cuda" && !device_here("cuda"))
        out.add_warnings(
            "training.device is cuda, but no worker here offers one: the run will wait until a pathloom-worker --device "
            "cuda joins.");
    const auto corpus = m_project->find_corpus(spec.data.corpus);
    if (corpus && !*corpus)
        out.add_warnings(
            fmt::format("This project has no corpus named '{}' yet: import it before the run starts.", spec.data.corpus));
    return out;
}

int Coordinator::workers_to_plan_for() const
{
    if (m_local_wanted > 0) return m_local_wanted;
    // None here yet: one will have to be started, unless others train.
    const bool remote = std::any_of(m_cluster.workers.begin(), m_cluster.workers.end(),
        [](const auto& worker) { return !worker.second.local && worker.second.gone.empty(); });
    return remote ? 0 : 1;
}

bool Coordinator::device_here(std::string_view device) const
{
    return std::any_of(m_cluster.workers.begin(), m_cluster.workers.end(),
        [&](const auto& worker) { return worker.second.gone.empty() && offers_device(worker.second.isa, device); });
}

Result<RunPlan> Coordinator::make_plan(const RunSpec& spec)
{
    PATHLOOM_TRY(const auto corpus, m_project->find_corpus(spec.data.corpus));
    if (!corpus)
        return fail(ErrorCode::Usage, "this project has no corpus named '{}'; import one with corpus import, or set data.corpus",
            spec.data.corpus);
    PATHLOOM_TRY(const auto documents, read_documents(m_project->blobs(), corpus->documents_hash));
    const auto record = nlohmann::json::parse(corpus->record_json);
    const auto domains = domain_names(documents);
    return plan_run(spec, document_spans(documents, domains), domains, record.at("vocabulary"));
}

}  // namespace pathloom
