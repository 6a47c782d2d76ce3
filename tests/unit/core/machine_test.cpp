// SPDX-License-Identifier: GPL-3.0-or-later
// Cores and memory: how workers share them, and what the system says afterwards.
#include "engine/core/files.h"
#include "engine/core/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <future>
#include <thread>

namespace pathloom {
namespace {

using testing::ElementsAre;

TEST(Machine, CoresAreSharedOutEvenlyAndNoneTwice)
{
    const std::vector<int> cores{0, 1, 2, 3, 8, 9, 10};
    EXPECT_THAT(cores_of_worker(cores, 1, 0), testing::ElementsAreArray(cores));
    EXPECT_THAT(cores_of_worker(cores, 2, 0), ElementsAre(0, 1, 2));
    EXPECT_THAT(cores_of_worker(cores, 2, 1), ElementsAre(3, 8, 9, 10));
    for (int workers = 1; workers <= 7; ++workers) {
        std::vector<int> all;
        for (int slot = 0; slot < workers; ++slot) {
            const auto share = cores_of_worker(cores, workers, slot);
            EXPECT_GE(int(share.size()), 7 / workers);
            EXPECT_LE(int(share.size()), 7 / workers + 1);
            all.insert(all.end(), share.begin(), share.end());
        }
        EXPECT_THAT(all, testing::ElementsAreArray(cores)) << workers << " workers";
    }
}

TEST(Machine, MoreWorkersThanCoresTakeTurns)
{
    for (int slot = 0; slot < 5; ++slot) EXPECT_THAT(cores_of_worker({4, 6}, 5, slot), ElementsAre(slot % 2 == 0 ? 4 : 6));
}

TEST(Machine, CoreListsReadBack)
{
    EXPECT_EQ(core_list({0, 1, 2, 3, 8}), "0-3,8");
    EXPECT_EQ(core_list({5}), "5");
    EXPECT_THAT(parse_core_list("8,0-3").value(), ElementsAre(0, 1, 2, 3, 8));
    EXPECT_THAT(parse_core_list("1,1-2,2").value(), ElementsAre(1, 2));
    for (const std::string wrong : {"", "a", "1-", "-1", "3-1", "1,", "1;2", "0-99999999", "1--2"}) {
        const auto cores = parse_core_list(wrong);
        ASSERT_FALSE(cores) << wrong;
        EXPECT_EQ(cores.error().code, ErrorCode::Usage);
    }
}

TEST(Machine, AMemoryLimitIsANumberOrNone)
{
    EXPECT_EQ(parse_memory_limit("1073741824\n", 7), 1073741824U);
    EXPECT_EQ(parse_memory_limit("max\n", 7), 7U);
    EXPECT_EQ(parse_memory_limit("", 7), 7U);
    EXPECT_EQ(parse_memory_limit("12 apples", 7), 7U);
}

TEST(Machine, ThisOneHasCoresAndMemory)
{
    const Machine machine = this_machine();
    ASSERT_FALSE(machine.cores.empty());
    EXPECT_GT(machine.memory_bytes, 1U << 20);
    const std::string status = read_file("/proc/self/status").value();
    EXPECT_NE(status.find("Cpus_allowed_list:\t" + core_list(machine.cores) + "\n"), std::string::npos);
}

TEST(Machine, ABoundProcessAndItsThreadsStayWhereTheyWerePut)
{
    const Machine machine = this_machine();
    const std::vector<int> one{machine.cores.back()};
    std::promise<void> end;
    std::promise<pid_t> id;
    std::thread other([&] {
        id.set_value(::gettid());
        end.get_future().wait();
    });
    const pid_t thread = id.get_future().get();
    ASSERT_TRUE(bind_process_to_cores(::getpid(), one));
    const auto allowed = [](pid_t tid) {
        const std::string status = read_file("/proc/self/task/" + std::to_string(tid) + "/status").value();
        const auto at = status.find("Cpus_allowed_list:\t") + 19;
        return status.substr(at, status.find('\n', at) - at);
    };
    EXPECT_EQ(allowed(thread), core_list(one));
    EXPECT_EQ(allowed(::getpid()), core_list(one));
    EXPECT_THAT(this_machine().cores, testing::ElementsAreArray(one));
    ASSERT_TRUE(bind_process_to_cores(::getpid(), machine.cores));
    end.set_value();
    other.join();
    EXPECT_EQ(bind_process_to_cores(1 << 30, one).error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace pathloom
