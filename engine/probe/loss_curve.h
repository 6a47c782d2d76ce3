// SPDX-License-Identifier: GPL-3.0-or-later
// A curve of loss against position as it is shown and kept: its points, its power law, and what it was measured on.
#pragma once

#include "engine/probe/position_loss.h"
#include "engine/probe/result_store.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct LossCurve {
    std::vector<LossPoint> points;
    PowerLaw law;  ///< of the cumulative mean over the position
    std::size_t document_tokens = 0;  ///< positions from here on repeat the document
    bool kept = false;  ///< it came from the results, nothing was measured
};

/// Measured, or taken from `store` (may be null) when the same was measured before; then `progress` is not called.
Result<LossCurve> loss_curve(ReaderPackage& reader, const Haystack& haystack, const PositionLossRequest& request,
    const std::string& document_hash, ResultStore* store, const LossProgress& progress);

/// A list of {"position","tokens","nll","nll_window","cumulative","repeated"}.
nlohmann::json points_json(const std::vector<LossPoint>& points, std::size_t document_tokens);
/// {"alpha","beta","gamma","r2"}
nlohmann::json law_json(const PowerLaw& law);

}  // namespace pathloom
