// SPDX-License-Identifier: GPL-3.0-or-later
// Planning, task specs and the evaluation document: pure functions of a spec and a corpus.
#include "engine/server/eval_document.h"
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
        for (const TaskKey& task : run_shape(plan, &assignment).test_tasks) scored.insert(task.path);
        EXPECT_EQ(scored, scoring) << "one scoring path a cell, whatever the replicas";
    }
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
    EXPECT_EQ(train_spec(plan_of(grid_spec()), data, 2, 1, {"a", "b", "c", "d"}, "", "x").step_begin(), 35);
}

TEST(TaskBuilder, PathsShuffleTheirShardsDifferently)
{
    const RunPlan plan = plan_of(grid_spec());
    const DataHashes data{"t", "s"};
    const std::vector<std::string> modules{"a", "b", "c", "d"};
    EXPECT_NE(
        train_spec(plan, data, 0, 0, modules, "", "x").data_seed(), train_spec(plan, data, 1, 0, modules, "", "x").data_seed());
    EXPECT_EQ(
        train_spec(plan, data, 0, 0, modules, "", "x").data_seed(), train_spec(plan, data, 0, 2, modules, "", "x").data_seed());
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
