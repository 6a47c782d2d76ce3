// SPDX-License-Identifier: GPL-3.0-or-later
// Routers that do not look at the text: what the others are measured against.
#pragma once

#include "engine/routing/router.h"

namespace pathloom {

/// Cell 0 for everything.
std::unique_ptr<Router> make_no_router();
/// A hash of (seed, sequence id): sizes differ as coin tosses do.
std::unique_ptr<Router> make_random_router(int cells, std::uint64_t seed);
/// Consecutive ids go round the cells: sizes of a run of ids differ by one at most.
std::unique_ptr<Router> make_round_robin_router(int cells, std::uint64_t seed);

}  // namespace pathloom
