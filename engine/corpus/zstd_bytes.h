// SPDX-License-Identifier: GPL-3.0-or-later
// Zstandard in memory, with a limit on what a small file may grow to.
#pragma once

#include "engine/core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace pathloom {

std::string zstd_compress(std::string_view bytes, int level = 9);

/// All frames of `bytes`. Corrupt when they are no Zstandard data, end too early, or unpack to more than `limit` bytes.
Result<std::string> zstd_decompress(std::string_view bytes, std::uint64_t limit);

}  // namespace pathloom
