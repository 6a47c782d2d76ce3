// SPDX-License-Identifier: GPL-3.0-or-later
// A translator that reads: the whole context becomes one long memory, and every word and phrase of a sentence is looked up in it.
#pragma once

#include "engine/probe/reader_package.h"
#include "engine/probe/translate/translator.h"

#include <memory>

namespace pathloom {

/// Encodes the context of `material` into a memory: dictionary lines, sentence pairs and the phrases that word alignment finds in
/// them (each as "source = target"), and the book's text. A sentence is translated span by span: the reader is asked for the line
/// that begins with the span and the lines it reads are copied; how sure the alignment is of a line and a trigram model of the
/// examples' target sides choose among them and their order. A line whose beginning is only alike stands in for a word that has
/// none. `reader` is shared with whoever else asks it, never at the same time. Cancelled when `progress` (rows encoded, of all)
/// says stop.
Result<std::unique_ptr<Translator>> make_reader_translator(
    std::shared_ptr<ReaderPackage> reader, TranslationMaterial material, const MemoryProgress& progress);

}  // namespace pathloom
