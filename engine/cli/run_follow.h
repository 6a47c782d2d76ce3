// SPDX-License-Identifier: GPL-3.0-or-later
// Following a run through the event log until it comes to rest.
#pragma once

#include "engine/cli/session.h"

#include <cstdint>
#include <functional>

namespace pathloom {

struct FollowHandlers {
    std::function<void(const v1::Event&)> on_event;  ///< every event of the run, in order, once
    std::function<void(const v1::Run&)> on_progress;  ///< the run's summary whenever it has changed
};

[[nodiscard]] bool at_rest(const v1::Run& run);  ///< done, stopped or failed
/// Reads events of run `id` from `from_seq` on until the run is at rest and all its events are read. A lost connection is
/// taken up again where it broke. Returns the final summary; Cancelled after Ctrl-C (the run goes on).
Result<v1::Run> follow_run(Session& session, std::int64_t id, std::int64_t from_seq, const FollowHandlers& handlers);

}  // namespace pathloom
