// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/core/side_by_side.h"

#include <gtest/gtest.h>

#include <barrier>
#include <set>

namespace pathloom {
namespace {

TEST(SideBySide, EveryItemIsDoneOnce)
{
    const std::vector<int> items{1, 2, 3, 4, 5, 6, 7};
    std::mutex mutex;
    std::multiset<int> done;
    for (const std::size_t width : {1, 3, 20}) {
        done.clear();
        ASSERT_TRUE(side_by_side(items, width, [&](int item) -> Result<void> {
            const std::lock_guard lock(mutex);
            done.insert(item);
            return {};
        }));
        EXPECT_EQ(done, std::multiset<int>(items.begin(), items.end())) << width;
    }
    const std::vector<int> nothing;
    EXPECT_TRUE(side_by_side(nothing, 3, [](int) { return Result<void>(); }));
}

TEST(SideBySide, AsManyAsTheWidthAreUnderWayAtOnce)
{
    const std::vector<int> items{1, 2, 3};
    std::barrier together(3);  // passes only when all three have begun
    EXPECT_TRUE(side_by_side(items, 3, [&](int) -> Result<void> {
        together.arrive_and_wait();
        return {};
    }));
}

TEST(SideBySide, AnErrorKeepsLaterItemsFromBeginning)
{
    const std::vector<int> items{1, 2, 3, 4};
    std::vector<int> begun;
    const auto done = side_by_side(items, 1, [&](int item) -> Result<void> {
        begun.push_back(item);
        if (item == 2) return fail(ErrorCode::Corrupt, "item {}", item);
        return {};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "item 2");
    EXPECT_EQ(begun, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace pathloom
