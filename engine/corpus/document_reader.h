// SPDX-License-Identifier: GPL-3.0-or-later
// Documents of any format: plain text is read here, everything else by pathloom-read, a process with limits, so that a hostile
// file becomes one line of error.
#pragma once

#include "engine/corpus/reader_process.h"
#include "engine/corpus/segment.h"

#include <filesystem>
#include <vector>

namespace pathloom {

/// The text of one file and where each stretch stands in it. Not empty, UTF-8. Files that end in .txt, or in nothing at all,
/// need no importer. Errors name the file: NotFound, Usage (empty, encrypted, binary, wrong encoding, unknown kind), Corrupt
/// (damaged), Failed (it needed too much memory or time, or broke the reader), Cancelled.
Result<DocumentText> read_document(const std::filesystem::path& file, const ReadLimits& limits = {});

/// The files behind `paths` in order, each once: files as they are, folders by name with their sub-folders, hidden files left
/// out. NotFound when a path does not exist, Usage when a folder holds nothing.
Result<std::vector<std::filesystem::path>> document_files(const std::vector<std::filesystem::path>& paths);

}  // namespace pathloom
