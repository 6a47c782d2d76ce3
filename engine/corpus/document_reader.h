// SPDX-License-Identifier: GPL-3.0-or-later
// Documents of any format: plain text is read here, everything else by pathloom-read, a process with limits, so that a hostile
// file becomes one line of error.
#pragma once

#include "engine/corpus/segment.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pathloom {

struct ReadLimits {
    int memory_mb = 2048;
    int seconds = 120;  ///< of computing; the wall clock ends it after twice as long
    std::function<bool()> stopped;  ///< asked a few times a second; true ends the reading
    std::filesystem::path program;  ///< pathloom-read; empty: the one beside this program
};

/// The text of one file and where each stretch stands in it. Not empty, UTF-8. Files that end in .txt, or in nothing at all,
/// need no importer. Errors name the file: NotFound, Usage (empty, encrypted, binary, wrong encoding, unknown kind), Corrupt
/// (damaged), Failed (it needed too much memory or time, or broke the reader), Cancelled.
Result<DocumentText> read_document(const std::filesystem::path& file, const ReadLimits& limits = {});

/// The files behind `paths` in order, each once: files as they are, folders by name with their sub-folders, hidden files left
/// out. NotFound when a path does not exist, Usage when a folder holds nothing.
Result<std::vector<std::filesystem::path>> document_files(const std::vector<std::filesystem::path>& paths);

}  // namespace pathloom
