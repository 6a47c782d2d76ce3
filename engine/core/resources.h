// SPDX-License-Identifier: GPL-3.0-or-later
// Where a program finds its data files and its sister programs, installed or from the build tree.
#pragma once

#include "engine/core/result.h"

#include <filesystem>
#include <string>

namespace pathloom {

/// Folder of the running executable.
std::filesystem::path exe_dir();

/// A file or folder under resources/ ("presets", "sample"): $PATHLOOM_RESOURCES when set, else <exe dir>/../share/pathloom,
/// else the source tree the program was built from. The first that exists; NotFound lists where it looked.
Result<std::filesystem::path> resource_path(const std::string& name);

/// A sister program beside the running one ("pathloom-worker"); NotFound when it is not there.
Result<std::filesystem::path> sibling_program(const std::string& name);

/// Where what can be made again is kept: $XDG_CACHE_HOME/pathloom, else ~/.cache/pathloom.
std::filesystem::path cache_folder();

}  // namespace pathloom
