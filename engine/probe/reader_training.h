// SPDX-License-Identifier: GPL-3.0-or-later
// Training a reader from a spec: seeded, resumable, one thread. The same spec and texts give the same bytes on one instruction
// set.
#pragma once

#include "engine/core/result.h"
#include "engine/model/memory_model.h"
#include "engine/probe/gate_fitting.h"
#include "engine/probe/mixture.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct ReaderOptimizer {
    int steps = 2000;
    int warmup = 50;
    double lr = 3e-3;
    double lr_min_ratio = 0.05;
    double weight_decay = 0.1;
    double clip = 1.0;
    double beta1 = 0.9, beta2 = 0.95, eps = 1e-8;
    double retrieval_weight = 1.0;  ///< of the retrieval loss beside the next-token loss
    double lead_weight = 4.0;  ///< of an answer's first token in the retrieval loss
    int bank = 0;  ///< keys of earlier batches that serve as further negatives
    std::string only;  ///< "encoder": the window blocks learn, everything a memory's readers share stays; "": all
    std::string precision = "fp32";
    int checkpoint_every = 100;
    int report_every = 25;
};

/// One trained reader, as JSON in resources/presets (see reader_recipe.h for the fields).
struct ReaderRecipe {
    std::string name;
    std::uint64_t seed = 1;
    std::string corpus;  ///< .jsonl or .jsonl.zst, relative to the recipe's folder
    std::vector<std::string> domains;  ///< of the corpus that are used; empty: all
    std::string start;  ///< folder of a reader to go on from, relative to the recipe's folder; empty: first weights
    ReaderSpec model;
    MixtureSpec mixture;
    ReaderOptimizer training;
    GateFitting gate;  ///< after the training
};
/// Usage naming the field that is unknown, of the wrong type or out of range.
Result<ReaderRecipe> parse_reader_recipe(const std::string& json);

struct ReaderProgress {
    int step = 0, steps = 0;
    ReaderLoss train, valid;
    bool has_valid = false;
    std::int64_t tokens = 0;  ///< context and question tokens seen so far
};

struct ReaderTrainingRequest {
    std::filesystem::path recipe_file;
    std::filesystem::path out;
    int stop_after = 0;  ///< steps of this call; 0 = to the end
};

struct ReaderTrainingResult {
    bool finished = false;
    int step = 0;
    std::string model_hash;  ///< sha256 of model.safetensors when finished
    std::int64_t tokens = 0;
};

/// Writes tokenizer.model and, every checkpoint_every steps, training.jsonl, state.safetensors and model.safetensors (fp16) into
/// `out`; at the end recipe.json and, when the recipe wants one, gate.json. A folder with a state of the same recipe is
/// continued, one of another recipe is refused (Exists). `progress` false: a checkpoint is written and Cancelled returned.
Result<ReaderTrainingResult> train_reader(
    const ReaderTrainingRequest& request, const std::function<bool(const ReaderProgress&)>& progress);

/// Fits the gate of the finished reader in `request.out` (again) and writes its gate.json; Usage when the recipe wants none.
Result<void> fit_reader_gate(const ReaderTrainingRequest& request, const std::function<bool(int done, int all)>& progress);

}  // namespace pathloom
