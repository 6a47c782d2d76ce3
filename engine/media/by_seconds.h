// SPDX-License-Identifier: GPL-3.0-or-later
// A film is read forwards: requests are answered by their time, whatever order they came in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace pathloom {

/// Indices of `requests` by their `seconds`; equal ones stay in order.
template <class Request>
std::vector<std::size_t> by_seconds(const std::vector<Request>& requests)
{
    std::vector<std::size_t> order(requests.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return requests[i].seconds; });
    return order;
}

}  // namespace pathloom
