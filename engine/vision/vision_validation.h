// SPDX-License-Identifier: GPL-3.0-or-later
// How good a frame encoder is while it is trained, on pictures that are kept back.
#pragma once

#include "engine/model/logistic.h"
#include "engine/vision/vision_training.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// Prompts as queries, each made once.
class PromptQueries {
public:
    PromptQueries(const VisionTrainingRequest& request, int key_dim)
        : m_request(request)
        , m_key_dim(std::size_t(key_dim))
    {
    }
    /// [B, key_dim] of a batch's prompts. Usage when the reader's keys are of another size.
    Result<std::vector<float>> of(const VisionBatch& batch);

private:
    const VisionTrainingRequest& m_request;
    std::size_t m_key_dim;
    std::map<std::string, std::vector<float>> m_known;
};

/// Pictures, read one by one.
struct VisionReadings {
    VisionValidation counts;
    std::vector<GateExample> measured;  ///< right: it answers
};
/// So many whole pictures, drawn as the probe draws them, from batch `first` on.
Result<VisionReadings> read_usual(
    VisionNet& net, const OverlayMixture& mixture, PromptQueries& asked, int pictures, std::uint64_t first);

/// The gate, and how many pictures it decides rightly: that answer, and that do not.
nlohmann::json decided(const Logistic& gate, std::span<const GateExample> examples);

/// Each kept-back picture's copy against all pictures: whether none looks more like it than its own does.
void match_copies(VisionNet& net, const ScenePairs& train, std::size_t trained, const ScenePairs& valid, std::size_t kept_back,
    VisionValidation& counts);

}  // namespace pathloom
