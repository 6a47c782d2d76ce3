// SPDX-License-Identifier: GPL-3.0-or-later
// Where a run's router would send a text that somebody types.
#pragma once

#include "engine/server/run_controller.h"

namespace pathloom {

/// Tokenises the text, encodes its prefix with the warm-start model (both in pathloom-probe) and scores it. Usage for a text
/// without a token.
Result<v1::RouteTextResponse> route_text(const RunPlan& plan, const RouteTextJob& job, const std::string& text, BlobStore& blobs);

}  // namespace pathloom
