// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/cluster/leases.h"

#include <gtest/gtest.h>

namespace pathloom {
namespace {

ClusterState two_workers()
{
    ClusterState state;
    for (std::int64_t id : {1, 2}) {
        WorkerState worker;
        worker.id = id;
        state.workers[id] = worker;
    }
    return state;
}

const std::string task = task_id(1, {0, Stage::Train, 0, 0});

TEST(Leases, RenewalKeepsALeaseAndSilenceEndsIt)
{
    ClusterState state = two_workers();
    grant(state, 1, task, 5, 1000, 10000);
    EXPECT_TRUE(renew(state, 1, task, 5, 9000, 10000));
    EXPECT_TRUE(expire(state, 18000, 60000).leases.empty());
    const Expired expired = expire(state, 19000, 60000);
    ASSERT_EQ(expired.leases.size(), 1U);
    EXPECT_EQ(expired.leases[0].fence, 5);
    EXPECT_EQ(state.workers[1].tasks_lost, 1);
    EXPECT_FALSE(renew(state, 1, task, 5, 19001, 10000)) << "too late";
    EXPECT_TRUE(state.workers[1].task.empty());
}

TEST(Leases, AnOldFenceCannotCommitOverANewOne)
{
    ClusterState state = two_workers();
    grant(state, 1, task, 5, 0, 1000);
    expire(state, 2000, 60000);
    grant(state, 2, task, 6, 2000, 1000);
    EXPECT_FALSE(find_lease(state, 1, task, 5));
    EXPECT_FALSE(find_lease(state, 2, task, 5));
    EXPECT_FALSE(find_lease(state, 1, task, 6));
    EXPECT_TRUE(find_lease(state, 2, task, 6));
}

TEST(Leases, ASilentWorkerIsLostAndItsTaskComesBack)
{
    ClusterState state = two_workers();
    grant(state, 1, task, 1, 0, 100000);
    state.workers[2].last_seen_ms = 20000;
    const Expired expired = expire(state, 20000, 15000);
    EXPECT_EQ(expired.workers, std::vector<std::int64_t>{1});
    ASSERT_EQ(expired.leases.size(), 1U);
    EXPECT_EQ(state.workers[1].gone, "lost");
    EXPECT_TRUE(state.leases.empty());
}

TEST(Leases, ChooseSkipsHeldTasksAndPrefersTheCachedPath)
{
    ClusterState state = two_workers();
    const std::vector<Candidate> candidates{
        {1, {3, Stage::Train, 0, 0}}, {1, {3, Stage::Train, 1, 0}}, {1, {3, Stage::Valid, 0, 0}}};
    grant(state, 2, task_id(1, {2, Stage::Train, 1, 0}), 1, 0, 10);
    release(state, task_id(1, {2, Stage::Train, 1, 0}));
    EXPECT_EQ(choose(state, candidates, 2)->key.path, 1) << "it trained path 1 last";
    EXPECT_EQ(choose(state, candidates, 1)->key.path, 0);
    grant(state, 1, task_id(1, candidates[0].key), 2, 0, 10);
    grant(state, 2, task_id(1, candidates[1].key), 3, 0, 10);
    EXPECT_EQ(choose(state, candidates, 1)->key.stage, Stage::Valid);
    grant(state, 1, task_id(1, candidates[2].key), 4, 0, 10);
    EXPECT_FALSE(choose(state, candidates, 2));
}

TEST(Leases, AReservationIsKeptForItsWorkerButKeepsNobodyIdle)
{
    ClusterState state = two_workers();
    const std::vector<Candidate> candidates{{1, {3, Stage::Train, 0, 0}}, {1, {3, Stage::Train, 1, 0}}};
    reserve(state, 2, task_id(1, candidates[0].key));
    EXPECT_EQ(spare(state, candidates), 1);
    EXPECT_EQ(choose(state, candidates, 2)->key.path, 0);
    EXPECT_EQ(choose(state, candidates, 1)->key.path, 1) << "the other one is free for all";
    grant(state, 1, task_id(1, candidates[1].key), 1, 0, 10);
    EXPECT_EQ(choose(state, candidates, 1)->key.path, 0) << "better taken from worker 2 than idle";
    grant(state, 1, task_id(1, candidates[0].key), 2, 0, 10);
    EXPECT_TRUE(state.workers[2].reserved.empty());
    EXPECT_TRUE(state.reserved.empty());
    EXPECT_FALSE(choose(state, candidates, 2));
}

TEST(Leases, AWorkerComputesOneTaskWhileItUploadsAnother)
{
    ClusterState state = two_workers();
    const std::string next = task_id(1, {0, Stage::Train, 1, 0});
    grant(state, 1, task, 1, 0, 1000);
    grant(state, 1, next, 2, 0, 1000);
    EXPECT_EQ(leases_of(state, 1).size(), 2U);
    EXPECT_TRUE(renew(state, 1, task, 1, 900, 1000));
    EXPECT_TRUE(renew(state, 1, next, 2, 900, 1000));
    release(state, task);
    EXPECT_EQ(state.workers[1].task, next) << "the older one's end leaves the newer one alone";
    EXPECT_TRUE(expire(state, 1899, 60000).leases.empty());
}

TEST(Leases, DepartReturnsEveryLeaseOnce)
{
    ClusterState state = two_workers();
    grant(state, 1, task, 1, 0, 1000);
    grant(state, 1, task_id(1, {1, Stage::Train, 0, 0}), 2, 0, 1000);
    EXPECT_EQ(depart(state, 1, "left").size(), 2U) << "one computed, one still uploading";
    EXPECT_TRUE(depart(state, 1, "lost").empty());
    EXPECT_TRUE(state.leases.empty());
    EXPECT_EQ(state.workers[1].gone, "left");
}

}  // namespace
}  // namespace pathloom
