// SPDX-License-Identifier: GPL-3.0-or-later
// Look-up of data files and sister programs.
#include "engine/core/resources.h"

#include <cstdlib>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace pathloom {

std::filesystem::path exe_dir()
{
    std::error_code error;
    const std::filesystem::path exe = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::current_path() : exe.parent_path();
}

Result<std::filesystem::path> resource_path(const std::string& name)
{
    std::vector<std::filesystem::path> roots;
    if (const char* chosen = std::getenv("PATHLOOM_RESOURCES"); chosen && *chosen) {
        roots.emplace_back(chosen);
    } else {
        roots.push_back(exe_dir().parent_path() / "share" / "pathloom");
        roots.emplace_back(PATHLOOM_SOURCE_RESOURCES);
    }
    std::string looked;
    for (const std::filesystem::path& root : roots) {
        std::error_code error;
        if (std::filesystem::exists(root / name, error)) return root / name;
        looked += (looked.empty() ? "" : ", ") + (root / name).string();
    }
    return fail(ErrorCode::NotFound, "resource '{}' not found (looked in {}); set PATHLOOM_RESOURCES or reinstall", name, looked);
}

Result<std::filesystem::path> sibling_program(const std::string& name)
{
    std::filesystem::path program = exe_dir() / name;
    if (::access(program.c_str(), X_OK) != 0)
        return fail(ErrorCode::NotFound, "program '{}' not found in {}; reinstall or build it", name, exe_dir().string());
    return program;
}

std::filesystem::path cache_folder()
{
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return std::filesystem::path(cache) / "pathloom";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home && *home ? home : "/tmp") / ".cache/pathloom";
}

}  // namespace pathloom
