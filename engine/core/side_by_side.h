// SPDX-License-Identifier: GPL-3.0-or-later
// A few items at the same time, for work that waits more than it computes.
#pragma once

#include "engine/core/result.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace pathloom {

/// Calls work(item) for each item, in order but up to `width` of them at once; the calling thread does its share. After an error
/// no further item is begun, and the first error is returned when those under way have ended. `work` must not throw.
template <class Items, class Work>
Result<void> side_by_side(Items& items, std::size_t width, Work&& work)
{
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    std::mutex mutex;
    std::optional<Error> first;
    const auto share = [&] {
        while (!failed) {
            const std::size_t mine = next++;
            if (mine >= std::size(items)) return;
            Result<void> done = work(items[mine]);
            if (done) continue;
            const std::lock_guard lock(mutex);
            if (!first) first = std::move(done.error());
            failed = true;
        }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(width, std::size(items)); ++i) others.emplace_back(share);
    share();
    for (auto& other : others) other.join();
    if (first) return fail(std::move(*first));
    return {};
}

}  // namespace pathloom
