// SPDX-License-Identifier: GPL-3.0-or-later
// The ready-made runs of resources/presets.
#pragma once

#include "engine/core/result.h"

#include <string>
#include <vector>

namespace pathloom {

struct PresetFile {
    std::string name;  ///< "sample-2x2", the file's stem
    std::string title;
    std::string description;
    std::string spec_json;  ///< the "spec" of the file, for parse_run_spec
    int order = 0;  ///< place in lists
};

/// All presets, in the order lists show them. Corrupt when a file is not a preset.
Result<std::vector<PresetFile>> load_presets();
/// One preset, or NotFound naming the nearest.
Result<PresetFile> load_preset(const std::string& name);

}  // namespace pathloom
