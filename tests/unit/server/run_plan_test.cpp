// SPDX-License-Identifier: GPL-3.0-or-later
// Planning, task specs and the evaluation document: pure functions of a spec and a corpus.
#include "engine/server/eval_document.h"
#include "engine/server/run_controller.h"
#include "engine/server/run_plan.h"
#include "engine/server/task_builder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <numeric>
#include <set>

namespace pathloom {
namespace {

RunSpec grid_spec(int replicas = 1)
{
    RunSpec spec;
    spec.name = "grid";
    spec.model.vocabulary = 100;
    spec.model.d_model = 16;
    spec.model.heads = 2;
    spec.model.head_dim = 8;
    spec.model.blocks = {"full", "full"};
    spec.topology.levels = {{2, {0}}, {2, {1}}};
    spec.topology.replicas = replicas;
    spec.routing.prefix = 8;
    spec.data.sequence = 32;
    spec.training.warm_start_steps = 25;
    spec.training.tau = 10;
    spec.training.phases = 3;
    spec.evaluation.valid_sequences = 5;
    spec.evaluation.test_sequences = 7;
    return spec;
}

/// 40 documents of 70 tokens (two whole sequences, the tail dropped), every tenth validation, every tenth test, domains in turn.
std::vector<DocumentSpan> documents()
{
    std::vector<DocumentSpan> out;
    for (int i = 0; i < 40; ++i)
        out.push_back({i, std::int64_t(i) * 70, 70, i % 2,
            i % 10 == 8       ? Split::Valid
                : i % 10 == 9 ? Split::Test
                              : Split::Train});
    return out;
}

RunPlan plan_of(const RunSpec& spec)
{
    auto plan = plan_run(spec, documents(), {"even", "odd"}, 100);
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().message);
    return std::move(*plan);
}

TEST(RunPlan, EveryTrainingRowIsInExactlyOneShard)
{
    for (int replicas : {1, 3}) {
        const RunPlan plan = plan_of(grid_spec(replicas));
        std::vector<int> cells(plan.table.rows.size());
        for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = int(i * 7 % 4);
        const Assignment assignment = assign_rows(plan, cells);
        ASSERT_EQ(int(assignment.shards.size()), 4 * replicas);
        std::multiset<std::int32_t> seen;
        for (std::size_t path = 0; path < assignment.shards.size(); ++path)
            for (std::int32_t row : assignment.shards[path]) {
                seen.insert(row);
                EXPECT_EQ(cells[std::size_t(row)], plan.topology.cell_of(int(path)));
            }
        EXPECT_EQ(seen, std::multiset<std::int32_t>(plan.train_rows.begin(), plan.train_rows.end()));
        std::size_t tested = 0;
        std::set<int> scoring;
        for (std::size_t cell = 0; cell < assignment.test.size(); ++cell)
            for (const auto& chunk : assignment.test[cell]) {
                tested += chunk.size();
                scoring.insert(int(cell) * replicas);
            }
        EXPECT_EQ(tested, 7U);
        std::set<int> scored;
        for (const TaskKey& task : run_shape(plan, {assignment}).test_tasks) scored.insert(task.path);
        EXPECT_EQ(scored, scoring) << "one scoring path a cell, whatever the replicas";
    }
}

TEST(RunPlan, OverlapTrainsMorePathsAndScoresAsBefore)
{
    const RunPlan plan = plan_of(grid_spec());
    std::vector<int> cells(plan.table.rows.size(), 1), extra(plan.train_rows.size(), 3);
    const Assignment alone = assign_rows(plan, cells), both = assign_rows(plan, cells, extra);
    EXPECT_EQ(both.shards[1], alone.shards[1]);
    EXPECT_EQ(both.shards[3], plan.train_rows);
    EXPECT_TRUE(alone.shards[3].empty());
    EXPECT_EQ(sharded_rows(both), 2 * sharded_rows(alone));
    EXPECT_EQ(both.valid, alone.valid);
    EXPECT_EQ(both.test, alone.test);
}

TEST(RunPlan, TheRoutersDataIsKeptFromThePathsButNotFromTheWarmStart)
{
    RunSpec spec = grid_spec();
    const std::size_t all = plan_of(spec).train_rows.size();
    EXPECT_TRUE(plan_of(spec).router_rows.empty());
    spec.routing.router = "discriminative";
    spec.routing.reshard = {1};
    spec.routing.router_data = 0.25;
    const RunPlan plan = plan_of(spec);
    EXPECT_EQ(plan.warm_rows.size(), all);
    EXPECT_EQ(plan.router_rows.size(), all / 4);
    std::set<std::int32_t> parts(plan.train_rows.begin(), plan.train_rows.end());
    parts.insert(plan.router_rows.begin(), plan.router_rows.end());
    EXPECT_EQ(std::vector<std::int32_t>(parts.begin(), parts.end()), plan.warm_rows);
    EXPECT_EQ(plan.train_rows.size() + plan.router_rows.size(), all);
    EXPECT_EQ(run_shape(plan, {}).router_chunks, 1);
    EXPECT_EQ(run_shape(plan, {}).router_paths, (std::vector<int>{0, 1, 2, 3}));
    spec.routing.router_data = 0.05;
    const auto few = plan_run(spec, documents(), {"even", "odd"}, 100);
    ASSERT_FALSE(few);
    EXPECT_NE(few.error().message.find("it needs 10 or more"), std::string::npos) << few.error().message;
}

TEST(RunPlan, TheShardsEventTellsWhoMovedWhere)
{
    RunSpec spec = grid_spec();
    spec.routing.router = "discriminative";
    spec.routing.reshard = {2};
    spec.routing.router_data = 0.25;
    const RunPlan plan = plan_of(spec);
    std::vector<int> cells(plan.table.rows.size(), 0), later = cells;
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = int(i % 4);
    for (std::size_t i = 0; i < cells.size(); ++i) later[i] = i % 8 == 1 ? 2 : cells[i];
    const Assignment before = assign_rows(plan, cells), after = assign_rows(plan, later);
    const auto first = shards_event(plan, 0, before, nullptr), second = shards_event(plan, 1, after, &before);
    EXPECT_EQ(first.router(), "kmeans");
    EXPECT_EQ(first.flow_size(), 0);
    EXPECT_EQ(second.router(), "discriminative");
    EXPECT_EQ(second.phase(), 2);
    std::int64_t sum = 0, moved = 0;
    for (const auto& flow : second.flow()) {
        sum += flow.sequences();
        if (flow.from() != flow.to()) moved += flow.sequences();
        EXPECT_TRUE(flow.from() == flow.to() || (flow.from() == 1 && flow.to() == 2));
    }
    EXPECT_EQ(sum, std::int64_t(plan.train_rows.size()));
    EXPECT_EQ(
        moved, std::count_if(plan.train_rows.begin(), plan.train_rows.end(), [](std::int32_t row) { return row % 8 == 1; }));
    EXPECT_GT(moved, 0);
}

TEST(RunPlan, SlicesAreHeldOutOfEveryShard)
{
    RunSpec spec = grid_spec();
    spec.training.early_stopping = 0.2;
    const RunPlan plan = plan_of(spec);
    EXPECT_GT(plan.slice_rows.size(), 2U);
    EXPECT_EQ(plan.slice_rows.size() + plan.train_rows.size(), plan.warm_rows.size());
    std::vector<int> cells(plan.table.rows.size());
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = i % 3 == 0 ? 0 : 2;
    const Assignment assignment = assign_rows(plan, cells, std::vector<int>(plan.train_rows.size(), 1));
    std::size_t sliced = 0;
    for (std::size_t cell = 0; cell < 4; ++cell)
        for (const std::int32_t row : assignment.slices[cell]) {
            EXPECT_EQ(cells[std::size_t(row)], int(cell));
            ++sliced;
            for (const auto& shard : assignment.shards) EXPECT_EQ(std::count(shard.begin(), shard.end(), row), 0);
        }
    EXPECT_EQ(sliced, plan.slice_rows.size());
    EXPECT_EQ(run_shape(plan, {assignment}).slice_paths, (std::vector<int>{0, 2}));
    spec.training.early_stopping = 1e-6;
    const auto none = plan_run(spec, documents(), {"even", "odd"}, 100);
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("holds out none"), std::string::npos) << none.error().message;
}

