// SPDX-License-Identifier: GPL-3.0-or-later
// The scheduler as a whole: whatever the order in which work finishes, a run ends, and every contribution counts once.
#include "engine/cluster/run_facts.h"

#include "engine/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace pathloom {
namespace {

/// Two levels of `k` modules between one embed and one head: modules 0 = embed, 1..k, k+1..2k, 2k+1 = head.
RunShape grid(int k, int phases)
{
    RunShape shape;
    shape.columns = 4;
    shape.modules = 2 + 2 * k;
    shape.phases = phases;
    shape.warm_tasks = 2;
    shape.feature_chunks = 3;
    for (int a = 0; a < k; ++a)
        for (int b = 0; b < k; ++b) shape.path_modules.push_back({0, 1 + a, 1 + k + b, 1 + 2 * k});
    return shape;
}

void add_scores(RunShape& shape)
{
    auto& valid = shape.valid_paths.emplace_back();
    for (int path = 0; path < shape.paths(); ++path) {
        valid.push_back(path);
        if (int(shape.valid_paths.size()) == shape.routings()) shape.test_tasks.push_back({shape.phases, Stage::Test, path, 0});
    }
}

/// Do one wanted thing, picked by `rng`. Returns false when nothing is wanted.
bool do_something(RunShape& shape, RunFacts& facts, Rng& rng, std::map<TaskKey, int>& commits)
{
    const Wanted now = wanted(shape, facts);
    if (now.finished) return false;
    if (now.route) {
        ++facts.routings;
        add_scores(shape);
        return true;
    }
    const auto choices = now.tasks.size() + now.outer_steps.size();
    if (choices == 0) {
        ADD_FAILURE() << "the run is stuck";
        return false;
    }
    const auto pick = std::size_t(rng.below(choices));
    if (pick < now.tasks.size()) {
        EXPECT_TRUE(commit(shape, facts, now.tasks[pick]));
        ++commits[now.tasks[pick]];
    } else {
        EXPECT_TRUE(stepped(facts, now.outer_steps[pick - now.tasks.size()]));
    }
    return true;
}

TEST(RunFacts, EveryOrderOfWorkFinishesAndCountsEachTaskOnce)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        RunShape shape = grid(2 + int(seed % 3), 1 + int(seed % 4));
        RunFacts facts = initial_facts(shape);
        Rng rng(seed);
        std::map<TaskKey, int> commits;
        int guard = 0;
        while (do_something(shape, facts, rng, commits)) ASSERT_LT(++guard, 10000);
        EXPECT_TRUE(wanted(shape, facts).finished);
        EXPECT_EQ(wanted(shape, facts).stage, Stage::Done);
        for (const auto& [key, count] : commits) EXPECT_EQ(count, 1);
        const auto trained
            = std::count_if(commits.begin(), commits.end(), [](const auto& c) { return c.first.stage == Stage::Train; });
        EXPECT_EQ(trained, shape.paths() * shape.phases);
        for (int version : facts.module_versions) EXPECT_EQ(version, shape.phases);
        const auto valid
            = std::count_if(commits.begin(), commits.end(), [](const auto& c) { return c.first.stage == Stage::Valid; });
        EXPECT_EQ(valid, shape.paths() * (shape.phases + 1));
    }
}

RunFacts trained_from_start(const RunShape& shape)
{
    RunFacts facts = initial_facts(shape);
    facts.warm_committed = shape.warm_tasks;
    facts.warm_versions.assign(std::size_t(shape.columns), shape.warm_tasks);
    for (int i = 0; i < shape.feature_chunks; ++i) facts.features_done.insert(i);
    facts.routings = 1;
    return facts;
}

std::vector<TaskKey> train_tasks(const Wanted& now)
{
    std::vector<TaskKey> out;
    std::copy_if(
        now.tasks.begin(), now.tasks.end(), std::back_inserter(out), [](const TaskKey& k) { return k.stage == Stage::Train; });
    return out;
}

TEST(RunFacts, ModulesAreReleasedWithoutAGlobalBarrier)
{
    // Without shared embed and head a path needs only its own two levels: paths 0 and 1 share module A0, 2 and 3 share A1.
    RunShape shape;
    shape.columns = 1;
    shape.modules = 2;
    shape.phases = 3;
    shape.path_modules = {{0}, {0}, {1}, {1}};
    RunFacts facts = trained_from_start(shape);
    ASSERT_TRUE(commit(shape, facts, {0, Stage::Train, 0, 0}));
    EXPECT_TRUE(wanted(shape, facts).outer_steps.empty());
    ASSERT_TRUE(commit(shape, facts, {0, Stage::Train, 1, 0}));
    ASSERT_EQ(wanted(shape, facts).outer_steps, (std::vector<OuterStepWanted>{{false, 0, 0}}));
    ASSERT_TRUE(stepped(facts, {false, 0, 0}));
    // Paths 2 and 3 have not finished phase 0, yet paths 0 and 1 go on.
    EXPECT_EQ(train_tasks(wanted(shape, facts)),
        (std::vector<TaskKey>{
            {0, Stage::Train, 2, 0}, {0, Stage::Train, 3, 0}, {1, Stage::Train, 0, 0}, {1, Stage::Train, 1, 0}}));
}

