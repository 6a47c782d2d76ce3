// SPDX-License-Identifier: GPL-3.0-or-later
// Run records as JSON, whole, so that a study can keep the runs of a project that is gone. Pure.
#pragma once

#include "engine/cli/run_record.h"

namespace pathloom {

/// {"perplexity", "nll", "tokens", "domains", "histogram"}, as parse_eval reads it but for the domains, which are plain numbers.
nlohmann::json eval_json(const EvalRecord& eval);
/// Everything but the points of the training curve between about a hundred of them.
nlohmann::json record_json(const RunRecord& record);
/// What record_json() wrote. Corrupt when it is something else.
Result<RunRecord> parse_record(const nlohmann::json& json);
Result<EvalRecord> parse_kept_eval(const nlohmann::json& json);

}  // namespace pathloom