TEST(RunPlan, SampledPathsTrainEquallyOften)
{
    RunSpec spec = grid_spec();
    spec.training.phases = 12;
    EXPECT_TRUE(sampled_paths(plan_of(spec)).empty());
    for (const int each : {1, 2, 3}) {
        spec.training.paths_per_phase = each;
        const auto sampled = sampled_paths(plan_of(spec));
        ASSERT_EQ(sampled.size(), 12U);
        std::vector<int> times(4, 0);
        for (const auto& of_phase : sampled) {
            EXPECT_EQ(std::count(of_phase.begin(), of_phase.end(), true), each);
            for (std::size_t path = 0; path < 4; ++path) times[path] += of_phase[path] ? 1 : 0;
        }
        EXPECT_EQ(times, std::vector<int>(4, 3 * each));
        EXPECT_EQ(sampled_paths(plan_of(spec)), sampled);
    }
    spec.seed = 2;
    spec.training.paths_per_phase = 1;
    RunSpec other = spec;
    other.seed = 3;
    EXPECT_NE(sampled_paths(plan_of(spec)), sampled_paths(plan_of(other)));
}

TEST(RunPlan, ARerouteIsAMultipleOfSixteenOrAnOracle)
{
    EXPECT_EQ(parse_route("")->name, "once");
    EXPECT_EQ(parse_route("128")->window, 128);
    EXPECT_TRUE(parse_route("oracle")->oracle);
    EXPECT_EQ(parse_route("oracle")->window, 16);
    EXPECT_EQ(parse_route("oracle-0")->window, 0);
    for (const char* bad : {"0", "-16", "17", "oracle-", "oracle17", "oracle-17", "twice", "16x", "1e3", "99999999999"})
        EXPECT_FALSE(parse_route(bad)) << bad;
}