TEST(RunFacts, ReshardingFinishesInEveryOrderAndTrainsNoPhaseUnderTheWrongShards)
{
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        RunShape shape = grid(2, 5);
        shape.reshard = seed % 2 ? std::vector<int>{1, 3} : std::vector<int>{4};
        shape.router_chunks = 2;
        for (int path = 0; path < shape.paths(); ++path) shape.router_paths.push_back(path);
        RunFacts facts = initial_facts(shape);
        Rng rng(seed);
        std::map<TaskKey, int> commits;
        int guard = 0;
        for (;;) {
            for (const TaskKey& key : wanted(shape, facts).tasks) {
                if (key.stage == Stage::Train) ASSERT_LT(shape.routing_of_phase(key.phase), facts.routings);
                if (key.stage == Stage::Discriminate) ASSERT_EQ(key.phase, shape.reshard[std::size_t(facts.routings - 1)]);
            }
            if (!do_something(shape, facts, rng, commits)) break;
            ASSERT_LT(++guard, 10000);
        }
        EXPECT_EQ(facts.routings, shape.routings());
        const auto scored
            = std::count_if(commits.begin(), commits.end(), [](const auto& c) { return c.first.stage == Stage::Discriminate; });
        EXPECT_EQ(scored, std::int64_t(shape.reshard.size()) * 4 * 2);
        const auto trained
            = std::count_if(commits.begin(), commits.end(), [](const auto& c) { return c.first.stage == Stage::Train; });
        EXPECT_EQ(trained, shape.paths() * shape.phases);
    }
}

TEST(RunFacts, SampledPathsTrainInTheirPhasesAndModulesWithoutPathsStepUnchanged)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        RunShape shape = grid(2, 6);
        Rng draw(seed);
        for (int phase = 0; phase < shape.phases; ++phase) {
            auto& of_phase = shape.sampled.emplace_back(4, false);
            of_phase[std::size_t(draw.below(4))] = true;
            if (phase % 2) of_phase[std::size_t(draw.below(4))] = true;
        }
        RunFacts facts = initial_facts(shape);
        Rng rng(seed);
        std::map<TaskKey, int> commits;
        int guard = 0;
        while (do_something(shape, facts, rng, commits)) ASSERT_LT(++guard, 10000);
        int trained = 0;
        for (const auto& [key, count] : commits) {
            if (key.stage != Stage::Train) continue;
            EXPECT_TRUE(shape.trains(key.phase, key.path));
            ++trained;
        }
        EXPECT_EQ(trained, shape.train_tasks());
        for (int version : facts.module_versions) EXPECT_EQ(version, shape.phases);
    }
}

TEST(RunFacts, SlicesAreScoredFromTheLastRoutingOnAndBeforeTheTest)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        RunShape shape = grid(2, 4);
        shape.reshard = {2};
        shape.router_chunks = 1;
        shape.router_paths = {0, 1, 2, 3};
        RunFacts facts = initial_facts(shape);
        Rng rng(seed);
        std::map<TaskKey, int> commits;
        int guard = 0;
        for (;;) {
            if (facts.routings == 2) shape.slice_paths = {0, 2, 3};  // path 1 has no held-out sequence
            const Wanted now = wanted(shape, facts);
            const auto is = [&](Stage stage) {
                return std::any_of(now.tasks.begin(), now.tasks.end(), [&](const TaskKey& k) { return k.stage == stage; });
            };
            ASSERT_FALSE(is(Stage::Slice) && is(Stage::Test));
            if (!do_something(shape, facts, rng, commits)) break;
            ASSERT_LT(++guard, 10000);
        }
        std::vector<TaskKey> slices;
        for (const auto& [key, count] : commits)
            if (key.stage == Stage::Slice) slices.push_back(key);
        ASSERT_EQ(slices.size(), 3U * 2U);
        for (const TaskKey& key : slices) EXPECT_GE(key.phase, 3);
    }
}

TEST(RunFacts, EachVersionIsValidatedUnderTheRoutingThatTrainedIt)
{
    RunShape shape;
    shape.phases = 6;
    shape.reshard = {2, 4};
    EXPECT_EQ(shape.routings(), 3);
    const auto phases = [&](int phase) { return shape.routing_of_phase(phase); };
    EXPECT_EQ((std::vector<int>{phases(0), phases(1), phases(2), phases(3), phases(4), phases(5)}),
        (std::vector<int>{0, 0, 1, 1, 2, 2}));
    EXPECT_EQ(shape.routing_of_version(0), 0);
    EXPECT_EQ(shape.routing_of_version(2), 0) << "the paths as they were when they were scored";
    EXPECT_EQ(shape.routing_of_version(3), 1);
    EXPECT_EQ(shape.routing_of_version(6), 2);
}

