// SPDX-License-Identifier: GPL-3.0-or-later
// A trained frame encoder as a folder: model.safetensors and, beside it, recipe.json and training.jsonl.
#pragma once

#include "engine/core/result.h"
#include "engine/media/picture.h"
#include "engine/vision/vision_net.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pathloom {

struct VisionModel {
    VisionNet net;
    Logistic gate = {};  ///< above 0: a picture answers
    std::string reader;  ///< sha256 of the text reader whose queries its keys answer to
    std::string hash;  ///< sha256 of model.safetensors: memories belong to it
};

/// NotFound, or Corrupt when the file is no frame encoder.
Result<VisionModel> load_vision(const std::filesystem::path& folder);
/// "shipped" or a folder.
Result<std::filesystem::path> vision_folder(const std::string& model);

/// A picture's memory rows [tokens, row_dim]: unit keys and values from left to right. A picture of another size is resized.
std::vector<float> frame_rows(VisionNet& net, const Picture& grey);

}  // namespace pathloom
