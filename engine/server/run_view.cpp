// SPDX-License-Identifier: GPL-3.0-or-later
// A run as others see it: summary, digest, files of one path.
#include "engine/core/hash.h"
#include "engine/server/run_controller.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace pathloom {

v1::Run RunController::view() const
{
    v1::Run out;
    out.set_id(m_row.id);
    out.set_name(m_row.name);
    out.set_preset(m_row.preset);
    out.set_state(v1::RunState(m_row.state));
    out.set_reason(m_row.reason);
    out.set_stage(stage_name(m_wanted.stage));
    out.set_phases(m_shape.phases);
    out.set_phase(*std::min_element(m_facts.module_versions.begin(), m_facts.module_versions.end()));
    const TrainingSpec& training = m_plan.spec.training;
    const std::int64_t warm
        = std::min<std::int64_t>(training.warm_start_steps, std::int64_t(m_facts.warm_committed) * training.tau);
    int slowest = m_shape.phases;
    for (int path = 0; path < m_shape.paths(); ++path)
        slowest = std::min(slowest, m_shape.next_phase(path, m_facts.path_commits[std::size_t(path)]));
    out.set_step(warm + std::int64_t(slowest) * training.tau);
    out.set_total_steps(training.total_steps());
    double loss = 0;
    for (const auto& [path, last] : m_last_loss) loss += last / double(m_last_loss.size());
    out.set_train_loss(loss);
    double nll = 0;
    double tokens = 0;
    for (auto it = m_valid.rbegin(); it != m_valid.rend(); ++it) {
        if (it->second.size() < m_shape.valid_paths[std::size_t(m_shape.routing_of_version(it->first))].size())
            continue;  // the newest phase that every path has scored
        for (const auto& [path, point] : it->second) {
            nll += point.nll * double(point.tokens);
            tokens += double(point.tokens);
        }
        break;
    }
    out.set_valid_loss(tokens > 0 ? nll / tokens : 0);
    out.set_bytes_down(m_bytes_down);
    out.set_bytes_up(m_bytes_up);
    out.set_faults(m_faults);
    out.set_goodput(m_leased_seconds > 0 ? std::min(1.0, m_compute_seconds / m_leased_seconds) : 1.0);
    out.set_created_ms(m_row.created_ms);
    out.set_finished_ms(m_row.finished_ms);
    out.set_spec_json(m_row.spec_json);
    out.set_test_perplexity(m_test_perplexity);
    out.set_paths(m_plan.topology.paths());
    for (const auto& [phase, traffic] : m_traffic) *out.add_traffic() = traffic;
    return out;
}

v1::Digest RunController::digest() const
{
    // Names, versions and content hashes in canonical order: equal digest = equal bits of every module and outer momentum.
    Sha256 sha;
    v1::Digest out;
    const bool warm = m_facts.routings == 0;
    const auto& modules = (warm ? m_plan.warm : m_plan.topology).modules;
    const auto& versions = warm ? m_warm_versions : m_module_versions;
    for (std::size_t i = 0; i < modules.size(); ++i) {
        const auto& [version, blob] = *versions[i].rbegin();
        sha.update(fmt::format("{} {} {} {}\n", modules[i].name, version, blob.hash, blob.momentum));
    }
    out.set_sha256(sha.hex());
    out.set_modules(std::int32_t(modules.size()));
    return out;
}

Result<ExploreJob> RunController::explore_job() const
{
    if (m_assignments.empty())
        return fail(ErrorCode::Usage, "run {} is not routed yet; wait until its warm start is over", m_row.id);
    ExploreJob job{int(m_assignments.size()) - 1, m_assignments.back().cell_of_row, {}};
    for (int chunk = 0; chunk < m_shape.feature_chunks; ++chunk) {
        PATHLOOM_TRY(auto hash, asset(fmt::format("features.{}", chunk)));
        job.features.push_back(std::move(hash));
    }
    return job;
}

Result<RouteTextJob> RunController::route_text_job() const
{
    if (m_assignments.empty())
        return fail(ErrorCode::Usage, "run {} is not routed yet; wait until its warm start is over", m_row.id);
    RouteTextJob job;
    job.routing = int(m_assignments.size()) - 1;
    PATHLOOM_TRY(job.router, asset(of_routing("router", job.routing)));
    job.warm = warm_hashes(m_shape.warm_tasks);
    return job;
}

Result<v1::ExportPathResponse> RunController::export_files(int path) const
{
    if (path < 0 || path >= m_plan.topology.paths())
        return fail(
            ErrorCode::Usage, "run {} has paths 0 to {}; there is no path {}", m_row.id, m_plan.topology.paths() - 1, path);
    if (m_facts.routings == 0)
        return fail(ErrorCode::Usage, "run {} is still in its warm start; its paths do not exist yet", m_row.id);
    v1::ExportPathResponse out;
    nlohmann::json config{{"format", "pathloom-path"}, {"run", m_row.id}, {"name", m_row.name}, {"path", path},
        {"model", nlohmann::json::parse(to_json(m_plan.spec.model))}, {"modules", nlohmann::json::array()}};
    for (int module : m_plan.topology.path_modules[std::size_t(path)]) {
        const Module& info = m_plan.topology.modules[std::size_t(module)];
        const auto& versions = m_module_versions[std::size_t(module)];
        const auto chosen = versions.find(final_version(path));  // early stopping may have kept an older one
        const auto& [version, blob] = chosen == versions.end() ? *versions.rbegin() : *chosen;
        config["modules"].push_back({{"name", info.name}, {"version", version}, {"sha256", blob.hash}});
        auto* file = out.add_files();
        file->set_name(info.name + ".safetensors");
        file->set_hash(blob.hash);
    }
    auto* config_file = out.add_files();
    config_file->set_name("config.json");
    config_file->set_content(config.dump(2) + "\n");
    auto* tokenizer = out.add_files();
    tokenizer->set_name("tokenizer.model");
    tokenizer->set_hash(m_assets.at("tokenizer"));
    return out;
}

}  // namespace pathloom
