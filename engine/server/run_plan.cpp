// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/server/run_plan.h"

#include "engine/core/rng.h"
#include "engine/model/codec.h"
#include "engine/routing/router.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <numeric>

namespace pathloom {

std::vector<std::int32_t> spread(const std::vector<std::int32_t>& rows, int count)
{
    if (count <= 0 || std::size_t(count) >= rows.size()) return rows;
    std::vector<std::int32_t> out;
    out.reserve(std::size_t(count));
    for (int i = 0; i < count; ++i) out.push_back(rows[rows.size() * std::size_t(i) / std::size_t(count)]);
    return out;
}

namespace {
/// Part the training split into shards' rows and the router's data. Rows at equal distances: every domain gives its part.
Result<void> keep_router_rows(RunPlan& plan)
{
    const RoutingSpec& routing = plan.spec.routing;
    plan.train_rows = plan.warm_rows;
    if (routing.reshard.empty() || plan.warm_rows.empty()) return {};
    const auto count = int(routing.router_data * double(plan.warm_rows.size()));
    const int least = std::max(10, 2 * plan.topology.cells());
    if (count < least)
        return fail(ErrorCode::Usage,
            "routing.router_data {} keeps {} of {} training sequences for a router between {} paths; it needs {} or more",
            routing.router_data, count, plan.warm_rows.size(), plan.topology.cells(), least);
    plan.router_rows = spread(plan.warm_rows, count);
    plan.train_rows.clear();
    std::set_difference(plan.warm_rows.begin(), plan.warm_rows.end(), plan.router_rows.begin(), plan.router_rows.end(),
        std::back_inserter(plan.train_rows));
    return {};
}
/// A hash decides, so a sequence stays held out whichever path it is routed to later.
Result<void> hold_out_slices(RunPlan& plan)
{
    const double share = plan.spec.training.early_stopping;
    if (share <= 0) return {};
    std::vector<std::int32_t> kept;
    for (const std::int32_t row : plan.train_rows)
        (Rng(mix(plan.spec.seed, 0x736c6963U, std::uint64_t(row))).uniform() < share ? plan.slice_rows : kept).push_back(row);
    if (plan.slice_rows.empty())
        return fail(ErrorCode::Usage,
            "training.early_stopping {} holds out none of {} training sequences; raise it, or set it to 0", share,
            plan.train_rows.size());
    plan.train_rows = std::move(kept);
    return {};
}
}  // namespace

Result<RunPlan> plan_run(const RunSpec& spec, const std::vector<DocumentSpan>& documents, const std::vector<std::string>& domains,
    int tokenizer_vocabulary)
{
    RunPlan plan;
    plan.spec = spec;
    plan.topology = build_topology(spec.model, spec.topology);
    plan.warm = warm_topology(spec.model);
    PATHLOOM_TRY(const Codec codec, parse_codec(spec.outer.codec));
    for (const Column& column : plan.topology.columns) plan.delta_bytes += column_delta_bytes(spec.model, column, codec);
    if (spec.model.vocabulary != tokenizer_vocabulary)
        return fail(ErrorCode::Usage,
            "model.vocabulary is {} but the tokenizer of corpus '{}' has {} pieces; set model.vocabulary={}",
            spec.model.vocabulary, spec.data.corpus, tokenizer_vocabulary, tokenizer_vocabulary);
    plan.table = cut_sequences(documents, domains, spec.data.sequence, spec.routing.prefix);
    std::vector<std::int32_t> test;
    for (std::size_t i = 0; i < plan.table.rows.size(); ++i) {
        switch (plan.table.rows[i].split) {
        case Split::Train:
            plan.warm_rows.push_back(std::int32_t(i));
            break;
        case Split::Valid:
            plan.valid_rows.push_back(std::int32_t(i));
            break;
        case Split::Test:
            test.push_back(std::int32_t(i));
            break;
        }
    }
    if (plan.warm_rows.empty())
        return fail(ErrorCode::Usage, "corpus '{}' has no training sequence of at least {} tokens; import longer documents",
            spec.data.corpus, spec.routing.prefix + 8);
    PATHLOOM_CHECK(keep_router_rows(plan));
    PATHLOOM_CHECK(hold_out_slices(plan));
    if (std::size_t(plan.topology.paths()) > plan.train_rows.size())
        return fail(ErrorCode::Usage,
            "the topology has {} paths but corpus '{}' gives only {} training sequences; use fewer paths or more documents",
            plan.topology.paths(), spec.data.corpus, plan.train_rows.size());
    if (plan.valid_rows.empty() || test.empty())
        return fail(ErrorCode::Usage,
            "corpus '{}' has {} validation and {} test sequences; each split needs at least one, import more documents",
            spec.data.corpus, plan.valid_rows.size(), test.size());
    plan.test_rows = spread(test, spec.evaluation.test_sequences);
    plan.valid_phase_rows = spread(plan.valid_rows, spec.evaluation.valid_sequences);
    return plan;
}

std::vector<std::vector<std::int32_t>> feature_chunks(const RunPlan& plan)
{
    std::vector<std::vector<std::int32_t>> chunks;
    if (!plan.routes() || !router_needs_features(plan.spec.routing.router)) return chunks;
    for (std::size_t begin = 0; begin < plan.table.rows.size(); begin += feature_rows_per_task) {
        auto& chunk = chunks.emplace_back();
        const std::size_t end = std::min(plan.table.rows.size(), begin + feature_rows_per_task);
        for (std::size_t i = begin; i < end; ++i) chunk.push_back(std::int32_t(i));
    }
    return chunks;
}

namespace {
std::vector<std::vector<std::int32_t>> chunked(const std::vector<std::int32_t>& rows)
{
    std::vector<std::vector<std::int32_t>> out;
    for (std::size_t begin = 0; begin < rows.size(); begin += score_rows_per_task)
        out.emplace_back(rows.begin() + std::ptrdiff_t(begin),
            rows.begin() + std::ptrdiff_t(std::min(rows.size(), begin + score_rows_per_task)));
    return out;
}

std::vector<std::vector<std::int32_t>> by_cell(
    const std::vector<std::int32_t>& rows, const std::vector<int>& cell_of_row, int cells)
{
    std::vector<std::vector<std::int32_t>> out(static_cast<std::size_t>(cells));
    for (std::int32_t row : rows) out[std::size_t(cell_of_row[std::size_t(row)])].push_back(row);
    return out;
}
}  // namespace

std::vector<std::vector<std::int32_t>> router_chunks(const RunPlan& plan)
{
    return chunked(plan.router_rows);
}

std::string of_routing(const std::string& key, int routing)
{
    return routing == 0 ? key : fmt::format("{}@{}", key, routing);
}

std::int64_t sharded_rows(const Assignment& assignment)
{
    std::int64_t sum = 0;
    for (const auto& shard : assignment.shards) sum += std::int64_t(shard.size());
    return sum;
}

Assignment assign_rows(const RunPlan& plan, const std::vector<int>& cell_of_row, const std::vector<int>& extra_cells)
{
    Assignment out;
    out.cell_of_row = cell_of_row;
    const int replicas = plan.topology.replicas;
    const int cells = plan.topology.cells();
    const std::size_t extra = plan.train_rows.empty() ? 0 : extra_cells.size() / plan.train_rows.size();
    out.shards.resize(std::size_t(plan.topology.paths()));
    for (std::size_t i = 0; i < plan.train_rows.size(); ++i) {
        const std::int32_t row = plan.train_rows[i];
        const int replica
            = replicas == 1 ? 0 : int(mix(plan.spec.seed, 0x7265706cU, std::uint64_t(row)) % std::uint64_t(replicas));
        out.shards[std::size_t(cell_of_row[std::size_t(row)] * replicas + replica)].push_back(row);
        for (std::size_t e = 0; e < extra; ++e)
            out.shards[std::size_t(extra_cells[i * extra + e] * replicas + replica)].push_back(row);
    }
    out.valid = by_cell(plan.valid_phase_rows, cell_of_row, cells);
    out.slices = by_cell(plan.slice_rows, cell_of_row, cells);
    for (const auto& rows : by_cell(plan.test_rows, cell_of_row, cells)) out.test.push_back(chunked(rows));
    for (const auto& rows : by_cell(plan.valid_rows, cell_of_row, cells)) out.valid_full.push_back(chunked(rows));
    return out;
}

std::string router_of(const RunPlan& plan, int routing)
{
    if (!plan.routes()) return "none";
    const RoutingSpec& spec = plan.spec.routing;
    return spec.router == "discriminative" && routing == 0 ? spec.start : spec.router;
}

int scoring_path(const RunPlan& plan, int cell)
{
    return cell * plan.topology.replicas;
}

int warm_task_count(const TrainingSpec& training)
{
    return (training.warm_start_steps + training.tau - 1) / training.tau;
}

int warm_task_steps(const TrainingSpec& training, int task)
{
    return std::min(training.tau, training.warm_start_steps - task * training.tau);
}

std::vector<std::vector<bool>> sampled_paths(const RunPlan& plan)
{
    const int paths = plan.topology.paths(), each = plan.spec.training.paths_per_phase;
    std::vector<std::vector<bool>> out;
    if (each == 0 || each == paths) return out;
    std::deque<int> waiting;
    std::uint64_t round = 0;
    for (int phase = 0; phase < plan.spec.training.phases; ++phase) {
        auto& chosen = out.emplace_back(std::size_t(paths), false);
        std::deque<int> again;  // drawn a second time in this phase, by the next round: first in the next phase
        for (int taken = 0; taken < each;) {
            if (waiting.empty()) {
                std::vector<int> order(std::size_t(paths), 0);
                std::iota(order.begin(), order.end(), 0);
                Rng(mix(plan.spec.seed, 0x73616d70U, round++)).shuffle(std::span(order));
                waiting.assign(order.begin(), order.end());
            }
            const int path = waiting.front();
            waiting.pop_front();
            if (chosen[std::size_t(path)]) {
                again.push_back(path);
                continue;
            }
            chosen[std::size_t(path)] = true;
            ++taken;
        }
        waiting.insert(waiting.begin(), again.begin(), again.end());
    }
    return out;
}

RunShape run_shape(const RunPlan& plan, const std::vector<Assignment>& assignments)
{
    RunShape shape;
    shape.path_modules = plan.topology.path_modules;
    shape.modules = int(plan.topology.modules.size());
    shape.columns = int(plan.warm.columns.size());
    shape.phases = plan.spec.training.phases;
    shape.warm_tasks = warm_task_count(plan.spec.training);
    shape.feature_chunks = int(feature_chunks(plan).size());
    shape.valid_every = plan.spec.evaluation.every;
    shape.sampled = sampled_paths(plan);
    shape.reshard = plan.spec.routing.reshard;
    shape.router_chunks = int(router_chunks(plan).size());
    for (int cell = 0; cell < plan.topology.cells(); ++cell) shape.router_paths.push_back(scoring_path(plan, cell));
    for (const Assignment& assignment : assignments) {
        auto& paths = shape.valid_paths.emplace_back();
        for (int cell = 0; cell < plan.topology.cells(); ++cell)
            if (!assignment.valid[std::size_t(cell)].empty()) paths.push_back(scoring_path(plan, cell));
    }
    if (int(assignments.size()) < shape.routings()) return shape;
    for (int cell = 0; cell < plan.topology.cells(); ++cell)
        if (!assignments.back().slices[std::size_t(cell)].empty()) shape.slice_paths.push_back(scoring_path(plan, cell));
    for (int cell = 0; cell < plan.topology.cells(); ++cell)
        for (std::size_t chunk = 0; chunk < assignments.back().test[std::size_t(cell)].size(); ++chunk)
            shape.test_tasks.push_back({shape.phases, Stage::Test, scoring_path(plan, cell), int(chunk)});
    return shape;
}

std::int64_t module_bytes(const Module& module)
{
    return module.parameters * 4;
}

v1::RunPlanned planned_event(const RunPlan& plan)
{
    v1::RunPlanned out;
    const Topology& topology = plan.topology;
    for (const Column& column : topology.columns) {
        auto* info = out.add_columns();
        info->set_name(column.name);
        info->set_title(column.title);
        info->set_modules(column.modules);
        info->set_path_specific(column.path_specific);
        for (int block : column.blocks) info->add_blocks(block);
    }
    for (const Module& module : topology.modules) {
        auto* info = out.add_modules();
        info->set_name(module.name);
        info->set_column(module.column);
        info->set_index(module.index);
        info->set_parameters(module.parameters);
        info->set_bytes(module_bytes(module));
        for (int path : module.paths) info->add_paths(path);
    }
    std::int64_t one_way = 0;
    for (int path = 0; path < topology.paths(); ++path) {
        auto* info = out.add_paths();
        info->set_path(path);
        for (int module : topology.path_modules[std::size_t(path)]) info->add_modules(module);
        one_way += topology.path_parameters(path) * 4;
    }
    out.set_phases(plan.spec.training.phases);
    out.set_tau(plan.spec.training.tau);
    out.set_warm_steps(plan.spec.training.warm_start_steps);
    out.set_path_parameters(topology.path_parameters(0));
    out.set_total_parameters(topology.total_parameters());
    out.set_sync_bytes_per_phase(one_way + topology.paths() * plan.delta_bytes);
    out.set_data_parallel_bytes_per_phase(2 * one_way * plan.spec.training.tau);
    return out;
}

v1::ShardsAssigned shards_event(const RunPlan& plan, int routing, const Assignment& assignment, const Assignment* before)
{
    v1::ShardsAssigned out;
    out.set_router(router_of(plan, routing));
    out.set_routing(routing);
    if (routing > 0) out.set_phase(plan.spec.routing.reshard[std::size_t(routing - 1)]);
    if (before) {
        std::map<std::pair<int, int>, std::int64_t> flow;
        for (const std::int32_t row : plan.train_rows)
            ++flow[{before->cell_of_row[std::size_t(row)], assignment.cell_of_row[std::size_t(row)]}];
        for (const auto& [move, sequences] : flow) {
            auto* one = out.add_flow();
            one->set_from(move.first);
            one->set_to(move.second);
            one->set_sequences(sequences);
        }
    }
    for (const auto& domain : plan.table.domains) out.add_domains(domain);
    for (std::size_t path = 0; path < assignment.shards.size(); ++path) {
        std::vector<std::int64_t> counts(plan.table.domains.size(), 0);
        for (std::int32_t row : assignment.shards[path]) ++counts[std::size_t(plan.table.rows[std::size_t(row)].domain)];
        auto* shard = out.add_shards();
        shard->set_path(std::int32_t(path));
        shard->set_sequences(std::int64_t(assignment.shards[path].size()));
        for (std::int64_t count : counts) shard->add_by_domain(count);
    }
    return out;
}

}  // namespace pathloom
