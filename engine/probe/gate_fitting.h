// SPDX-License-Identifier: GPL-3.0-or-later
// Fitting a reader's evidence gate: facts in the words of the training mixture are hidden in long texts or left out, the reader
// looks for them, and what it measured becomes an example. Nothing of the probes' own words is used.
#pragma once

#include "engine/probe/mixture.h"
#include "engine/probe/reader_package.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace pathloom {

struct GateFitting {
    int cases = 0;  ///< questions asked; 0: the reader gets no gate
    int longest = 300000;  ///< tokens of the longest memory; lengths are drawn log-uniformly from 1000 on
    double penalty = 1e-4;
    double lost = 0.02;  ///< share of the right answers the gate may refuse, in the cases it is fitted on
};

struct FittedGate {
    EvidenceGate gate;
    std::string recipe;  ///< JSON: what it was fitted on, and how it did on the quarter of the cases that was held out
};

/// `text` fills the memories; `folder` holds one for the time being. Cancelled when progress said stop.
Result<FittedGate> fit_gate(ReaderPackage& reader, const Mixture& mixture, std::string_view text, const GateFitting& fitting,
    std::uint64_t seed, const std::filesystem::path& folder, const std::function<bool(int done, int all)>& progress);

}  // namespace pathloom