TEST(RunPlan, WhatCannotWorkIsRefusedByName)
{
    RunSpec spec = grid_spec(100);
    auto plan = plan_run(spec, documents(), {"even", "odd"}, 100);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::Usage);
    EXPECT_NE(plan.error().message.find("400 paths"), std::string::npos) << plan.error().message;
    plan = plan_run(grid_spec(), documents(), {"even", "odd"}, 99);
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().message.find("model.vocabulary=99"), std::string::npos) << plan.error().message;
    auto no_test = documents();
    for (auto& document : no_test)
        if (document.split == Split::Test) document.split = Split::Train;
    plan = plan_run(grid_spec(), no_test, {"even", "odd"}, 100);
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().message.find("0 test"), std::string::npos) << plan.error().message;
}

TEST(RunPlan, SpreadKeepsOrderAndEnds)
{
    std::vector<std::int32_t> rows(10);
    std::iota(rows.begin(), rows.end(), 0);
    EXPECT_EQ(spread(rows, 5), (std::vector<std::int32_t>{0, 2, 4, 6, 8}));
    EXPECT_EQ(spread(rows, 0), rows);
    EXPECT_EQ(spread(rows, 11), rows);
}

TEST(RunPlan, WarmTasksAddUpToTheWarmStart)
{
    const RunSpec spec = grid_spec();
    int steps = 0;
    for (int task = 0; task < warm_task_count(spec.training); ++task) steps += warm_task_steps(spec.training, task);
    EXPECT_EQ(steps, 25);
    EXPECT_EQ(warm_task_steps(spec.training, 2), 5);
}

TEST(TaskBuilder, TheWarmStartDoesNotKnowItsTopology)
{
    RunSpec dense = grid_spec();
    dense.topology = {};
    dense.topology.levels = {{1, {0, 1}}};
    dense.routing.router = "none";
    dense.name = "dense";
    const DataHashes data{"t", "s"};
    const auto grid_task = warm_spec(plan_of(grid_spec()), data, 1, {"a", "b", "c"}, "i", "w");
    const auto dense_task = warm_spec(plan_of(dense), data, 1, {"a", "b", "c"}, "i", "w");
    EXPECT_EQ(memo_key(grid_task), memo_key(dense_task));
    RunSpec seed = grid_spec();
    seed.seed = 2;
    EXPECT_NE(memo_key(grid_task), memo_key(warm_spec(plan_of(seed), data, 1, {"a", "b", "c"}, "i", "w")));
    EXPECT_EQ(grid_task.step_begin(), 10);
    EXPECT_EQ(train_spec(plan_of(grid_spec()), data, 2, 1, {"a", "b", "c", "d"}, "", "", "x").step_begin(), 35);
}

TEST(TaskBuilder, PathsShuffleTheirShardsDifferently)
{
    const RunPlan plan = plan_of(grid_spec());
    const DataHashes data{"t", "s"};
    const std::vector<std::string> modules{"a", "b", "c", "d"};
    EXPECT_NE(train_spec(plan, data, 0, 0, modules, "", "", "x").data_seed(),
        train_spec(plan, data, 1, 0, modules, "", "", "x").data_seed());
    EXPECT_EQ(train_spec(plan, data, 0, 0, modules, "", "", "x").data_seed(),
        train_spec(plan, data, 0, 2, modules, "", "", "x").data_seed());
}

TEST(EvalDocument, PerplexityIsTheExponentOfTheTokenMean)
{
    const RunPlan plan = plan_of(grid_spec());
    v1::DomainScore even;
    even.set_domain(0);
    even.set_nll(20);
    even.set_tokens(10);
    even.set_sequences(2);
    v1::DomainScore odd;
    odd.set_domain(1);
    odd.set_nll(10);
    odd.set_tokens(20);
    odd.set_sequences(3);
    const auto document
        = nlohmann::json::parse(eval_document(4, "grid", plan, "test", "once", {{0, {even}}, {3, {odd}}, {3, {even}}}));
    EXPECT_NEAR(document["perplexity"].get<double>(), std::exp(50.0 / 40.0), 1e-12);
    EXPECT_NEAR(document["domains"]["odd"]["perplexity"].get<double>(), std::exp(0.5), 1e-12);
    EXPECT_EQ(document["tokens"], 40);
    EXPECT_EQ(document["histogram"], nlohmann::json({2, 0, 0, 5}));
    EXPECT_EQ(document["routing"]["even"], nlohmann::json({2, 0, 0, 2}));
    EXPECT_EQ(document["paths"][1]["perplexity"], nullptr) << "a path that scored nothing has no perplexity";
}

}  // namespace
}  // namespace pathloom
