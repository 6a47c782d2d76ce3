// SPDX-License-Identifier: GPL-3.0-or-later
// pathloom-read as a child: foreign files are opened there and nowhere else.
#pragma once

#include "engine/corpus/read_options.h"

#include "engine/core/result.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

struct ReadLimits {
    int memory_mb = 2048;
    int seconds = 120;  ///< of computing, for films between two signs of progress; after twice as long without a word the wall
                        ///< clock ends it
    ReadOptions options = {};
    std::function<void(double done, double total)> progress = {};  ///< of films, in seconds of them; may be empty
    std::function<bool()> stopped = {};  ///< asked a few times a second; true ends the reading
    std::filesystem::path program = {};  ///< pathloom-read; empty: the one beside this program
};

/// `take` sees each line of its answer about `file`, without signs of progress and the end; its error ends the call. Errors name
/// the file: what pathloom-read says, Failed when it needed too much memory or time, or broke; Cancelled.
Result<void> run_reader(const std::filesystem::path& file, const std::vector<std::string>& arguments, const ReadLimits& limits,
    const std::function<Result<void>(std::string_view line)>& take);

}  // namespace pathloom
