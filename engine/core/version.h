// SPDX-License-Identifier: GPL-3.0-or-later
// Version numbers that programs compare with each other.
#pragma once

#include <string_view>

namespace pathloom {

inline constexpr std::string_view program_version = PATHLOOM_VERSION;
/// Engine and worker must agree; raised when an old worker would misread a task.
inline constexpr int protocol_version = 3;
/// Newest project schema this program writes = number of the last migration.
inline constexpr int schema_version = 2;

}  // namespace pathloom
