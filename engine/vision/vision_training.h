// SPDX-License-Identifier: GPL-3.0-or-later
// Training a frame encoder and its reader from a recipe: seeded, resumable, one thread. The same recipe and pictures give the
// same bytes on one instruction set and with the same fonts.
#pragma once

#include "engine/core/result.h"
#include "engine/corpus/reader_process.h"
#include "engine/vision/overlay_mixture.h"
#include "engine/vision/scene_pairs.h"
#include "engine/vision/vision_loss.h"
#include "engine/vision/vision_spec.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pathloom {

struct VisionOptimizer {
    int steps = 3000;
    int warmup = 50;
    double lr = 2e-3, lr_min_ratio = 0.02;
    double weight_decay = 0.02, clip = 1.0;
    double beta1 = 0.9, beta2 = 0.98, eps = 1e-8;
    int place_steps = 1000;  ///< for so long letters are also told their places
    int checkpoint_every = 50, report_every = 25, validate_every = 200;
    int validation = 200;  ///< pictures a validation
    int gate_pictures = 1000;  ///< pictures that answer, and as many that do not, the gate is set on
};

/// As JSON in resources/vision.
struct VisionRecipe {
    std::string name;
    std::uint64_t seed = 1;
    std::string start;  ///< folder of an encoder of the same sizes to go on from, relative to the recipe's; empty: first weights
    std::string reader = "shipped";  ///< whose queries keys answer to: "shipped" or a folder
    std::string corpus;  ///< whose words lines and questions are made of, relative to the recipe's
    std::vector<std::string> films;  ///< of the folder of pictures; every second of each is a picture
    int rows = 540;  ///< height words are drawn at
    int valid_every = 12;  ///< each so-manieth picture is kept for validation
    VisionSpec model;
    OverlaySpec overlays;
    SceneSpec scenes;
    VisionOptimizer training;
};
/// Usage naming the field that is unknown, of the wrong type or out of range.
Result<VisionRecipe> parse_vision_recipe(const std::string& json);

struct VisionValidation {
    VisionLoss loss;
    int answered = 0, read = 0;  ///< pictures that answer their prompt, and those whose answer was read
    int others = 0, refused = 0;  ///< pictures that do not, and those whose evidence is below 0
    int copies = 0, matched = 0;  ///< at the end: copies of kept-back pictures, and those that look most like theirs among all
};

struct VisionProgress {
    int step = 0, steps = 0;
    VisionLoss train;
    std::optional<double> scenes;  ///< of finding copies and neighbours, where this step did
    bool has_validation = false;
    VisionValidation validation;
};

struct VisionTrainingRequest {
    std::filesystem::path recipe_file, pictures, out;
    int stop_after = 0;  ///< steps of this call; 0 = to the end
    /// What is drawn over pictures and asked of them, and a prompt as the unit query [key_dim] of the text reader whose weights
    /// have the hash `reader`. `texts` names what both depend on beside it.
    LineWriter writer;
    std::function<Result<std::vector<float>>(const std::string& prompt)> query;
    std::string reader, texts;
    ReadLimits limits;
};

struct VisionTrainingResult {
    bool finished = false;
    int step = 0;
    std::string model_hash;  ///< sha256 of model.safetensors when finished
    VisionValidation validation;  ///< the last, when finished
};

/// Writes, every checkpoint_every steps, training.jsonl, state.safetensors and model.safetensors into `out`; at the end sets the
/// gate and writes recipe.json. A folder with a state of the same recipe and pictures is continued, another one refused
/// (Exists). `progress` false: a checkpoint is written and Cancelled returned. Usage, NotFound when a film is missing.
Result<VisionTrainingResult> train_vision(
    const VisionTrainingRequest& request, const std::function<bool(const VisionProgress&)>& progress);

}  // namespace pathloom