TEST(RunFacts, StaleAndDuplicateCommitsAreNotFacts)
{
    RunShape shape = grid(2, 2);
    RunFacts facts = trained_from_start(shape);
    EXPECT_TRUE(commit(shape, facts, {0, Stage::Train, 1, 0}));
    EXPECT_FALSE(commit(shape, facts, {0, Stage::Train, 1, 0})) << "twice";
    EXPECT_FALSE(commit(shape, facts, {2, Stage::Train, 1, 0})) << "a phase ahead";
    EXPECT_FALSE(commit(shape, facts, {0, Stage::Train, 99, 0})) << "no such path";
    EXPECT_FALSE(commit(shape, facts, {0, Stage::Warm, 0, 0})) << "the warm start is over";
    EXPECT_FALSE(stepped(facts, {false, 0, 1})) << "a version ahead";
    EXPECT_EQ(contributions(shape, facts, 0), (ContributionCount{1, 4}));
    EXPECT_EQ(contributions(shape, facts, 1), (ContributionCount{1, 2}));
}

TEST(RunFacts, AForgottenCommitIsWantedAgainAndChangesNothingElse)
{
    RunShape shape = grid(2, 2);
    RunFacts facts = trained_from_start(shape);
    for (int path = 0; path < 4; ++path) ASSERT_TRUE(commit(shape, facts, {0, Stage::Train, path, 0}));
    ASSERT_TRUE(stepped(facts, {false, 0, 0}));
    const RunFacts before = facts;
    EXPECT_TRUE(forget(facts, {0, Stage::Train, 1, 0}));
    EXPECT_FALSE(forget(facts, {0, Stage::Train, 1, 0})) << "it is forgotten already";
    EXPECT_EQ(contributions(shape, facts, 1), (ContributionCount{1, 2})) << "the module waits for it again";
    EXPECT_EQ(contributions(shape, facts, 0), (ContributionCount{0, 4})) << "the module that has stepped does not";
    EXPECT_EQ(train_tasks(wanted(shape, facts)), (std::vector<TaskKey>{{0, Stage::Train, 1, 0}}));
    ASSERT_TRUE(commit(shape, facts, {0, Stage::Train, 1, 0}));
    EXPECT_EQ(facts, before);
    EXPECT_FALSE(forget(facts, {0, Stage::Valid, 1, 0})) << "a score has no blob to lose";
    // The warm start's last task: nothing else happens until it is back.
    EXPECT_TRUE(forget(facts, {1, Stage::Warm, 0, 0}));
    EXPECT_EQ(wanted(shape, facts).tasks, (std::vector<TaskKey>{{1, Stage::Warm, 0, 0}}));
    EXPECT_TRUE(wanted(shape, facts).outer_steps.empty());
    ASSERT_TRUE(commit(shape, facts, {1, Stage::Warm, 0, 0}));
    EXPECT_EQ(facts, before);
    EXPECT_FALSE(forget(facts, {0, Stage::Features, 0, 0})) << "routed: nobody reads the features any more";
}

TEST(RunFacts, WarmStartIsAChain)
{
    RunShape shape = grid(2, 1);
    RunFacts facts = initial_facts(shape);
    EXPECT_EQ(wanted(shape, facts).tasks, (std::vector<TaskKey>{{0, Stage::Warm, 0, 0}}));
    ASSERT_TRUE(commit(shape, facts, {0, Stage::Warm, 0, 0}));
    EXPECT_TRUE(wanted(shape, facts).tasks.empty()) << "the next part waits for all four columns";
    EXPECT_EQ(wanted(shape, facts).outer_steps.size(), 4U);
    for (int column = 0; column < 4; ++column) ASSERT_TRUE(stepped(facts, {true, column, 0}));
    EXPECT_EQ(wanted(shape, facts).tasks, (std::vector<TaskKey>{{1, Stage::Warm, 0, 0}}));
}

TEST(TaskKey, IdsRoundTripAndJunkIsRefused)
{
    const TaskKey key{7, Stage::ValidFull, 12, 3};
    const auto parsed = parse_task_id(task_id(42, key));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, (RunTask{42, key}));
    for (const char* junk :
        {"", "1/train/0/0", "1/train/0/0/0/0", "x/train/0/0/0", "1/nonsense/0/0/0", "1/train/0/0/", "1/train/0 /0/0"})
        EXPECT_FALSE(parse_task_id(junk)) << junk;
}

}  // namespace
}  // namespace pathloom
