// SPDX-License-Identifier: GPL-3.0-or-later
// What foretells the tokens of a document, for a memory that holds more and more of what stands before them.
#pragma once

#include "engine/probe/copy_mixture.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/memory_scan.h"
#include "engine/probe/reader_package.h"

#include <span>
#include <vector>

namespace pathloom {

/// 128, 181, 256, 362 ... (half octaves) and `longest`; of tokens before a place.
std::vector<std::size_t> context_lengths(std::size_t longest);

/// Token `place` of the document, once for each of `contexts` (ascending, below `place`): the memory holds the rows of that many
/// tokens before it whose value is known by then. With `own`, TextStep::own too. `threads` and `target` of `scan` count.
std::vector<TextStep> text_steps(ReaderPackage& reader, const MemoryFile& memory, std::size_t place,
    std::span<const std::size_t> contexts, bool own, const ScanOptions& scan);

}  // namespace pathloom
